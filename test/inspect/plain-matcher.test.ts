import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { compilePattern } from "../../src/inspect/pattern.js";
import { PlainMatcher } from "../../src/inspect/plain-matcher.js";
import { sources } from "./fixture.js";

/** Every pattern and template that the shipped schemas hold. */
function patternsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
    if (key === "pattern" && typeof part === "string") return [part];
    if (key === "x-templates" && Array.isArray(part)) return part.filter((text) => typeof text === "string");
    return patternsIn(part);
  });
}

const SHIPPED = [...new Set(sources("rules/schemas").flatMap(({ text }) => patternsIn(parse(text))))];
const OTHERS = [
  "a*",
  "a{0,3}b?",
  "(?:ab|a)(?:bc|c){2}",
  "(?:a|b)*abb",
  "[a-c]{2,4}-(?:x|yz)+",
  "(?:a|c?)b{2,}",
  "a{3}",
  "[^a]b",
  "x.y",
  "a$|b",
];

/** What the engine says: `find` never asks the matcher. */
function engineOf(source: string): (text: string) => boolean {
  const pattern = compilePattern(source, { anchored: true });
  return (text) => [...pattern.find(text)].length > 0;
}

describe("the matcher of plain patterns", () => {
  it("takes most of the shipped schemas' patterns, so that it is worth having", () => {
    const plain = SHIPPED.filter((source) => PlainMatcher.of(source) !== undefined);
    assert.ok(SHIPPED.length >= 10 && plain.length * 2 > SHIPPED.length, `${plain.length} of ${SHIPPED.length}`);
  });

  it("leaves what it can't hold exactly to the engine: anchors, the dot, negated classes, words' edges, all beyond ASCII, long counts", () => {
    for (const source of ["a.b", "^a", "a$", "\\ba", "[^a]", "\\s", "\\p{L}", "é", "(?i)k", "a{300}", "(a)\\z"])
      assert.equal(PlainMatcher.of(source), undefined, source);
  });

  it("says what the engine says, of texts that fit and of texts that nearly do", () => {
    for (const source of [...SHIPPED, ...OTHERS]) {
      const matcher = PlainMatcher.of(source);
      if (matcher === undefined) continue;
      const engineTakes = engineOf(source);
      const fitting = fc.stringMatching(new RegExp(`^(?:${source})$`));
      const near = fc.tuple(fitting, fc.nat(), fc.string({ unit: "binary", maxLength: 2 })).map(([text, at, more]) => {
        const cut = at % (text.length + 1);
        return at % 3 === 0 ? text.slice(0, cut) + more + text.slice(cut + 1) : at % 3 === 1 ? text.slice(cut) : text + more;
      });
      fc.assert(
        fc.property(fc.oneof(fitting, near, fc.string({ maxLength: 8 }), fc.stringMatching(/^[abcxyz-]{0,8}$/)), (text) => {
          const said = matcher.test(text);
          if (said !== undefined) assert.equal(said, engineTakes(text), `${source} of ${JSON.stringify(text)}`);
        }),
        { numRuns: 60 },
      );
    }
  });
});
