import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";

test("each entry of equivalent.yaml names a mutant that there is, once, with its reason", () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(packageRoot(), "scripts", "mutation.mjs"), "--list"], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.ok(stdout.split("\n").length > 700, "the script finds the checks of http/, body/, listen/ and forward/");
});
