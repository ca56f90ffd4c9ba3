import assert from "node:assert/strict";
import { test } from "node:test";
import { findNestedViews } from "../../src/body/nested-view.js";
import { runExamples } from "../../src/inspect/examples.js";
import { LIMITS, PSEUDONYMS, ruleSources, sources } from "./fixture.js";

test("every rule finds what its examples say it finds, and nothing of what they say it lets pass", () => {
  const parts = { rules: ruleSources(), schemas: sources("rules/schemas"), limits: LIMITS, pseudonyms: PSEUDONYMS };
  assert.deepEqual(runExamples(parts), []);
  // And with all that strings may hold, as `egress-proxy check` and every exchange have it.
  assert.deepEqual(runExamples({ ...parts, findViews: findNestedViews }), []);
});
