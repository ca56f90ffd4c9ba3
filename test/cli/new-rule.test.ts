import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../app/egress-proxy.js", import.meta.url));
const WHY = "The text holds the number of an employee's badge.";

describe("egress-proxy new-rule", () => {
  let rules = "";
  beforeEach(() => {
    rules = mkdtempSync(join(tmpdir(), "new-rule-"));
  });
  afterEach(() => rmSync(rules, { recursive: true, force: true }));

  const run = (id: string, pattern: string, match: readonly string[]) => {
    const examples = [...match.flatMap((text) => ["--match", text]), ...["BDG-1", "a build", "123456"].flatMap((text) => ["--pass", text])];
    return spawnSync(
      process.execPath,
      [CLI, "new-rule", id, "--rules", rules, "--title", "Badge", "--why", WHY, "--keyword", "BDG-", "--pattern", pattern, ...examples],
      { encoding: "utf8" },
    );
  };

  it("writes a rule that holds its examples", () => {
    const { status, stderr } = run("pii/badge", "BDG-\\d{6}", ["BDG-123456", "ask BDG-999999 now", '{"note": "BDG-000001"}']);
    assert.equal(status, 0, stderr);
    assert.match(readFileSync(join(rules, "pii", "badge.yaml"), "utf8"), /^id: pii\/badge$/m);
  });
  it("writes none whose examples it does not find, and names the example", () => {
    const { status, stderr } = run("pii/badge", "BDG-\\d{6}", ["BDG-123456", "ask BDG-999999 now", "no badge"]);
    assert.equal(status, 1);
    assert.match(stderr, /match\[2\]/);
    assert.equal(existsSync(join(rules, "pii", "badge.yaml")), false);
  });
  it("writes none whose pattern RE2 refuses", () => {
    const { status, stderr } = run("pii/badge", "(B)\\1", ["BDG-123456", "ask BDG-999999 now", "BDG-000001"]);
    assert.equal(status, 1);
    assert.match(stderr, /badge\.yaml:\d+:\d+/);
  });
  it("takes no id outside the categories", () => assert.equal(run("other/badge", "x", ["BDG-1", "b", "c"]).status, 2));
});
