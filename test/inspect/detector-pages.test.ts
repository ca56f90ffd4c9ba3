import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { loadRules } from "../../src/inspect/rule-file.js";
import { ruleSources } from "./fixture.js";

test("each detector has a page, which says what its rule says, and what it misses", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(packageRoot(), "scripts", "detector-pages.mjs"), "--check"], {
    encoding: "utf8",
  });
  assert.equal(`${status} ${stderr}`, "0 ");
  const rules = loadRules(ruleSources(), []);
  assert.ok(rules.length >= 44);
  for (const { id, misses } of rules) assert.ok(misses.length > 0, id);
});
