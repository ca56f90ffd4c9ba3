import assert from "node:assert/strict";
import { before, test } from "node:test";
import { bodyTargets, judgement } from "../../bench/endurance/fuzz/body-targets.js";
import { fileTargets } from "../../bench/endurance/fuzz/file-targets.js";
import { headTargets } from "../../bench/endurance/fuzz/head-targets.js";
import { mutated } from "../../bench/endurance/fuzz/mutator.js";
import { realHello } from "../../bench/endurance/fuzz/real-hello.js";
import type { Target } from "../../bench/endurance/fuzz/target.js";
import { loadSettings } from "../../src/config/settings.js";
import { passingKey } from "../../src/record/passing-key.js";
import { type LoadedRules, loadRules } from "../../src/rules-in-force.js";
import { Dice } from "./mutations.js";

/* Some two hundred bent inputs for every reader of hostile bytes, drawn by one seed; bench/endurance/fuzz.ts goes on for hours. */

const INPUTS = 24;
let rules: LoadedRules;
let targets: readonly Target[];

before(async () => {
  rules = loadRules(loadSettings({ env: {}, flags: [] }), passingKey());
  targets = [...headTargets(await realHello()), ...bodyTargets(rules), ...fileTargets(rules)];
});

test("every reader of hostile bytes takes bent inputs: refused or read as what they are, never a fault of ours", () => {
  for (const target of targets) {
    const dice = new Dice(2_026);
    for (let n = 0; n < INPUTS * (target.batch >= 64 ? 8 : 1); n += 1) {
      const seed = target.seeds[n % target.seeds.length] ?? Buffer.alloc(0);
      const input = n < target.seeds.length ? seed : mutated(seed, dice, target.words, seed);
      try {
        target.run(input);
      } catch (error) {
        assert.fail(`${target.name}: ${error instanceof Error ? error.message : "unknown"}, by ${input.toString("base64")}`);
      }
    }
  }
});

test("the judgement's oracle is one: an inspector that finds nothing is found out", () => {
  const blind = judgement({
    ...rules,
    inspector: {
      ...rules.inspector,
      inspect: () => ({
        findings: [],
        moreFindings: 0,
        identity: undefined,
        eventKind: undefined,
        pins: [],
        outline: [],
        structure: undefined,
      }),
    },
  });
  assert.throws(() => {
    for (const seed of blind.seeds) blind.run(seed);
  }, /the oracle calls dirty/);
});
