import assert from "node:assert/strict";
import { test } from "node:test";
import { FailedHandshakes } from "../../src/listen/failed-handshakes.js";
import { EVENT_HUB, prepareInstallation } from "../support/installation.js";
import { spawnProxy } from "../support/proxy-process.js";
import { openTunnel } from "../support/wire.js";

const pod = { address: "10.0.0.7", port: 40_000, identity: undefined };

test("the log names a client that does not trust the CA, the host it meant, and why: once, however often it tries", async (context) => {
  const installation = await prepareInstallation();
  context.after(() => installation.remove());
  const proxy = await spawnProxy(installation.settingsFile, "--log-level", "warn");
  context.after(() => proxy.kill("SIGKILL"));
  for (let n = 0; n < 3; n += 1)
    await assert.rejects(openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca: installation.vendorAuthority.certificatePem }));
  proxy.kill("SIGTERM");
  await proxy.exited;
  // Node's own client verifies after its side of the handshake and hangs up; OpenSSL's send an alert, which is told as client-distrusts-ca.
  const lines = proxy
    .written()
    .split("\n")
    .filter((line) => line.includes("broke off its TLS handshake"));
  assert.equal(lines.length, 1, proxy.written());
  assert.ok(
    lines[0]?.includes("127.0.0.1") && lines[0].includes(EVENT_HUB) && /"reason":"(client-distrusts-ca|closed)"/.test(lines[0]),
    lines[0],
  );
});

test("another client, another host and another reason are each told", () => {
  const told: unknown[] = [];
  const notes = new FailedHandshakes({ warn: (_message, fields) => told.push(fields) });
  for (let n = 0; n < 2; n += 1) {
    notes.tell(pod, "a.example", "closed");
    notes.tell(pod, "b.example", "closed");
    notes.tell(pod, "a.example", "timeout");
    notes.tell({ ...pod, address: "10.0.0.8" }, "a.example", "closed");
    // The port differs at each connection of the same pod.
    notes.tell({ ...pod, port: 40_000 + n }, undefined, "closed");
  }
  assert.equal(told.length, 5);
});
