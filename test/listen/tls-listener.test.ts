import assert from "node:assert/strict";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { listenExplicit } from "../../src/listen/explicit-listener.js";
import { TlsDoor } from "../../src/listen/tls-door.js";
import { listenProxyTls } from "../../src/listen/tls-listener.js";
import { eventually } from "../support/running-proxy.js";
import { certificate } from "../tls/certificates.js";
import { anywhere, client, type Serving, serving } from "./serving.js";

/* listen.proxy-tls and the tunnel's TLS: who gets in, and what is said of those that don't. */

async function behindTls(context: TestContext, handshakeMs: number): Promise<Serving & { readonly port: number }> {
  const made = await serving();
  const own = await certificate({ name: "proxy" });
  const door = await TlsDoor.open({
    identity: () => Promise.resolve({ cert: own.pem, key: own.keyPem, renewAt: Number.MAX_SAFE_INTEGER }),
    clientCas: () => [],
    handshakeMs,
    now: () => 0,
    onStale: () => undefined,
  });
  const parts = { ...made.parts, bounds: { ...made.parts.bounds, handshakeMs } };
  const listener = await listenProxyTls({ ...anywhere(), door, certificates: false, authenticate: undefined }, parts);
  context.after(async () => {
    await listener.drain(0);
    made.remove();
  });
  return { ...made, port: listener.address.port };
}

async function session(port: number): Promise<TLSSocket> {
  const secure = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  secure.on("error", () => undefined);
  await once(secure, "secureConnect");
  return secure;
}

test("where nobody is asked who they are everybody may ask, and what is served is nothing else besides", {
  timeout: 60_000,
}, async (context) => {
  const { port, refused, failures, errors } = await behindTls(context, 20_000);
  const secure = await session(port);
  let heard = "";
  secure.on("data", (piece: Buffer) => (heard += piece.toString("latin1")));
  secure.write("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
  await once(secure, "close");
  assert.match(heard, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  // A connection behind it, so that whatever the first one led to has been said.
  (await session(port)).destroy();
  assert.deepEqual([refused, failures, errors], [[], [], []]);
});

test("who breaks off the handshake is named, and refused nothing", { timeout: 60_000 }, async (context) => {
  const { port, refused, failures, errors, warnings } = await behindTls(context, 20_000);
  const leaving = await client(port);
  // A handshake record that holds no ClientHello.
  leaving.socket.write(Buffer.from("160301000501000001ff", "hex"));
  leaving.socket.end();
  await leaving.over();
  leaving.socket.destroy();
  await eventually("it is told", () => warnings.length > 0);
  assert.equal(failures.length, 1);
  assert.deepEqual(warnings, [{ client: "127.0.0.1", host: undefined, reason: failures[0] }]);
  assert.deepEqual([refused, errors], [[], []]);
});

test("who opens a connection and leaves it is counted as one that never said hello, at the proxy's own TLS and in a tunnel", {
  timeout: 60_000,
}, async (context) => {
  const tls = await behindTls(context, 20_000);
  const { socket } = await client(tls.port);
  socket.end();
  await eventually("it is counted", () => tls.failures.length > 0);
  assert.deepEqual([tls.failures, tls.errors], [["closed-before-hello"], []]);
  const plain = await serving();
  const listener = await listenExplicit(anywhere(), plain.parts);
  context.after(async () => {
    await listener.drain(0);
    plain.remove();
  });
  const tunnel = await client(listener.address.port);
  tunnel.socket.write("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
  await eventually("the tunnel stands", () => tunnel.heard().includes("200"));
  tunnel.socket.end();
  await eventually("it is counted", () => plain.failures.length > 0);
  assert.deepEqual([plain.failures, plain.errors], [["closed-before-hello"], []]);
});

test("a tunnel that is closed while its leaf is minted is not waited for", { timeout: 60_000 }, async (context) => {
  const made = await serving();
  context.after(() => made.remove());
  let mint = (): void => undefined;
  const minting = new Promise<void>((resolve) => (mint = resolve));
  let asked = false;
  const leaves = {
    contextFor: async (host: string) => {
      asked = true;
      await minting;
      return made.parts.leaves.contextFor(host);
    },
  };
  const parts = { ...made.parts, leaves, bounds: { ...made.parts.bounds, handshakeMs: 600_000 } };
  const listener = await listenExplicit(anywhere(), parts);
  const { socket, over } = await client(listener.address.port);
  socket.write("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
  socket.write(Buffer.from("160301000501000001ff", "hex"));
  await eventually("a leaf is asked for", () => asked);
  await listener.drain(0);
  await over();
  mint();
  await eventually("it is counted", () => made.failures.length > 0);
  assert.deepEqual([made.failures, made.errors], [["closed"], []]);
});
