import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normalisedText } from "../../src/body/normalised-text.js";

test("what a row of other characters reads as does not hang on the ASCII around it, marks included", () => {
  const odd = fc.oneof(
    fc.integer({ min: 0x80, max: 0xffff }),
    fc.integer({ min: 0x300, max: 0x36f }),
    fc.integer({ min: 0x1100, max: 0x11ff }),
    fc.integer({ min: 0x10000, max: 0x10ffff }),
  );
  const row = fc.array(odd, { maxLength: 5 }).map((points) => String.fromCodePoint(...points).replace(/[\ud800-\udfff]/gu, ""));
  const ascii = fc.stringMatching(/^[ -~]{0,4}$/);
  fc.assert(
    fc.property(ascii, row, ascii, (before, odds, after) => {
      assert.equal(normalisedText(before + odds + after), before + normalisedText(odds) + after);
    }),
    { numRuns: 5_000 },
  );
});

test("each letter reads as its shape: accents, fullwidth, look-alikes, tags, nothing for what is invisible", () => {
  assert.equal(normalisedText("e\u0301ric\u200b@\uff41\u0441\u043c\u0435.\u{1d428}rg"), "eric@acme.org");
  assert.equal(normalisedText("a\u0000b\u{e0040}c\u00e9"), "ab@ce");
  assert.equal(normalisedText("\u0663\u0664 line\nline\ttab"), "34 line\nline\ttab");
});
