import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { createServer, connect } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls, TLSSocket } from "node:tls";
import { ConnectionLife } from "../../src/listen/connection-life.js";
import type { ConnectionBounds } from "../../src/listen/http-connection.js";
import { serveHttp2 } from "../../src/listen/http2-connection.js";
import type { ExchangeHandler } from "../../src/model/exchange-handler.js";
import { http2Frame } from "../support/http2-frame.js";
import { eventually } from "../support/running-proxy.js";
import { type Serving, serving } from "./serving.js";

/* One session: real TLS and real frames, and no proxy behind them. */

const TARGET = { scheme: "https", host: "a.example", port: 443, ip: undefined } as const;
const ASK = { ":method": "GET", ":path": "/", ":scheme": "https", ":authority": "a.example" };

interface Session extends Serving {
  readonly socket: TLSSocket;
  readonly served: Promise<void>;
}

interface Wish {
  readonly handle?: ExchangeHandler["handle"];
  readonly bounds?: Partial<ConnectionBounds>;
  readonly draining?: boolean;
  /** Before the session is served. */
  readonly meanwhile?: (server: TLSSocket) => Promise<void>;
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** :method GET, :scheme https, :path / and an authority, by HPACK's static table (RFC 7541, appendix A). */
const HEAD = Buffer.concat([Buffer.from([0x82, 0x87, 0x84, 0x41, 9]), Buffer.from("a.example")]);

/** The client's end of a session that is being served. */
async function session(context: TestContext, { handle, bounds = {}, draining = false, meanwhile }: Wish): Promise<Session> {
  const made = await serving(handle);
  // As every listener of the proxy.
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const secureContext = await made.parts.leaves.contextFor("a.example");
  const accepted = new Promise<TLSSocket>((resolve) => {
    server.once("connection", (plain) => {
      const secure = new TLSSocket(plain, { isServer: true, secureContext, ALPNProtocols: ["h2"] });
      secure.on("error", () => undefined);
      secure.once("secure", () => resolve(secure));
    });
  });
  const plain = connect({ host: "127.0.0.1", port: typeof bound === "object" ? (bound?.port ?? 0) : 0 });
  const socket = connectTls({ socket: plain, servername: "a.example", ca: made.caPem, ALPNProtocols: ["h2"] });
  socket.on("error", () => undefined);
  const standing = await accepted;
  await meanwhile?.(standing);
  const { parts } = made;
  const served = serveHttp2(standing, {
    origin: { kind: "target", target: TARGET },
    entry: "connect",
    client: { address: "10.0.0.1", port: 4711, identity: undefined },
    handler: parts.handler,
    bounds: { ...parts.bounds, ...bounds },
    bodies: parts.bodies,
    parseStreamHead: parts.parseStreamHead,
    streams: 20,
    life: new ConnectionLife(() => draining),
    logger: parts.logger,
  });
  context.after(() => {
    socket.destroy();
    standing.destroy();
    server.close();
    made.remove();
  });
  return { ...made, socket, served };
}

function client(socket: TLSSocket): ClientHttp2Session {
  const opened = connectHttp2("https://a.example", { createConnection: () => socket });
  opened.on("error", () => undefined);
  return opened;
}

async function answerOf(stream: ClientHttp2Stream): Promise<number> {
  stream.resume();
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  return Number(headers[":status"]);
}

test("a session that begins while the listener drains is over at once", { timeout: 30_000 }, async (context) => {
  const { socket, served } = await session(context, { draining: true, bounds: { headersMs: 600_000, idleMs: 600_000 } });
  const opened = client(socket);
  await once(opened, "close");
  await served;
});

test("a session whose client has gone before it begins is over at once", { timeout: 30_000 }, async (context) => {
  const { served, errors } = await session(context, {
    bounds: { headersMs: 600_000, idleMs: 600_000 },
    meanwhile: async (server) => {
      server.destroy();
      await once(server, "close");
    },
  });
  await served;
  assert.deepEqual(errors, []);
});

test("a fault in the middle of an answer resets its stream, and nothing says that the answer ended", {
  timeout: 30_000,
}, async (context) => {
  let go = (): void => undefined;
  const has = new Promise<void>((resolve) => (go = resolve));
  const { socket, errors } = await session(context, {
    handle: async (_, __, answer) => {
      answer.head(200, []);
      answer.data(Buffer.from("abc"));
      await has;
      throw new Error("unforeseen");
    },
  });
  const stream = client(socket).request(ASK);
  stream.on("error", () => undefined);
  stream.once("data", go);
  await new Promise((resolve) => stream.once("close", resolve));
  assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
  assert.deepEqual(errors, [{ fault: "Error" }]);
});

test("answers that break off at this side are no flood of the client's, however many", { timeout: 30_000 }, async (context) => {
  const { socket, refused } = await session(context, {
    handle: (_, __, answer) => {
      answer.head(200, []);
      answer.abort();
      return Promise.resolve();
    },
  });
  const opened = client(socket);
  for (let n = 0; n < 150; n += 1) {
    const stream = opened.request(ASK);
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.once("close", resolve));
    assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
  }
  assert.deepEqual([refused, opened.destroyed], [[], false]);
});

test("a client that ends its connection in the middle of an exchange has left: exchange and session are over at once", {
  timeout: 30_000,
}, async (context) => {
  let began = (): void => undefined;
  const inFlight = new Promise<void>((resolve) => (began = resolve));
  let left = 0;
  const { socket, served } = await session(context, {
    bounds: { headersMs: 600_000, idleMs: 600_000 },
    handle: (_, __, answer) =>
      new Promise((resolve) => {
        answer.onClose(() => {
          left += 1;
          resolve();
        });
        began();
      }),
  });
  client(socket)
    .request(ASK)
    .on("error", () => undefined);
  await inFlight;
  socket.end();
  await served;
  assert.equal(left, 1);
});

test("a session is at rest once no stream is open: a slow exchange outlasts the time of silence", { timeout: 30_000 }, async (context) => {
  let release = (): void => undefined;
  const { socket, served } = await session(context, {
    // The first time is also the client's for its first head.
    bounds: { headersMs: 300, idleMs: 20 },
    handle: async (_, __, answer) => {
      await new Promise<void>((resolve) => (release = resolve));
      answer.head(200, []);
      answer.end();
    },
  });
  const opened = client(socket);
  let away = false;
  opened.once("goaway", () => (away = true));
  const before = release;
  const slow = opened.request(ASK);
  slow.on("error", () => undefined);
  const answered = answerOf(slow);
  await eventually("the exchange is in flight", () => release !== before);
  await pause(700);
  assert.equal(away, false);
  release();
  assert.equal(await answered, 200);
  // And then it is: nothing opens a stream any more.
  await served;
});

test("a flood is recorded once, whatever its end brings with it", { timeout: 30_000 }, async (context) => {
  let inFlight = 0;
  const { socket, served, refused } = await session(context, {
    handle: async (_, __, answer) => {
      inFlight += 1;
      await new Promise<void>((resolve) => answer.onClose(resolve));
    },
  });
  socket.resume();
  const opening = Array.from({ length: 10 }, (_, index) => http2Frame(1, 5, index * 2 + 1, HEAD));
  socket.write(Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), ...opening]));
  await eventually("ten are in flight", () => inFlight === 10);
  // Each of the ten is reset by the session's end, which counts too.
  socket.write(Buffer.concat(Array.from({ length: 150 }, () => http2Frame(6, 0, 0, Buffer.alloc(8)))));
  await served;
  await pause(5);
  assert.deepEqual(refused, ["message-malformed"]);
});

test("answers that are never taken and cancelled are a flood too, once they are enough", { timeout: 30_000 }, async (context) => {
  let answered = 0;
  const { socket, served, refused } = await session(context, {
    bounds: { headersMs: 600_000, idleMs: 600_000 },
    handle: async (_, body, answer) => {
      await body.capture(10);
      answer.head(200, []);
      answer.data(Buffer.from("nowhere to go"));
      answer.end();
      answered += 1;
    },
  });
  socket.resume();
  // SETTINGS_INITIAL_WINDOW_SIZE 0: answers end here, and don't arrive.
  socket.write(Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.from("000400000000", "hex"))]));
  const post = Buffer.concat([Buffer.from([0x83]), HEAD.subarray(1)]);
  for (let id = 1; id <= 221 && !socket.destroyed; id += 2) {
    const before = answered;
    socket.write(Buffer.concat([http2Frame(1, 4, id, post), http2Frame(0, 1, id, Buffer.from("{}"))]));
    while (answered === before && !socket.destroyed) await pause(1);
    socket.write(http2Frame(3, 0, id, Buffer.from([0, 0, 0, 8])));
  }
  await served;
  assert.deepEqual(refused, ["message-malformed"]);
});

test("resets that say NO_ERROR are counted like any: a flood of them ends the session and is recorded", async (context) => {
  const { socket, served, refused } = await session(context, { handle: () => new Promise(() => undefined) });
  const frames = [PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0))];
  // Fewer than nghttp2 itself lets pass at once (1,000), so that ours alone ends it.
  for (let stream = 1; stream < 400; stream += 2) frames.push(http2Frame(1, 4, stream, HEAD), http2Frame(3, 0, stream, Buffer.alloc(4)));
  socket.write(Buffer.concat(frames));
  await eventually("the flood is recorded", () => Promise.resolve(refused.includes("message-malformed")));
  await served;
});
