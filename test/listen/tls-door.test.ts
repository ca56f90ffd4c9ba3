import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { before, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type DoorIdentity, TlsDoor } from "../../src/listen/tls-door.js";
import { certificate, type Made } from "../tls/certificates.js";

/* The listener's own certificate, over real sockets and handshakes. */

let first: Made;
let second: Made;
before(async () => {
  [first, second] = [await certificate({ name: "first" }), await certificate({ name: "second" })];
});

const identity = (made: Made, renewAt: number): DoorIdentity => ({ cert: made.pem, key: made.keyPem, renewAt });

interface Ends {
  readonly client: Socket;
  readonly server: Socket;
}

/** A connection's two ends; the server's is not read yet. */
async function connection(context: TestContext): Promise<Ends> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const socket = connect({ host: "127.0.0.1", port: typeof bound === "object" ? (bound?.port ?? 0) : 0 });
  const [other] = await accepted;
  for (const end of [socket, other]) end.on("error", () => undefined);
  context.after(() => {
    socket.destroy();
    other.destroy();
    server.close();
  });
  return { client: socket, server: other };
}

function handshake(socket: Socket): TLSSocket {
  const session = connectTls({ socket, rejectUnauthorized: false });
  session.on("error", () => undefined);
  return session;
}

async function nameShown(door: TlsDoor, context: TestContext): Promise<string> {
  const { client, server } = await connection(context);
  const session = handshake(client);
  const agreed = once(session, "secureConnect");
  assert.notEqual(typeof (await door.accept(server, 20_000)), "string");
  await agreed;
  return session.getPeerX509Certificate()?.subject ?? "";
}

test("a certificate is taken anew from its time on, and not before", async (context) => {
  const kept = [identity(first, 1_000), identity(second, 2_000)];
  let now = 0;
  const door = await TlsDoor.open({
    identity: () => Promise.resolve(kept.shift() ?? identity(first, 3_000)),
    clientCas: () => [],
    handshakeMs: 20_000,
    now: () => now,
    onStale: () => assert.fail("it can be had"),
  });
  now = 999;
  assert.equal(await nameShown(door, context), "CN=first");
  now = 1_000;
  assert.equal(await nameShown(door, context), "CN=second");
  assert.equal(kept.length, 0);
});

test("where no new certificate can be had the old one stays, and that is said", async (context) => {
  let stale = 0;
  let asked = 0;
  const door = await TlsDoor.open({
    identity: () => (asked++ === 0 ? Promise.resolve(identity(first, 0)) : Promise.reject(new Error("gone"))),
    clientCas: () => [],
    handshakeMs: 20_000,
    now: () => 1,
    onStale: () => (stale += 1),
  });
  assert.equal(await nameShown(door, context), "CN=first");
  assert.equal(stale, 1);
});

test("a client that is gone once the new certificate is there is not waited for", { timeout: 30_000 }, async (context) => {
  let asked = 0;
  let give = (): void => undefined;
  const door = await TlsDoor.open({
    identity: () =>
      asked++ === 0 ? Promise.resolve(identity(first, 0)) : new Promise((resolve) => (give = () => resolve(identity(second, 9)))),
    clientCas: () => [],
    handshakeMs: 600_000,
    now: () => 1,
    onStale: () => assert.fail("it can be had"),
  });
  const { server } = await connection(context);
  const outcome = door.accept(server, 600_000);
  // As a drain does.
  server.destroy();
  await once(server, "close");
  give();
  assert.equal(await outcome, "closed");
});

test("a handshake that comes to its end after its time is nobody's, and is closed", { timeout: 30_000 }, async (context) => {
  const door = await TlsDoor.open({
    identity: () => Promise.resolve(identity(first, Number.MAX_SAFE_INTEGER)),
    clientCas: () => [],
    handshakeMs: 20_000,
    now: () => 0,
    onStale: () => undefined,
  });
  const { client, server } = await connection(context);
  assert.equal(await door.accept(server, 1), "timeout");
  await pause(1);
  const session = handshake(client);
  session.resume();
  await once(session, "close");
});
