import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadRules } from "../../src/inspect/rule-file.js";
import { ruleSources, textFinder } from "./fixture.js";

const rules = loadRules(ruleSources(), []);
const rulesIn = textFinder(rules);
const finds = (text: string, rule: string): boolean => {
  const found = rulesIn(text);
  return found === "late" || found.has(rule);
};

/** What each rule's pattern meets and its validator passes over. */
const DECOYS: Readonly<Record<string, readonly string[]>> = {};

describe("what a rule passes over", () => {
  for (const { id, examples } of rules) {
    const dirty = examples.match.find((example): example is string => typeof example === "string" && finds(example, id));
    const decoys = [...examples.pass, ...(DECOYS[id] ?? [])].filter((example): example is string => typeof example === "string");
    if (dirty === undefined || decoys.length === 0) continue;
    it(`hides nothing behind it, however often it comes: ${id}`, () => {
      const many = Array.from({ length: 300 }, (_, index) => decoys[index % decoys.length]).join("\n");
      assert.ok(finds(`${many}\n${dirty}`, id));
    });
  }
});
