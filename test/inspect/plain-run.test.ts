import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import RE2 from "re2";
import { PlainRun } from "../../src/inspect/plain-run.js";
import { loadRules } from "../../src/inspect/rule-file.js";
import { ruleSources } from "./fixture.js";

interface Run {
  readonly source: string;
  readonly ignoreCase: boolean;
}

const SHIPPED: readonly Run[] = loadRules(ruleSources(), [])
  .flatMap(({ patterns }) => patterns.map(({ pattern }): Run => ({ source: pattern.source, ignoreCase: pattern.ignoreCase })))
  .filter(({ source, ignoreCase }) => PlainRun.of(source, ignoreCase) !== undefined);
const OWN: readonly Run[] = [
  { source: "[ab]{3,}", ignoreCase: false },
  { source: "[ab]+=?", ignoreCase: true },
  { source: "[a-c]{2,}={0,2}", ignoreCase: false },
  { source: "(?:[ab]{2}-?){3,}", ignoreCase: true },
  { source: "(?:[ab]{3}[-=]?){2,}", ignoreCase: false },
];
const RUNS = [...SHIPPED, ...OWN];

function byEngine({ source, ignoreCase }: Run, text: string): readonly string[] {
  return Array.from(text.matchAll(new RE2(source, ignoreCase ? "giu" : "gu")), (match) => `${match.index} ${match[0]}`);
}

function byRun({ source, ignoreCase }: Run, text: string): readonly string[] {
  const run = PlainRun.of(source, ignoreCase);
  assert.ok(run !== undefined, source);
  const found: string[] = [];
  for (let next = run.next(text, 0); next !== undefined; next = run.next(text, next.end))
    found.push(`${next.start} ${text.slice(next.start, next.end)}`);
  return found;
}

describe("the finder of plain runs", () => {
  it("takes the shipped patterns that every identifier meets", () => {
    const sources = SHIPPED.map(({ source }) => source);
    assert.ok(sources.includes("[A-Za-z0-9+/_-]{24,}={0,2}") && sources.includes("(?:[0-9a-f]{2}[ :,-]?){16,}"), sources.join("\n"));
  });

  it("leaves other forms to the engine", () => {
    for (const source of [
      "[a-f]{2,}?",
      "([a-f]{2,})",
      "\\b[a-f]{2,}",
      "[a-f]{2,}[a-f]?",
      "(?:[a-f]{2}[a-f]?){2,}",
      "[^a]{2,}",
      "[ä]{2,}",
      "[a-f]{2,4}",
      "(?:[a-f]{2}-?){2,}=?",
      "[a-f]*",
      "[a-f]+x",
    ])
      assert.equal(PlainRun.of(source, false), undefined, source);
    // Beside the Kelvin sign a class with k is none of ASCII.
    assert.equal(PlainRun.of("[i-m]{2,}", true), undefined);
  });

  it("finds what RE2 finds, in order and at the same places", () => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.stringMatching(/^[a-cA-B0-9=: ,-]{0,40}$/) },
      { weight: 2, arbitrary: fc.stringMatching(/^(?:[0-9a-f]{2}[ :,-]?){12,24}={0,3}$/) },
      fc.stringMatching(/^[A-Za-z0-9+\/_-]{20,240}={0,3}$/),
      fc.uuid(),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    let runs = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.constantFrom(...RUNS), (pieces, run) => {
        const text = pieces.join("");
        const found = byRun(run, text);
        runs += found.length;
        assert.deepEqual(found, byEngine(run, text), JSON.stringify([run.source, text]));
      }),
      { numRuns: 4_000 },
    );
    assert.ok(runs > 1_000, `${runs} runs`);
  });
});
