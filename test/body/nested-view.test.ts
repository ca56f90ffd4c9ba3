import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { findNestedViews } from "../../src/body/nested-view.js";
import type { NestedViews, ViewBudget } from "../../src/model/nested-view.js";

const MARKER = "jane.marker@example.com";

function budget(changes: Partial<ViewBudget> = {}): ViewBudget {
  return { bytes: 4 * 1024 * 1024, views: 10_000, depth: 6, ...changes };
}

function holdsMarker(found: NestedViews): boolean {
  return found.views.some(({ content }) => {
    switch (content.kind) {
      case "text":
        return content.text.includes(MARKER);
      case "json":
        return Buffer.from(content.bytes).includes(MARKER);
      case "form":
        return content.fields.some((field) => field.value.includes(MARKER));
      case "bytes":
        return false;
    }
  });
}

const ENCODERS: Readonly<Record<string, (text: string) => string>> = {
  base64: (text) => Buffer.from(text).toString("base64"),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64 in lines": (text) => Buffer.from(text).toString("base64").replace(/.{16}/g, "$&\r\n"),
  hex: (text) => Buffer.from(text).toString("hex"),
  "hex with colons": (text) => (Buffer.from(text).toString("hex").match(/../g) ?? []).join(":"),
  percent: (text) => Buffer.from(text).toString("hex").replace(/../g, "%$&"),
  "percent where needed": (text) => encodeURIComponent(text),
  html: (text) => [...text].map((character) => `&#${character.codePointAt(0)};`).join(""),
  unicode: (text) => [...text].map((character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`).join(""),
  json: (text) => JSON.stringify({ note: [text] }),
  gzip: (text) => gzipSync(text).toString("base64"),
  zlib: (text) => deflateSync(text).toString("base64url"),
  deflate: (text) => deflateRawSync(text).toString("base64"),
  "utf-16": (text) => Buffer.from(text, "utf16le").toString("base64"),
};

for (const [name, encode] of Object.entries(ENCODERS)) {
  test(`a marker under ${name} is found, alone and in a sentence`, () => {
    assert.ok(holdsMarker(findNestedViews(encode(MARKER), budget())), "alone");
    assert.ok(holdsMarker(findNestedViews(`Import failed: ${encode(MARKER)}`, budget())), "in a sentence");
  });
}

test("a marker under any two or three encodings is found", () => {
  const chains = fc.array(fc.constantFrom(...Object.keys(ENCODERS)), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(chains, (names) => {
      const text = names.reduce((inner, name) => ENCODERS[name]?.(inner) ?? inner, MARKER);
      const found = findNestedViews(text, budget({ depth: 8 }));
      assert.ok(found.exhausted || holdsMarker(found), names.join(" > "));
    }),
    { numRuns: 400 },
  );
});

test("look-alike, fullwidth, invisible and accented characters are folded in a normalised view", () => {
  const [view] = findNestedViews("jаne．mаrker＠exam\u200bple․cóm", budget()).views;
  assert.equal(view?.via, "normalised");
  assert.ok(view?.content.kind === "text" && view.content.text === "jane.marker@example.com");
});

test("a Python dict in an error log is read as a tree", () => {
  const [view] = findNestedViews("failed with {'id': 1, 'points': (1, 2,), 'done': None, 'name': 'it\\'s'}", budget()).views;
  assert.equal(view?.via, "python-literal");
  assert.ok(view?.content.kind === "json" && view.content.root.kind === "object");
});

test("a picture under base64 is bytes with its format's name", () => {
  const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(64, 7)]).toString("base64");
  const [view] = findNestedViews(`data:image/png;base64,${png}`, budget()).views;
  assert.ok(view?.content.kind === "bytes" && view.content.magic === "png");
});

for (const text of [
  "user_visit",
  "550e8400-e29b-41d4-a716-446655440000",
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "2026-11-24T10:11:12.123Z",
  "static/js/components/annotation/instance_list_new.vue:123",
  "The quick brown fox jumps over the lazy dog and continues its journey through internationalization departments",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  "logo@2x.png",
  "1764002034123",
]) {
  test(`an ordinary string has no other view: ${text.slice(0, 40)}`, () => {
    assert.deepEqual(findNestedViews(text, budget()), { views: [], exhausted: false });
  });
}

test("what would pass the budget in bytes, views or depth says so", () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000, 0x41)).toString("base64");
  assert.equal(findNestedViews(bomb, budget()).exhausted, true);
  const many = Array.from({ length: 30 }, (_, index) => Buffer.from(`note number ${index}`).toString("base64")).join(" :: ");
  assert.equal(findNestedViews(many, budget({ views: 10 })).exhausted, true);
  assert.equal(findNestedViews(many, budget()).exhausted, false);
  const deep = Array.from({ length: 7 }).reduce<string>((inner) => Buffer.from(inner).toString("base64"), MARKER);
  assert.equal(findNestedViews(deep, budget()).exhausted, true);
});

test("base64 in groups of any lengths is found, whatever stands between them and around", () => {
  const prose = fc.array(fc.constantFrom("the", "worker", "of", "queue", "is", "at", "a", "in", "job", "id", "No", "Step:"), {
    maxLength: 3,
  });
  const signs = fc.constantFrom(" ", "\n", "\t", "\r\n", "  ", ",", "; ", '","', "', '", '" + "');
  const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(prose, signs, lengths, fc.boolean(), prose, (before, sign, sizes, padded, behind) => {
      const coded = Buffer.from(MARKER).toString("base64");
      const groups: string[] = [];
      let rest = padded ? coded : coded.replace(/=+$/, "");
      for (let index = 0; rest !== ""; index += 1) {
        const size = sizes[index % sizes.length] ?? 1;
        groups.push(rest.slice(0, size));
        rest = rest.slice(size);
      }
      const text = [...before, groups.join(sign), ...behind].join(" ");
      const found = findNestedViews(text, budget()).views.some(
        ({ content }) => content.kind === "text" && new RegExp(`${MARKER}(?![a-z])`).test(content.text),
      );
      assert.ok(found, text);
    }),
    { numRuns: 3_000 },
  );
});

test("texts of base64 that stand beside each other don't grow together, nor with a word behind", () => {
  for (const beside of [
    `${Buffer.from("x".repeat(7) + MARKER).toString("base64")} b3RoZXIgd29yZHM=`,
    `${Buffer.from(`${MARKER}`).toString("base64")} and so on`,
  ]) {
    const texts = findNestedViews(beside, budget()).views.map(({ content }) => (content.kind === "text" ? content.text : ""));
    assert.ok(
      texts.some((text) => text.split("\n").some((line) => line.endsWith(MARKER))),
      beside,
    );
  }
});

test("a long list in a string is read without a call for all of its items", () => {
  const list = JSON.stringify([...Array.from({ length: 150_000 }, () => 1), MARKER]);
  assert.ok(holdsMarker(findNestedViews(list, budget())));
  const longer = JSON.stringify([...Array.from({ length: 250_000 }, () => 1), MARKER]);
  assert.equal(findNestedViews(longer, budget()).exhausted, true);
});

test("the budget is shared: each string spends of what the one before left", () => {
  const shared = budget({ bytes: 40 });
  assert.equal(findNestedViews(Buffer.from(MARKER).toString("base64"), shared).exhausted, false);
  assert.equal(shared.bytes, 40 - MARKER.length);
  assert.equal(findNestedViews(Buffer.from(`another ${MARKER}`).toString("base64"), shared).exhausted, true);
});

test("any text ends in an answer, never in an exception", () => {
  const pieces = fc.constantFrom(
    "%4",
    "&#x",
    "\\u00",
    "=\r\n",
    "{",
    "[",
    '"',
    "'",
    "H4sI",
    "eJw",
    "0x",
    "aGVsbG8",
    "\ud800",
    "\u0000",
    "a",
    "(",
    "=41",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.array(pieces, { maxLength: 60 }).map((all) => all.join("")),
      ),
      (text) => {
        assert.ok(findNestedViews(text, budget()).views.length >= 0);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("what a text holds does not depend on the texts that were read before it", () => {
  const secret = `mail ${MARKER} or call`;
  const grouped = [gzipSync(secret), Buffer.from(secret), Buffer.from(secret, "utf16le"), Buffer.from(`é ${secret}`, "utf16le")].flatMap(
    (bytes) =>
      [1, 2, 3].map((size) => [...bytes.toString("base64").matchAll(new RegExp(`.{1,${size}}`, "gs"))].map(([group]) => group).join(" ")),
  );
  // The first bytes of each are another kind's: none, letters, a format's, NULs.
  const before = [
    "",
    "plain words",
    Buffer.alloc(24, 0xc3).toString("base64"),
    Buffer.alloc(24).toString("base64"),
    gzipSync("x").toString("base64"),
    "ab cd",
  ];
  const read = (text: string): NestedViews => findNestedViews(text, budget());
  for (const text of grouped) {
    const alone = read(text);
    assert.ok(holdsMarker(alone), text.slice(0, 40));
    for (const other of before) {
      read(other);
      assert.deepEqual(read(text), alone, `${text.slice(0, 20)} behind ${other.slice(0, 20)}`);
    }
  }
});
