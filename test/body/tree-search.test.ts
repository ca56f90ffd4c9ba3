import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findNestedViews } from "../../src/body/nested-view.js";
import { findTrees } from "../../src/body/tree-search.js";
import type { JsonNode } from "../../src/model/json.js";

/** What the trees of a text say, as JSON.parse reads them. */
function said(text: string): unknown[] {
  return findTrees(text).trees.map((tree): unknown => JSON.parse(tree.json));
}

for (const [name, text, trees] of [
  ["JSON among brackets", 'note [1] {"a": {"b": [1, "x"]}} and more [x] }', [{ a: { b: [1, "x"] } }]],
  ["two trees", '{"a": 1} then {"b": 2}', [{ a: 1 }, { b: 2 }]],
  ["a Python literal", "got {'a': (1, 2,), 'b': None, u'c': b'x', 'd': True} [4]", [{ a: [1, 2], b: null, c: "x", d: true }]],
  ["escapes of Python", String.raw`{'a': 'it\'s \x40 \u00e9'}`, [{ a: "it's @ é" }]],
  ["strings in three quotes", "{'''a''': '''it's'''}", [{ a: "it's" }]],
  [
    "calls and classes",
    "{'at': datetime.datetime(2026, 1, 2), 'id': UUID('x'), 'who': <User 3>}",
    [{ at: [2026, 1, 2], id: ["x"], who: null }],
  ],
  ["keys without quotes", "{ a: 'x', b-c: [1], d: later }", [{ a: "x", "b-c": [1], d: null }]],
  ["pairs in a call", "User(a=1, b='x')", [{ b: "x" }]],
  ["an arrow behind a key", '{"a" => "x", :b => "y"}', [{ a: "x" }, { b: "y" }]],
  ["comments", '{"a": 1, /* { */ "b": 2, // }\n"c": 3 # ]\n}', [{ a: 1, b: 2, c: 3 }]],
  ["commas too many", '{"a": 1,, "b": [2,],}', [{ a: 1, b: [2] }]],
  ["a pair in a list and an item among pairs", '["x", "a": 1] {"b": 1, "y"}', [["x", { a: 1 }], { b: 1, "": "y" }]],
  ["a set", "{'a', 'b'}", [["a", "b"]]],
  ["a tree that is cut off in a value", '{"a": {"b": 1, "c": "Da', [{ a: { b: 1, c: "Da" } }]],
  ["a tree that is cut off in a key", '{"a": [1, {"b": 1, "c', [{ a: [1, { b: 1 }] }]],
  ["a tree that is cut off behind an empty value", '{"a": "" x', [{ a: "" }]],
  ["a list of numbers that is cut off", "ids [1, 2, 3, 4, ", [[1, 2, 3, 4]]],
  ["a list of texts that is cut off, under a key", '{a: ["x", <', [{ a: ["x"] }]],
  ["a tree without its first bracket", 'x "a": 1, "b": "y"} z', [{ a: 1, b: "y" }]],
  ["brackets that cross", '{"a": [1, 2}, "b": "y"}', [{ b: "y" }]],
  ["a quote that never ends", '["hello {"a": "b"}', [{ a: "b" }]],
  ["a tree within an open bracket", 'open { here {"a": "b"}', [[{ a: "b" }]]],
  ["white space of other scripts", '{\u00a0"a":\ufeff1\u3000}', [{ a: 1 }]],
  ["a slash that begins no comment", '{"b": 12  /y, "c": "x"}', [{ b: null, c: "x" }]],
  ["the end of a comment that did not begin", '{"a": "x", /b */ "c": "y"}', [{ a: "x" }, { c: "y" }]],
  ["semicolons for commas", '{"a": "x";; "b": 1; }', [{ a: "x", b: 1 }]],
  ["equals signs for colons", "{a='x', b='y'}", [{ a: "x", b: "y" }]],
  ["an angle that doesn't close", '{"a": 1, <abc, "b": "x"}', [{ a: 1 }, { b: "x" }]],
  ["more brackets than are read at once", `${"[".repeat(70)}"x"${"]".repeat(70)}`, [[[[[[["x"]]]]]]]],
  ["words of other scripts", "{größe: 'x', b: später}", [{ größe: "x", b: null }]],
  ["numbers that JSON doesn't know", '{"a": 01, "b": +1, "c": 0x1f, "d": "x"}', [{ a: null, b: null, c: null, d: "x" }]],
] as const) {
  test(`trees of a text: ${name}`, () => assert.deepEqual(said(text), trees));
}

for (const text of [
  "[4] {draft} [x]",
  "[2026-11-29 10:11:12,120: INFO/Worker-1] [pid 12] step [3/100]",
  "it's at 10:11:12, 'quoted' and \"quoted\"",
  "def new(first_name: str, last_name=None): return {first_name, last_name}",
  "box [12, 40] of (640, 480)",
  "[[[[[[",
  "{}[]()",
  '[1, note "x"]',
  '[1, note"x"]',
  '[1, b "x"]',
]) {
  test(`a text without trees: ${text}`, () => assert.deepEqual(said(text), []));
}

test("a text that is one tree says so, unless something of it is left out", () => {
  assert.equal(findTrees(" {'a': 1} ").isWhole, true);
  assert.equal(findTrees("{'a': 1} x").isWhole, false);
  assert.equal(findTrees("{'a': 1 /* x */}").isWhole, false);
  assert.equal(findTrees("{'a': later}").isWhole, false);
});

test("a tree says by its name how strict it was", () => {
  const names = ['x {"a": 1}', "x {'a': 1}", 'x {"a": 1,}', 'x {a: "b"}', 'x {"a": 1', 'x [(1, 2), "x"]'].map(
    (text) => findTrees(text).trees[0]?.how,
  );
  assert.deepEqual(names, ["json-string", "python-literal", "loose-literal", "loose-literal", "loose-literal", "python-literal"]);
});

const SIGNS = [
  "{",
  "}",
  "[",
  "]",
  "(",
  ")",
  '"',
  "'",
  "`",
  ":",
  "=",
  ",",
  ";",
  "#",
  "/",
  "<",
  ">",
  "\\",
  " ",
  "\n",
  "a",
  "1",
  "*",
  "é",
  "\ufeff",
];
const PIECES = [...SIGNS, '"a":', '{"', '["', "':", "/*", "*/", "//", "u'", "=>", '\\"', "'''", "{a:", "None", "User("];
const noise = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((all) => all.join(""));

function holdsName(node: JsonNode): boolean {
  if (node.kind === "array") return node.items.some(holdsName);
  if (node.kind !== "object") return false;
  return node.members.some(
    ({ key, value }) => (key.text === "first_name" && value.kind === "string" && value.text === "Dana") || holdsName(value),
  );
}

test("a tree planted anywhere in any noise is found, or the text is refused", () => {
  const planted = fc.constantFrom('{"first_name": "Dana"}', "{'first_name': 'Dana'}", '[{"first_name": "Dana", "n": [1, 2]}]');
  fc.assert(
    fc.property(noise, planted, noise, (before, tree, behind) => {
      const found = findNestedViews(before + tree + behind, { bytes: 4 * 1024 * 1024, views: 10_000, depth: 9 });
      assert.ok(found.exhausted || found.views.some(({ content }) => content.kind === "json" && holdsName(content.root)));
    }),
    { numRuns: 4_000 },
  );
});

test("any text ends in trees that are JSON, whose places follow one another", () => {
  fc.assert(
    fc.property(fc.oneof(noise, fc.string({ unit: "binary", maxLength: 200 }), fc.json()), (text) => {
      for (const { json, start, end } of findTrees(text).trees) {
        assert.doesNotThrow(() => JSON.parse(json));
        assert.ok(start >= 0 && start < end && end <= text.length);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("a tree that is JSON is read as JSON.parse reads it", () => {
  const objects = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ maxDepth: 5 }), { minKeys: 1 });
  fc.assert(
    fc.property(objects, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
      const text = JSON.stringify({ ...value, known: "x" }, undefined, indent);
      assert.deepEqual(said(`see ${text} there`), [JSON.parse(text)]);
    }),
    { numRuns: 1_000 },
  );
});

test("the work grows with the text and no faster, whatever is repeated in it", () => {
  const unit = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 }).map((all) => all.join(""));
  fc.assert(
    fc.property(noise, unit, noise, (before, repeated, behind) => {
      const text = before + repeated.repeat(4_000) + behind;
      const { work, exhausted } = findTrees(text);
      // One attempt may read all of the text after the bound is reached.
      assert.ok(work <= 9 * text.length + 8_192, `${work} characters read of ${text.length}`);
      assert.ok(exhausted || work <= 8 * text.length + 8_192);
    }),
    { numRuns: 150 },
  );
});

test("what takes more work than that is said to be exhausted, and a log never is", () => {
  const hostile = `${"{# ".repeat(160)}\n`.repeat(100);
  assert.equal(findTrees(hostile).exhausted, true);
  assert.equal(findNestedViews(hostile, { bytes: 4 * 1024 * 1024, views: 10_000, depth: 6 }).exhausted, true);
  const lines = [
    '[2026-11-24 09:12:33,120: INFO/MainProcess] Task export.run[c0ffee] received {"id": 12, "kind": "export"}\n',
    `level=info msg="it's done" name='x' {'id': 3, 'at': datetime(2026, 1, 2)} [step 3/4] "key": "value"\n`,
    'User{id=3, name="x"} [a, b] (c) {d} "quoted" it\'s {"open": "cut\n',
    `${"merged [#12] [https://example.org/a] {url: https://example.org} ".repeat(40)}// note\n`,
  ];
  for (const line of lines) {
    const { work, exhausted } = findTrees(line.repeat(500));
    assert.equal(exhausted, false, line);
    assert.ok(work < 4 * 500 * line.length, line);
  }
});
