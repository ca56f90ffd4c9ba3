import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { watchFiles } from "../../src/config/watched-files.js";
import { played } from "../support/installation.js";
import { eventually, stageFor } from "../support/running-proxy.js";

const RELOADS = 'egress_policy_reload_total{result="ok"}';
const FAULTS = 'egress_policy_reload_total{result="error"}';
const visit = played("clean-page-visit");

test("a changed policy is in force without a signal; a broken one leaves the last good one in force and is counted", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "egress-rules-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(packageRoot(), "rules"), folder, { recursive: true, dereference: true });
  const file = join(folder, "policy.yaml");
  const good = readFileSync(file, "utf8");
  const stage = await stageFor(context, { settings: { rules: folder, reload: { every_ms: 25 } } });
  await eventually("the proxy is warm", async () => (await stage.post(visit)).status === 200);

  writeFileSync(file, "version: 1\ncases: nonsense\n");
  await eventually("the fault is counted", async () => ((await stage.metrics()).value(FAULTS) ?? 0) > 0);
  assert.equal((await stage.post(visit)).status, 200);

  writeFileSync(file, good.replaceAll("/api/walrus/eventhub/new", "/api/elsewhere"));
  await eventually("the new policy is in force", async () => ((await stage.metrics()).value(RELOADS) ?? 0) > 0);
  assert.equal((await stage.post(visit)).status, 403);
});

test("Kubernetes' swap of a symbolic link is a change, told once", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "egress-swap-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [version, text] of [
    ["..2026_1", "one"],
    ["..2026_2", "two"],
  ] as const) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "policy.yaml"), text);
  }
  symlinkSync("..2026_1", join(folder, "..data"));
  symlinkSync("..data/policy.yaml", join(folder, "policy.yaml"));
  const seen: string[] = [];
  const stop = watchFiles({
    paths: [folder],
    everyMs: 10,
    onChange: async () => {
      seen.push(readFileSync(join(folder, "policy.yaml"), "utf8"));
      await Promise.resolve();
    },
  });
  context.after(stop);
  symlinkSync("..2026_2", join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  await eventually("the swap is told", () => seen.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(seen, ["two"]);
});
