import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { traffic } from "../support/installation.js";
import { runCli } from "../support/proxy-process.js";

test("the demo plays every request, shows its verdict, and its records are where it says", async (context) => {
  const { code, stdout, stderr } = await runCli("demo", "--once");
  assert.equal(code, 0, stderr);
  for (const { name } of traffic()) {
    const line = stdout.split("\n").find((candidate) => candidate.startsWith(name)) ?? "";
    if (name.startsWith("clean-")) assert.match(line, / allow +byte for byte /);
    else assert.match(line, / block +nothing +[0-9a-f-]{36} +unexpected-data-transfer · /);
  }
  const data = /records list --data (\S+)/.exec(stdout)?.[1] ?? "";
  context.after(() => rmSync(dirname(data), { recursive: true, force: true }));
  const listed = await runCli("records", "list", "--data", data);
  for (const id of stdout.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? []) assert.ok(listed.stdout.includes(id), id);
});
