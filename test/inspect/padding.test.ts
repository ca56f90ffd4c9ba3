import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { unpadded } from "../../src/inspect/padding.js";
import { inspectSent, shippedInspector } from "./fixture.js";

const inspector = shippedInspector();
const rulesIn = (body: unknown): readonly string[] => inspectSent(inspector, { body }).findings.map(({ rule }) => rule);

/** Words and values that belong together, parted by one space. */
const TOGETHER: readonly (readonly [rule: string, text: string])[] = [
  ["pii/national-id", "BSN 111222333"],
  ["pii/passport", "passport number C01X00T47"],
  ["pii/phone", "Tel. 020 7946 0958"],
  ["pii/bank-account", "Kontonummer: 532013000"],
  ["pii/imei", "IMEI 490154203237518"],
  ["pii/bic", "BIC DEUTDEFF"],
  ["pii/person-name", "my name is Ottilie"],
  ["pii/person-name", "Dana Whitfield"],
  ["pii/postal-address", "221 Baker Street"],
  ["pii/date-of-birth", "born on 2 March 1984"],
];

const PADDING = ["  ", "\t", "\t\t\t", " ".repeat(60), " ....................................................... ", "\n\n\n\n", " \u00a0 "];

describe("padding", () => {
  for (const [rule, text] of TOGETHER) {
    it(`parts no word from its value: ${text}`, () => {
      for (const padding of PADDING) {
        if (padding.includes("\n") && rule !== "pii/national-id") continue;
        const padded = text.replaceAll(/ (?=\D)|(?<=\D) /g, padding);
        assert.ok(rulesIn({ d: padded }).includes(rule), JSON.stringify(padded));
      }
    });
  }
  it("behind a value makes it no prose", () => {
    assert.ok(rulesIn({ bsn: `111222333${" ".repeat(300)}` }).includes("pii/national-id"));
    assert.ok(rulesIn({ bsn: `${"\n".repeat(300)}111222333` }).includes("pii/national-id"));
  });
  it("between numbers parts them", () => {
    assert.deepEqual(rulesIn({ d: "4111    1111    1111    1111\n5500    0000    0000    0004" }), []);
  });
  it("is told from the indents of a trace", () => {
    assert.equal(unpadded('Traceback:\n  File "a.py", line 1\n    run(a, b)\nValueError: bad'), undefined);
  });
  it("leaves every word, in order", () => {
    const words = fc.array(fc.stringMatching(/^[a-z0-9@]{1,8}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(words, fc.constantFrom(...PADDING, " ", "\n    "), (parts, padding) => {
        const text = parts.join(padding);
        const plain = unpadded(text) ?? text;
        assert.deepEqual(plain.split(/[\s.]+/), parts);
        assert.ok(plain.length <= text.length);
      }),
    );
  });
  it("is read in linear time", () => {
    for (const unit of ["\n", " ", "\n ", "a ", "a  ", "a\t", ".", "\n \n", "a   \n"]) {
      // A quadratic reading of a million characters would not end.
      unpadded(unit.repeat(1_000_000 / unit.length));
      unpadded(`x${unit.repeat(1_000_000 / unit.length)}x`);
    }
  });
});
