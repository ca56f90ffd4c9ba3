import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { certificate, DAY, install } from "../tls/certificates.js";
import { type Installation, type InstallationWish, prepareInstallation } from "../support/installation.js";
import { runCli, spawnProxy } from "../support/proxy-process.js";

/* What people get wrong before the proxy serves: exit code 1, what is wrong, where, and the mend; never a stack. */

async function prepared(context: TestContext, wish: InstallationWish = {}): Promise<Installation> {
  const installation = await prepareInstallation(wish);
  context.after(() => installation.remove());
  return installation;
}

async function failing(settingsFile: string): Promise<string> {
  const { code, stdout, stderr } = await runCli("run", "--config", settingsFile);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.ok(!/^\s+at /m.test(stderr), "no stack");
  return stderr;
}

const FIVE = (text: string): string =>
  text
    .replace("mode: enforce", "mode: enforced")
    .replace("host: api.segment.io", "host: API.segment.io")
    .replace("schema: event-hub", "schema: event-hob")
    .replace("methods: [POST]", "methods: [PSOT]")
    .replace("  licensing:\n    mode: enforce", "  licensing:\n    enabled: false\n    mode: enforce");

test("a policy with five faults: all five are told, each with file, line and mend", async (context) => {
  const { settingsFile } = await prepared(context, { policy: FIVE });
  const said = await failing(settingsFile);
  for (const word of ["cases.event-collection.mode", "API.segment.io", "event-hob", "PSOT", "licensing can't be switched off"])
    assert.ok(said.includes(word), `${word} in: ${said}`);
  const faults = said.split("\n").filter((line) => /policy\.yaml:\d+:\d+: .+\S .+[.?]$/.test(line));
  assert.equal(faults.length, 5, said);
});

test("a port that is taken", async (context) => {
  const other = createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(other, "listening");
  context.after(() => void other.close());
  const address = other.address();
  const place = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  for (const listener of ["proxy", "metrics"]) {
    const { settingsFile } = await prepared(context, { settings: { listen: { [listener]: place } } });
    const said = await failing(settingsFile);
    assert.match(said, new RegExp(`${place}\\)?: .*(in use|listens on this port)`));
    assert.match(said, new RegExp(`listen\\.${listener}`));
  }
});

test("a CA key that others can read, a CA without its key, and a CA past its time", async (context) => {
  const fresh = await certificate({ name: "operator's CA", ca: true });
  const past = await certificate({ name: "last year's CA", ca: true, notBefore: Date.now() - 400 * DAY, notAfter: Date.now() - DAY });
  const readable = await prepared(context);
  mkdirSync(readable.certs);
  install(readable.certs, fresh.pem, fresh.keyPem);
  chmodSync(join(readable.certs, "ca.key"), 0o644);
  assert.match(await failing(readable.settingsFile), /ca\.key: Others than its owner.* Run: chmod/);

  const expired = await prepared(context);
  mkdirSync(expired.certs);
  install(expired.certs, past.pem, past.keyPem);
  assert.match(await failing(expired.settingsFile), /ca\.crt: .*expired on \d{4}-\d\d-\d\d\..*ca init/);

  const garbled = await prepared(context);
  mkdirSync(garbled.certs);
  install(garbled.certs, fresh.pem, "not a key\n");
  assert.match(await failing(garbled.settingsFile), /ca\.key: The file holds no PEM private key\./);
});

test("a second run on the same data folder is refused clearly, and the first goes on", async (context) => {
  const { settingsFile } = await prepared(context);
  const first = await spawnProxy(settingsFile);
  try {
    assert.match(
      await failing(settingsFile),
      /record\.lock: Another egress-proxy is running on this folder\. Stop it, or give this one its own folder with --data\./,
    );
    assert.equal((await fetch(`http://127.0.0.1:${first.metricsPort}/readyz`)).status, 200);
  } finally {
    first.kill("SIGTERM");
  }
  assert.equal((await first.exited).code, 0);
});

test("a root file for upstream TLS that is not there", async (context) => {
  const { settingsFile } = await prepared(context, { settings: { upstream: { ca: ["/nowhere/roots.pem"] } } });
  assert.match(await failing(settingsFile), /roots\.pem/);
});

test("a setting that does not exist", async (context) => {
  const { settingsFile } = await prepared(context, { settings: { listne: {} } });
  assert.match(await failing(settingsFile), /listne.*listen/);
});
