import assert from "node:assert/strict";
import { test } from "node:test";
import { runExamples } from "../../src/inspect/examples.js";
import { LIMITS, PSEUDONYMS, ruleSources, sources } from "./fixture.js";

test("every rule finds what its examples say it finds, and nothing of what they say it lets pass", () => {
  const faults = runExamples({ rules: ruleSources(), schemas: sources("rules/schemas"), limits: LIMITS, pseudonyms: PSEUDONYMS });
  assert.deepEqual(faults, []);
});
