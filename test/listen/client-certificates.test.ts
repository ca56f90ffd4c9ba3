import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type Authority, openAuthority } from "../../src/tls/authority.js";
import { runCli, runCliWith } from "../support/proxy-process.js";
import { EVENT_HUB, played, wireBytes } from "../support/installation.js";
import { raiseStage, type Stage } from "../support/running-proxy.js";
import { Wire } from "../support/wire.js";
import { certificate, DAY, type Made } from "../tls/certificates.js";

/* listen.proxy-tls with a certificate of the operator's own, which asks clients for theirs: both of CAs that are not the proxy's. */

const visit = played("clean-page-visit");
const annotations = played("udt-annotation");
const folder = mkdtempSync(join(tmpdir(), "egress-client-certificates-"));
const PASSWORD = "a password of the machine's own";

let corporate: Authority;
let stage: Stage;
let clients: Record<"walrus" | "seal" | "expired" | "stranger" | "unnamed", Made>;

before(async () => {
  corporate = await openAuthority({ dir: join(folder, "corporate"), now: Date.now(), createIfMissing: true });
  const clientCa = await certificate({ name: "Clients", kind: "rsa" });
  const stranger = await certificate({ name: "Clients", kind: "rsa" });
  const leaf = { ca: false, usage: "digital-signature", issuer: clientCa } as const;
  clients = {
    walrus: await certificate({ ...leaf, name: "walrus" }),
    seal: await certificate({ ...leaf, name: "seal" }),
    expired: await certificate({ ...leaf, name: "walrus", notBefore: Date.now() - 3 * DAY, notAfter: Date.now() - DAY }),
    stranger: await certificate({ ...leaf, name: "walrus", issuer: stranger }),
    unnamed: await certificate({ ...leaf, name: "two words" }),
  };
  writeFileSync(join(folder, "clients.pem"), clientCa.pem);
  await writeServerIdentity();
  const credentials = join(folder, "credentials");
  const added = await runCliWith(`${PASSWORD}\n`, "credentials", "add", credentials, "walrus");
  assert.equal(added.code, 0, added.stderr);
  stage = await raiseStage({
    policy: (text) => text.replace("host: app.diffgram.com\n", "host: app.diffgram.com\n        clients: [identity:walrus]\n"),
    settings: {
      listen: { "proxy-tls": "127.0.0.1:0" },
      proxy_tls: {
        tls_cert: join(folder, "server.pem"),
        tls_key: join(folder, "server.key"),
        client_ca: [join(folder, "clients.pem")],
        credentials,
      },
    },
  });
});
after(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

async function writeServerIdentity(): Promise<string> {
  const server = await corporate.mint("proxy.internal", Date.now());
  writeFileSync(join(folder, "server.pem"), server.certificatePem);
  writeFileSync(join(folder, "server.key"), server.privateKeyPem);
  return server.certificatePem;
}

async function knock(client: Made | undefined): Promise<TLSSocket> {
  const outer = connectTls({
    host: "127.0.0.1",
    port: stage.proxy.addresses.proxyTls?.port ?? 0,
    servername: "proxy.internal",
    ca: corporate.certificatePem,
    ...(client === undefined ? {} : { cert: client.pem, key: client.keyPem }),
  });
  await once(outer, "secureConnect");
  return outer;
}

async function connectAs(client: Made | undefined, fields = ""): Promise<{ outer: TLSSocket; said: string }> {
  const outer = await knock(client);
  return { outer, said: await saidTo(outer, fields) };
}

async function saidTo(outer: TLSSocket, fields = ""): Promise<string> {
  outer.write(`CONNECT ${EVENT_HUB}:443 HTTP/1.1\r\nHost: ${EVENT_HUB}:443\r\n${fields}\r\n`);
  const [piece] = (await once(outer, "data")) as [Buffer];
  outer.pause();
  return piece.toString("latin1");
}

async function postAs(client: Made | undefined, bytes: Buffer, fields = ""): Promise<number> {
  const { outer, said } = await connectAs(client, fields);
  assert.match(said, /^HTTP\/1\.1 200 /);
  const inner = connectTls({ socket: outer, servername: EVENT_HUB, ca: stage.proxy.caPem });
  await once(inner, "secureConnect");
  const wire = new Wire(inner);
  const { status } = await wire.send(bytes).answer();
  wire.close();
  return status;
}

const basic = (name: string): string => `Proxy-Authorization: Basic ${Buffer.from(`${name}:${PASSWORD}`).toString("base64")}\r\n`;

test("a certificate of the named CA says who asks: in the record, and as the policy's condition", async () => {
  assert.equal(await postAs(clients.walrus, wireBytes(visit)), 200);
  assert.equal(await postAs(clients.walrus, wireBytes(annotations)), 403);
  assert.equal(await postAs(clients.seal, wireBytes(visit)), 403);
  const records = await stage.records();
  assert.ok(records.some(({ client, reason }) => client === "127.0.0.1 as walrus" && reason === "unexpected-data-transfer"));
  assert.ok(records.some(({ client, reason }) => client === "127.0.0.1 as seal" && reason === "client-not-allowed"));
});

test("without a certificate, credentials still say it; a line made by the command is one", async () => {
  assert.equal(await postAs(undefined, wireBytes(visit), basic("walrus")), 200);
});

test("credentials do not change whom a certificate names", async () => {
  assert.equal(await postAs(clients.seal, wireBytes(visit), basic("walrus")), 403);
});

for (const [sentence, who] of [
  ["none", undefined],
  ["one past its time", "expired"],
  ["one of another CA of the same name", "stranger"],
  ["one whose name is no identity", "unnamed"],
] as const) {
  test(`a client that shows ${sentence} is told in HTTP: 407, recorded`, async () => {
    const { outer, said } = await connectAs(who === undefined ? undefined : clients[who]);
    outer.destroy();
    assert.match(said, /^HTTP\/1\.1 407 /);
    const id = /"record":"([0-9a-f-]{36})"/.exec(said)?.[1];
    const record = await runCli("records", "show", id ?? "", "--data", stage.installation.data);
    assert.equal(record.code, 0, record.stderr);
    assert.match(record.stdout, /proxy-authentication-required/);
  });
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a second connection by ${version} is no continuation of the first, whose certificate was checked then and not now`, async () => {
    const port = stage.proxy.addresses.proxyTls?.port ?? 0;
    const common = {
      host: "127.0.0.1",
      port,
      servername: "proxy.internal",
      ca: corporate.certificatePem,
      minVersion: version,
      maxVersion: version,
    };
    const first = connectTls({ ...common, cert: clients.walrus.pem, key: clients.walrus.keyPem });
    let session: Buffer | undefined;
    first.on("session", (given: Buffer) => {
      session = given;
    });
    await once(first, "secureConnect");
    assert.match(await saidTo(first), /^HTTP\/1\.1 200 /);
    // TLS 1.2 gives its session with the handshake, TLS 1.3 in a message behind it, if at all.
    session ??= first.getSession();
    first.destroy();
    // Without its certificate, as it would be after the certificate's end; the session is all it shows.
    const second = connectTls({ ...common, ...(session === undefined ? {} : { session }) });
    await once(second, "secureConnect");
    assert.equal(second.isSessionReused(), false);
    assert.match(await saidTo(second), /^HTTP\/1\.1 407 /);
    second.destroy();
  });
}

test("on the plain listener nobody has a name, so what is for a name alone is refused", async () => {
  assert.equal((await stage.post(visit)).status, 403);
});

test("bytes that are no TLS are refused as such, and a client that leaves in mid-handshake leaves nothing behind", async () => {
  const port = stage.proxy.addresses.proxyTls?.port ?? 0;
  const plain = await Wire.open(port);
  const answer = await plain.send("GET http://app.diffgram.com/ HTTP/1.1\r\nHost: app.diffgram.com\r\n\r\n").answer();
  plain.close();
  assert.match(answer.body.toString(), /not-tls/);
  const half = connectTcp({ host: "127.0.0.1", port });
  await once(half, "connect");
  half.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
  half.end();
  await once(half.resume(), "close");
  assert.equal(await postAs(clients.walrus, wireBytes(visit)), 200);
});

test("a renewed certificate of the operator's own is taken at a reload", async () => {
  const serial = async (): Promise<string> => {
    const outer = await knock(clients.walrus);
    const found = outer.getPeerX509Certificate()?.serialNumber ?? "";
    outer.destroy();
    return found;
  };
  const before = await serial();
  await writeServerIdentity();
  assert.equal(await serial(), before);
  await stage.proxy.reload();
  assert.notEqual(await serial(), before);
});

test("credentials: hash prints, add replaces, remove removes; a weak password and a bad name are faults that hold no password", async () => {
  const file = join(folder, "made");
  const hashed = await runCliWith("first password\n", "credentials", "hash", "walrus");
  assert.match(hashed.stdout, /^walrus:scrypt:\d+:8:1:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+\n$/);
  for (const name of ["walrus", "seal", "walrus"])
    assert.equal((await runCliWith("another password\n", "credentials", "add", file, name)).code, 0);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(":", 1)[0]),
    ["seal", "walrus"],
  );
  assert.equal((await runCliWith("", "credentials", "remove", file, "seal")).code, 0);
  assert.equal((await runCliWith("", "credentials", "remove", file, "seal")).code, 1);
  for (const [password, name] of [
    ["short", "walrus"],
    ["long enough", "wal:rus"],
  ] as const) {
    const { code, stderr, stdout } = await runCliWith(`${password}\n`, "credentials", "add", file, name);
    assert.equal(code, 1);
    assert.ok(!(stderr + stdout).includes(password));
  }
});
