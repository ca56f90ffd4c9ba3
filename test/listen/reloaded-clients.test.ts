import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { EVENT_HUB, played } from "../support/installation.js";
import { startParentProxy } from "../support/parent-proxy.js";
import { runCliWith } from "../support/proxy-process.js";
import { eventually, type Stage, stageFor } from "../support/running-proxy.js";
import { certificate, type Made } from "../tls/certificates.js";

/* Who may use the proxy, and by what it proves itself to a parent, change without a restart: every tunnel of every client would end by one. */

const visit = played("clean-page-visit");
const FAULTS = 'egress_policy_reload_total{result="error"}';
const WATCHED = { reload: { every_ms: 25 } };

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "egress-reloaded-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function credentialsOf(name: string, password: string): Promise<string> {
  return (await runCliWith(`${password}\n`, "credentials", "hash", name)).stdout;
}

/** The status of a CONNECT to the TLS listener. */
async function statusFor(stage: Stage, credentials: string | undefined, client?: Made): Promise<string> {
  const outer = connectTls({
    host: "127.0.0.1",
    port: stage.proxy.addresses.proxyTls?.port ?? 0,
    servername: "proxy.internal",
    ca: stage.proxy.caPem,
    ...(client === undefined ? {} : { cert: client.pem, key: client.keyPem }),
  });
  try {
    await once(outer, "secureConnect");
    const proof = credentials === undefined ? "" : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString("base64")}\r\n`;
    outer.write(`CONNECT ${EVENT_HUB}:443 HTTP/1.1\r\nHost: ${EVENT_HUB}:443\r\n${proof}\r\n`);
    const [piece] = (await once(outer, "data")) as [Buffer];
    return piece.toString("latin1").split(" ", 2)[1] ?? "";
  } finally {
    outer.destroy();
  }
}

test("a name that is taken out of the file of credentials is out, and a new one is in; a broken file changes nothing", async (context) => {
  const file = join(folderFor(context), "credentials");
  const [walrus, seal] = [await credentialsOf("walrus", "correct horse"), await credentialsOf("seal", "battery staple")];
  writeFileSync(file, walrus);
  const stage = await stageFor(context, {
    settings: { ...WATCHED, listen: { "proxy-tls": "127.0.0.1:0" }, proxy_tls: { name: "proxy.internal", credentials: file } },
  });
  assert.deepEqual([await statusFor(stage, "walrus:correct horse"), await statusFor(stage, "seal:battery staple")], ["200", "407"]);

  writeFileSync(file, "no credential\n");
  await eventually("the fault is counted", async () => ((await stage.metrics()).value(FAULTS) ?? 0) > 0);
  assert.equal(await statusFor(stage, "walrus:correct horse"), "200");

  writeFileSync(file, seal);
  await eventually("seal is in", async () => (await statusFor(stage, "seal:battery staple")) === "200");
  // What was proved before is remembered no longer than the file that proved it.
  assert.equal(await statusFor(stage, "walrus:correct horse"), "407");
});

test("the clients' CA is another one after a reload", async (context) => {
  const file = join(folderFor(context), "clients.pem");
  const [before, after] = [await certificate({ name: "Clients", kind: "rsa" }), await certificate({ name: "Clients", kind: "rsa" })];
  const leaf = { ca: false, usage: "digital-signature", name: "walrus" } as const;
  const [old, fresh] = [await certificate({ ...leaf, issuer: before }), await certificate({ ...leaf, issuer: after })];
  writeFileSync(file, before.pem);
  const stage = await stageFor(context, {
    settings: { listen: { "proxy-tls": "127.0.0.1:0" }, proxy_tls: { name: "proxy.internal", client_ca: [file] } },
  });
  assert.deepEqual([await statusFor(stage, undefined, old), await statusFor(stage, undefined, fresh)], ["200", "407"]);

  writeFileSync(file, "no certificate\n");
  await stage.proxy.reload();
  assert.equal((await stage.metrics()).value(FAULTS), 1);
  assert.equal(await statusFor(stage, undefined, old), "200");

  writeFileSync(file, after.pem);
  await stage.proxy.reload();
  assert.deepEqual([await statusFor(stage, undefined, old), await statusFor(stage, undefined, fresh)], ["407", "200"]);
});

test("a parent's new password is used for the next tunnel; a file that others can read changes nothing", async (context) => {
  const folder = folderFor(context);
  let vendorPort = 0;
  let wanted = "egress:first";
  const parent = await startParentProxy({
    dials: () => vendorPort,
    get credentials() {
      return wanted;
    },
  });
  context.after(() => parent.close());
  const file = join(folder, "parents");
  const write = (pair: string): void => writeFileSync(file, `127.0.0.1:${parent.port} ${pair}\n`, { mode: 0o600 });
  write(wanted);
  const stage = await stageFor(context, {
    settings: {
      ...WATCHED,
      parent: { proxy: `http://127.0.0.1:${parent.port}`, credentials_file: file },
      // A tunnel for each exchange.
      upstream: { connect_to: [], idle_ms: 0 },
    },
  });
  vendorPort = stage.installation.vendor.port;
  assert.equal((await stage.post(visit)).status, 200);
  wanted = "egress:second";
  assert.equal((await stage.post(visit)).status, 502);
  write(wanted);
  await eventually("the new password is used", async () => (await stage.post(visit)).status === 200);
  chmodSync(file, 0o644);
  await stage.proxy.reload();
  assert.equal((await stage.metrics()).value(FAULTS), 1);
  assert.equal((await stage.post(visit)).status, 200);
});
