import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openInstallationKey } from "../../src/record/installation-key.js";
import { Wire } from "../support/wire.js";
import { runCli, runCliWith } from "../support/proxy-process.js";
import { stageFor } from "../support/running-proxy.js";

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "egress-pseudonym-"));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test("the host that a record does not name is found by trying it, however it is spelled", async (context) => {
  const stage = await stageFor(context);
  const wire = await Wire.open(stage.port);
  wire.send("CONNECT Metrics.Example.NET.:443 HTTP/1.1\r\nHost: Metrics.Example.NET.:443\r\n\r\n");
  assert.equal((await wire.answer("CONNECT")).status, 403);
  const [record] = await stage.records();
  const { stdout, code } = await runCli("pseudonym", "other.example.net", "METRICS.example.net", "--data", stage.installation.data);
  assert.equal(code, 0);
  const found = stdout.split("\n").filter((line) => line.startsWith(record?.host ?? "?"));
  assert.deepEqual(found, [`${record?.host ?? ""}  metrics.example.net`]);
});

test("a list of names comes on standard input, and is taken as it stands where it is no host", async (context) => {
  const data = folder(context);
  const key = openInstallationKey(data);
  const { stdout } = await runCliWith("Some Key\r\n\nhost.example", "pseudonym", "-", "--data", data);
  assert.equal(stdout, `${key.short("Some Key")}  Some Key\n${key.short("host.example")}  host.example\n`);
});

test("a folder without a key is told, and none is made there", async (context) => {
  const data = folder(context);
  const { stderr, code } = await runCli("pseudonym", "a.example", "--data", data);
  assert.equal(code, 2);
  assert.match(stderr, /installation\.key: There is no installation key\. Name the data folder/);
  writeFileSync(join(data, "installation.key"), "short", { mode: 0o600 });
  assert.equal((await runCli("pseudonym", "a.example", "--data", data)).code, 2);
});
