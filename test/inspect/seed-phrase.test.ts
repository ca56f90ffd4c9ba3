import assert from "node:assert/strict";
import { it } from "node:test";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as french } from "@scure/bip39/wordlists/french.js";
import fc from "fast-check";
import { seedPhrase } from "../../src/inspect/validators/seed-phrase.js";

const holds = (text: string): boolean => seedPhrase({ text, index: 0, groups: [] }, text);

/** The rule as it is said: a row of twelve words, all in one list. */
function isPhrase(text: string): boolean {
  const words = text
    .toLowerCase()
    .normalize("NFC")
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
  return [english, french].some((list) => {
    const known = new Set(list.map((word) => word.normalize("NFC")));
    return words.some((_, first) => words.length - first >= 12 && words.slice(first, first + 12).every((word) => known.has(word)));
  });
}

it("finds twelve words of one list in a row, wherever they begin, and no other text", () => {
  const word = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...english.slice(0, 50)) },
    { weight: 6, arbitrary: fc.constantFrom(...french.slice(0, 20)) },
    { weight: 1, arbitrary: fc.constantFrom("worker", "to", "Zürich", "7", "ab\u0301c") },
  );
  const text = fc
    .array(fc.tuple(word, fc.constantFrom(" ", ", ", "\n", " 12 ", "-")), { minLength: 10, maxLength: 40 })
    .map((parts) => parts.flat().join("").padEnd(60));
  let phrases = 0;
  fc.assert(
    fc.property(text, (sample) => {
      if (isPhrase(sample)) phrases += 1;
      assert.equal(holds(sample), isPhrase(sample));
    }),
    { numRuns: 2_000 },
  );
  assert.ok(phrases > 100, `${phrases} of the samples held a phrase`);
});
