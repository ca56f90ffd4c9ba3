import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { packageRoot } from "../../src/config/package-root.js";
import { nothingCollected } from "../../src/inspect/collector.js";
import type { Frame, Text } from "../../src/inspect/collector.js";
import { loadRules } from "../../src/inspect/rule-file.js";
import { compileTextRules, runEachRule } from "../../src/inspect/text-rules.js";
import type { Fault } from "../../src/model/fault.js";

const root = join(packageRoot(), "rules");
const faults: Fault[] = [];
const rules = loadRules(
  ["pii", "secret", "blob", "annotation"].flatMap((category) =>
    readdirSync(join(root, category)).map((name) => ({
      path: join(root, category, name),
      text: readFileSync(join(root, category, name), "utf8"),
    })),
  ),
  faults,
);
const screened = compileTextRules(rules);
const FRAME: Frame = { view: "body", base: "", bytes: undefined, anchor: undefined };
const IN_TIME = { passed: () => false };

function textOf(text: string, key: string, kind: Text["kind"] = "value", typed = false, number = false): Text {
  return { text, frame: FRAME, place: { parent: undefined, step: key }, range: undefined, kind, typed, number };
}

/** `rule text match` of each finding, sorted. */
function found(run: (into: ReturnType<typeof nothingCollected>) => void): readonly string[] {
  const into = nothingCollected();
  run(into);
  return into.drafts.map(({ rule, place, value }) => `${rule} ${String(place?.step)} ${String(value)}`).sort();
}

function assertSame(texts: readonly Text[]): void {
  assert.deepEqual(
    found((into) => screened.run(texts, into, IN_TIME)),
    found((into) => runEachRule(rules, texts, into)),
    JSON.stringify(texts.map(({ text, place }) => [place?.step, text])),
  );
}

/** Every string that stands in a rule's examples: dirty and clean. */
function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return typeof value === "number" ? [String(value)] : [];
  return Object.entries(value).flatMap(([key, part]) => [key, ...strings(part)]);
}
const EXAMPLES = [...new Set(rules.flatMap(({ examples }) => strings([...examples.match, ...examples.pass])))];
const WORDS = [
  ...new Set(rules.flatMap(({ context }) => context)),
  "passport_no",
  "phoneNumber",
  "SSN",
  "iban",
  "Kontonummer",
  "steuer-id",
];

const SPACES = fc.constantFrom(" ", "  ", "\n", ", ", ": ", "=", "_", "-", "", "\u00a0");
const PART = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...EXAMPLES) },
  fc.constantFrom(...WORDS),
  fc.stringMatching(/^[0-9 .+()-]{1,24}$/),
  fc.stringMatching(/^[A-Za-z0-9+/=_-]{1,60}$/),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const CHANGED = fc.tuple(PART, fc.nat(5), fc.nat(1000)).map(([part, how, at]) => {
  switch (how) {
    case 0:
      return part.toUpperCase();
    case 1:
      return part.toLowerCase();
    case 2:
      // A part of it, so that heads stand without their rest.
      return part.slice(at % (part.length + 1));
    case 3:
      return part.replace(/[ks]/g, (letter) => (letter === "k" ? "\u212a" : "\u017f"));
    case 4:
      return part.normalize("NFD");
    default:
      return part;
  }
});
const TEXT = fc.array(fc.tuple(CHANGED, SPACES), { minLength: 1, maxLength: 6 }).map((parts) => parts.flat().join(""));

describe("the screen of the text rules", () => {
  it("read every rule", () => assert.deepEqual(faults, []));

  it("leaves out no pattern that finds something in an example, whole or under a name", () => {
    for (const example of EXAMPLES) assertSame([textOf(example, "text"), textOf(example, "phoneNumber"), textOf(example, "x", "key")]);
  });

  it("finds what each rule on each text finds, on texts of pieces, in any case, cut and decomposed", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            text: TEXT,
            key: fc.oneof(fc.constantFrom(...WORDS), TEXT),
            kind: fc.constantFrom<Text["kind"]>("value", "key", "header"),
            typed: fc.boolean(),
          }),
          {
            minLength: 1,
            maxLength: 3,
          },
        ),
        (texts) => assertSame(texts.map(({ text, key, kind, typed }) => textOf(text, key, kind, typed))),
      ),
      { numRuns: Number(process.env["RULE_SCREEN_RUNS"] ?? 400) },
    );
  });
});
