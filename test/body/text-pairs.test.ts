import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { elementsIn, pairsIn } from "../../src/body/text-pairs.js";

function said(text: string): string[] {
  return pairsIn(text, 1_000).fields.map(({ name, value }) => `${name}=${value}`);
}

for (const [name, text, pairs] of [
  ["a form", "a=1&b=x%20y+z", ["a=1", "b=x y z"]],
  ["a form in a sentence", "see a=1&b=2 there", ["a=1", "b=2"]],
  ["one pair behind a question mark", "see https://example.org/p?a=1 there", ["a=1"]],
  ["a query behind a question", "is it? see a=1&b=2", ["a=1", "b=2"]],
  ["a fragment", "https://example.org/#a=1", ["a=1"]],
  ["semicolons", "see a=x;b=y there", ["a=x", "b=y"]],
  ["a Cookie field", "Cookie: a=x; b=y", ["a=x", "b=y"]],
  ["white space", "level=info a=x\n  b=y", ["level=info", "a=x", "b=y"]],
  ["keys in brackets", "user[a]=1&user[b]=2", ["user[a]=1", "user[b]=2"]],
  ["a long key", `?${"k".repeat(400)}=1&a=2`, [`${"k".repeat(400)}=1`, "a=2"]],
  ["behind a quoted value", 'a="x y"&b=2', ["b=2"]],
  ["a word of a person alone", "see first_name=Dana there", ["first_name=Dana"]],
  ["without its equals sign", "a&b=2", ["b=2"]],
  ["placeholders and names among others", "a=1 first_name=%s b=user.name c=2", ["a=1", "c=2"]],
  ["a value with equals signs", "?a=YQ==&b=2", ["a=YQ==", "b=2"]],
] as const) {
  test(`pairs of a text: ${name}`, () => assert.deepEqual(said(text), pairs));
}

for (const text of [
  "retries=3",
  "x == y, a => b, c =~ d",
  "User(first_name=first_name, last_name=spec.last_name)",
  "UPDATE userbase SET first_name=%s, last_name=%s WHERE id=%s",
  "e.first_name=t.first_name;e.last_name=t.last_name",
  "first_name=names[0];last_name=get(1)",
  "first_name=None",
  "name=String",
  "a = 1 & b = 2",
  "?c=~d",
  `first_name=dana${" ".repeat(30)}last_name=marker`,
  "x,first_name=Dana y",
  'first_name=Dana"x"',
]) {
  test(`code and single values are no pairs: ${text}`, () => assert.deepEqual(said(text), []));
}

test("more pairs than may be read are said to be there", () => {
  assert.equal(pairsIn("a=1&".repeat(1_000), 1_000).exhausted, false);
  assert.equal(pairsIn("a=1&".repeat(1_002), 1_000).exhausted, true);
});

test("pairs planted in any words are found, with the place where they stand", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9.,:!?=&;#%+"'<>(){}-]{0,12}$/);
  const words = fc.array(word, { maxLength: 8 }).map((all) => all.join(" "));
  fc.assert(
    fc.property(words, fc.constantFrom("&", ";", "; "), words, (before, sign, behind) => {
      const text = `${before} first_name=Dana${sign}last_name=Marker ${behind}`;
      const found = pairsIn(text, 1_000).fields;
      for (const [name, value] of [
        ["first_name", "Dana"],
        ["last_name", "Marker"],
      ])
        assert.ok(
          found.some((field) => field.name === name && field.value === value && text.slice(field.start, field.end) === `${name}=${value}`),
          text,
        );
    }),
    { numRuns: 3_000 },
  );
});

test("any text ends in pairs, in order and apart", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({ unit: fc.constantFrom("=", "&", ";", " ", "?", "a", "A", "%", ",", '"'), maxLength: 200 }),
  );
  fc.assert(
    fc.property(text, (given) => {
      let last = 0;
      for (const { start, end } of pairsIn(given, 1_000).fields) {
        assert.ok(start >= last && end > start && end <= given.length);
        last = end;
      }
    }),
    { numRuns: 3_000 },
  );
});

test("elements of XML that hold a text are pairs; those of HTML whose names are keys are not", () => {
  assert.deepEqual(
    elementsIn('<user><first_name>Dana</first_name><x:id a="b">3</x:id><label>Page</label><br/></user>').map(({ name, value }) => [
      name,
      value,
    ]),
    [
      ["first_name", "Dana"],
      ["x:id", "3"],
    ],
  );
});
