import assert from "node:assert/strict";
import { scryptSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { EVENT_HUB, played, wireBytes } from "../support/installation.js";
import { eventually, raiseStage, type Stage } from "../support/running-proxy.js";
import { Wire } from "../support/wire.js";

const visit = played("clean-page-visit");
const annotations = played("udt-annotation");
const PASSWORD = "correct horse";

let stage: Stage;
const folder = mkdtempSync(join(tmpdir(), "egress-credentials-"));
before(async () => {
  const salt = Buffer.alloc(16, 7);
  const hash = scryptSync(PASSWORD, salt, 32, { N: 16_384, r: 8, p: 1 });
  const file = join(folder, "credentials");
  writeFileSync(file, `# who may use the proxy\nwalrus:scrypt:16384:8:1:${salt.toString("base64")}:${hash.toString("base64")}\n`);
  stage = await raiseStage({
    settings: { listen: { "proxy-tls": "127.0.0.1:0" }, proxy_tls: { name: "proxy.internal", credentials: file } },
  });
  await eventually("the proxy is warm", async () => (await stage.post(visit)).status === 200);
});
after(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

const basic = (name: string, password: string): string =>
  `Proxy-Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}\r\n`;

async function connectWith(fields: string): Promise<{ outer: ReturnType<typeof connectTls>; said: string }> {
  const outer = connectTls({
    host: "127.0.0.1",
    port: stage.proxy.addresses.proxyTls?.port ?? 0,
    servername: "proxy.internal",
    ca: stage.proxy.caPem,
  });
  await once(outer, "secureConnect");
  outer.write(`CONNECT ${EVENT_HUB}:443 HTTP/1.1\r\nHost: ${EVENT_HUB}:443\r\n${fields}\r\n`);
  const [piece] = (await once(outer, "data")) as [Buffer];
  outer.pause();
  return { outer, said: piece.toString("latin1") };
}

for (const [sentence, fields] of [
  ["no credentials", ""],
  ["a wrong password", basic("walrus", "battery staple")],
  ["a name that nobody has", basic("seal", PASSWORD)],
] as const) {
  test(`${sentence}: 407, with what is asked for`, async () => {
    const { outer, said } = await connectWith(fields);
    outer.destroy();
    assert.match(said, /^HTTP\/1\.1 407 /);
    assert.match(said, /^Proxy-Authenticate: Basic /m);
    assert.match(said, /"code":"proxy-authentication-required"/);
  });
}

test("who proves a name is served, TLS inside TLS, and the record names them", async () => {
  const { outer, said } = await connectWith(basic("walrus", PASSWORD));
  assert.match(said, /^HTTP\/1\.1 200 /);
  const inner = connectTls({ socket: outer, servername: EVENT_HUB, ca: stage.proxy.caPem });
  await once(inner, "secureConnect");
  const wire = new Wire(inner);
  assert.equal((await wire.send(wireBytes(visit)).answer()).status, 200);
  assert.equal((await wire.send(wireBytes(annotations)).answer()).status, 403);
  wire.close();
  assert.ok((await stage.records()).some((record) => record.client === "127.0.0.1 as walrus"));
});
