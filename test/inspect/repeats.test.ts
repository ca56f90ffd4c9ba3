import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Frame, Text } from "../../src/inspect/collector.js";
import type { Place } from "../../src/inspect/place.js";
import { Repeats } from "../../src/inspect/repeats.js";

const STRING: Place = { parent: undefined, step: "description" };
const OTHER: Place = { parent: undefined, step: "kind" };

function frame(place: Place | undefined, base = "", view = "body>form"): Frame {
  return { view, base, bytes: undefined, anchor: { place, range: [0, 9] } };
}

function text(value: string, name: string, more: Partial<Text> = {}): Text {
  return {
    text: value,
    frame: frame(STRING),
    place: { parent: STRING, step: name },
    range: [0, 9],
    kind: "value",
    typed: false,
    number: false,
    ...more,
  };
}

test("a text counts as a repeat only with all that a rule may ask of it the same", () => {
  const first = text("Dana", "name");
  for (const [what, other] of Object.entries({
    "another text": text("dana", "name"),
    "another name": text("Dana", "names"),
    "another kind": text("Dana", "name", { kind: "key" }),
    "a number": text("Dana", "name", { number: true }),
    "a typed one": text("Dana", "name", { typed: true }),
    "a name that a pair gives it": text("Dana", "name", { name: "first_name" }),
    "out of another string": text("Dana", "name", { frame: frame(OTHER) }),
    "out of a query": text("Dana", "name", { frame: frame(STRING, "query") }),
  })) {
    const repeats = new Repeats();
    assert.equal(repeats.has(first), false);
    assert.equal(repeats.has(other), false, what);
    assert.equal(repeats.has(other), true, `${what}, again`);
  }
  const repeats = new Repeats();
  repeats.has(first);
  assert.equal(repeats.has(text("Dana", "name", { frame: frame(STRING, "", "body>quoted-printable>form") })), true, "by another way");
});

test("a text that stands in the exchange itself is never one", () => {
  const repeats = new Repeats();
  const plain = text("Dana", "name", { frame: { view: "body", base: "", bytes: undefined, anchor: undefined } });
  assert.deepEqual([repeats.has(plain), repeats.has(plain)], [false, false]);
});

test("where a name ends and a text begins, no sender can move", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a1:tn\n]{0,6}$/),
      fc.stringMatching(/^[a1:tn\n]{0,6}$/),
      fc.stringMatching(/^[a1:tn\n]{0,6}$/),
      fc.stringMatching(/^[a1:tn\n]{0,6}$/),
      (name, value, otherName, otherValue) => {
        const repeats = new Repeats();
        repeats.has(text(value, name));
        assert.equal(repeats.has(text(otherValue, otherName)), name === otherName && value === otherValue);
      },
    ),
    { numRuns: 5_000 },
  );
});
