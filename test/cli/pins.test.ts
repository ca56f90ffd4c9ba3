import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadSettings } from "../../src/config/settings.js";
import { TenantPinFile } from "../../src/record/tenant-pin-file.js";
import { EVENT_HUB, played, wireBytes } from "../support/installation.js";
import { runCli } from "../support/proxy-process.js";
import { problemOf, stageFor } from "../support/running-proxy.js";

const OURS = "a".repeat(64);

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "egress-pins-"));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test("confirmed pins are printed as a setting that the proxy takes; one that nobody confirmed is left out, and told", async (context) => {
  const data = folder(context);
  const pins = TenantPinFile.open(data);
  pins.learn([
    { name: "segment-write-key", hmac: OURS },
    { name: "install_fingerprint", hmac: "b".repeat(64) },
  ]);
  assert.equal((await runCli("pins", "confirm", "segment-write-key", "--by", "dana", "--data", data)).code, 0);
  const half = await runCli("pins", "list", "--as-setting", "--data", data);
  assert.equal(half.code, 1);
  assert.equal(half.stdout, `tenant_pins:\n  - segment-write-key=${OURS}\n`);
  assert.match(half.stderr, /install_fingerprint is left out/);
  await runCli("pins", "confirm", "install_fingerprint", "--data", data);
  const whole = await runCli("pins", "list", "--as-setting", "--data", data);
  assert.equal(whole.code, 0);
  const file = join(data, "egress-proxy.yaml");
  writeFileSync(file, whole.stdout);
  assert.equal(loadSettings({ file, env: {}, flags: [] }).tenant_pins.length, 2);
});

test("a replica that has learned nothing refuses the first account it sees where the settings state another", async (context) => {
  const stage = await stageFor(context, { settings: { tenant_pins: [`install_fingerprint=${OURS}`] } });
  const wire = await stage.tunnel(EVENT_HUB);
  context.after(() => wire.close());
  const problem = problemOf(await wire.send(wireBytes(played("clean-page-visit"))).answer());
  assert.equal(problem.code, "foreign-tenant");
  assert.equal(stage.installation.vendor.received.length, 0);
  assert.deepEqual(TenantPinFile.open(stage.installation.data).pins, []);
});

test("a pin that is no pin, and a name twice, are faults with their mend", (context) => {
  const file = join(folder(context), "egress-proxy.yaml");
  const faulty = (pins: readonly string[]): unknown => {
    writeFileSync(file, JSON.stringify({ tenant_pins: pins }));
    return loadSettings({ file, env: {}, flags: [] });
  };
  assert.throws(() => faulty(["segment-write-key=hunter2"]), /tenant_pins.*must be NAME=HMAC.*pins list --as-setting/s);
  assert.throws(() => faulty([`tid=${OURS}`, `tid=${"b".repeat(64)}`]), /names a pin twice/);
});
