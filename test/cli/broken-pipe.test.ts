import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { packageRoot } from "../inspect/fixture.js";
import { prepareInstallation } from "../support/installation.js";
import { spawnProxy } from "../support/proxy-process.js";
import { Wire } from "../support/wire.js";

const CLI = join(packageRoot(), "dist", "src", "cli", "main.js");

test("where the reader of a pipe has enough, a command ends at once and says nothing of it", async () => {
  const child = spawn(process.execPath, [CLI, "check", "--rules", join(packageRoot(), "rules")], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  const said = text(child.stderr);
  const [code] = (await once(child, "exit")) as [number | null];
  assert.deepEqual([code, await said], [141, ""]);
});

test("the proxy goes on where the reader of its log has gone: it refuses, records, and ends by its signal", async (context) => {
  const installation = await prepareInstallation();
  context.after(() => installation.remove());
  const proxy = await spawnProxy(installation.settingsFile);
  proxy.stopReading();
  for (let asked = 0; asked < 3; asked += 1) {
    const wire = await Wire.open(proxy.port);
    wire.send("CONNECT collector.exfiltration.example:443 HTTP/1.1\r\nHost: collector.exfiltration.example:443\r\n\r\n");
    assert.equal((await wire.answer("GET")).status, 403);
    await wire.closed;
  }
  assert.equal((await fetch(`http://127.0.0.1:${proxy.metricsPort}/readyz`)).status, 200);
  proxy.kill("SIGTERM");
  assert.equal((await proxy.exited).code, 0);
});
