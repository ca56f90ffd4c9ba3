import assert from "node:assert/strict";
import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ChunkedDecoder } from "../../src/http/chunked.js";
import { BodyBudget } from "../../src/listen/body-budget.js";
import { ConnectionLife } from "../../src/listen/connection-life.js";
import { type ConnectionBounds, type ConnectionOptions, type Served, serveConnection } from "../../src/listen/http-connection.js";
import type { AnswerSink } from "../../src/model/answer.js";
import type { Exchange, Head, HeaderField } from "../../src/model/exchange.js";
import type { BodySource, ExchangeHandler } from "../../src/model/exchange-handler.js";
import { isRefusal, refusal, type Refusal } from "../../src/model/refusal.js";

/* One connection, its client and what stands behind it, without a network: what is read, when, and what ends it. */

const TARGET = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined } as const;
const CLIENT = { address: "10.0.0.1", port: 4711, identity: undefined };
const BOUNDS: ConnectionBounds = { headerBytes: 200, headersMs: 2_000, bodyMs: 2_000, idleMs: 2_000, handshakeMs: 2_000 };

/** A head that this test can read: the first word is the method, `connect` and `bad` say what they are. */
function parseHead(bytes: Buffer): Head | Refusal {
  const [line = "", ...lines] = bytes.toString("latin1").split("\r\n");
  const [method = ""] = line.split(" ");
  if (method === "bad") return refusal("message-malformed", "bad");
  const headers = lines.map((field): HeaderField => [field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 2)]);
  if (method === "CONNECT") return { method, target: TARGET, headers };
  const value = (name: string): string | undefined => headers.find(([known]) => known === name)?.[1];
  const length = value("Length");
  return {
    method,
    target: TARGET,
    path: "/",
    query: undefined,
    headers,
    keepAlive: value("Close") === undefined,
    minor: 1,
    framing:
      length !== undefined
        ? { kind: "length", length: Number(length) }
        : value("Chunked") !== undefined
          ? { kind: "chunked" }
          : { kind: "none" },
    expectContinue: value("Expect") !== undefined,
  };
}

type Handle = (exchange: Exchange, body: BodySource, answer: AnswerSink) => Promise<void>;

function reply(answer: AnswerSink, text: string): void {
  answer.head(200, [["Content-Length", String(text.length)]]);
  if (text !== "") answer.data(Buffer.from(text));
  answer.end();
}

/** Reads the body and says what it was, or why it was none. */
const echo: Handle = async (_, body, answer) => {
  const bytes = await body.capture(100);
  reply(answer, isRefusal(bytes) ? bytes.refused : `[${bytes.toString()}]`);
};

/** Answers without reading. */
const unread: Handle = (_, __, answer) => {
  reply(answer, "no");
  return Promise.resolve();
};

interface Play {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly served: Promise<Served>;
  readonly refused: string[];
  readonly exchanges: Exchange[];
  readonly budget: BodyBudget;
  heard: () => string;
  /** Until the answer holds it. */
  hears(text: string): Promise<void>;
}

function play(changes: Partial<ConnectionOptions> & { handle?: Handle; connectionBounds?: Partial<ConnectionBounds> } = {}): Play {
  const [client, server] = duplexPair();
  const refused: string[] = [];
  const exchanges: Exchange[] = [];
  const budget = new BodyBudget(1_000);
  const handler: ExchangeHandler = {
    parseHead,
    connect: () => undefined,
    handle: async (exchange, body, answer) => {
      exchanges.push(exchange);
      await (changes.handle ?? echo)(exchange, body, answer);
    },
    refuse: (why, _, answer) => {
      refused.push(why.refused);
      answer.head(403, [["Content-Length", "0"]]);
      answer.end();
      return Promise.resolve();
    },
  };
  let heard = "";
  client.on("data", (piece: Buffer) => (heard += piece.toString("latin1")));
  const served = serveConnection(server, {
    origin: { kind: "proxy" },
    entry: "absolute",
    client: CLIENT,
    handler,
    newChunkedDecoder: () => new ChunkedDecoder(),
    bodies: budget,
    life: new ConnectionLife(() => false),
    ...changes,
    bounds: { ...BOUNDS, ...changes.connectionBounds },
  });
  return {
    client,
    server,
    served,
    refused,
    exchanges,
    budget,
    heard: () => heard,
    async hears(text) {
      for (let turn = 0; turn < 2_000 && !heard.includes(text); turn += 1) await pause(1);
      assert.ok(heard.includes(text), `${JSON.stringify(heard)} holds ${text}`);
    },
  };
}

/** Everything that the client hears, to the end. */
async function ending({ client, served, heard }: Play): Promise<string> {
  const ended = client.readableEnded ? undefined : once(client, "end");
  assert.deepEqual(await served, { kind: "done" });
  await ended;
  return heard();
}

const OK = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

test("a head of many lines that comes byte by byte is looked at once, not once a byte", async (context) => {
  const played = play({ connectionBounds: { headerBytes: 20_000 } });
  const looks = context.mock.method(Buffer.prototype, "indexOf");
  const head = Buffer.from(`GET /\r\n${"a\r\n".repeat(3_000)}\r\n`);
  for (const byte of head) {
    played.client.write(Buffer.from([byte]));
    // Each byte is seen by itself, as each record of a TLS client is.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await played.hears("200");
  // The head's end and a line's end, each time that something comes: with a look at every line so far it is some thousand times as many.
  assert.ok(looks.mock.callCount() < 4 * head.length, `${looks.mock.callCount()} looks at ${head.length} bytes`);
});

test("requests on one connection are served one after the other, in pieces or ahead of their turn", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\n\r\nabPOST /\r\nChunked: 1\r\n\r\n1\r\nc\r\n0\r\n\r\nGE");
  await one.hears("[c]");
  one.client.write("T /\r\n\r");
  await pause(2);
  one.client.write("\n");
  await one.hears("[]");
  one.client.end();
  assert.equal(await ending(one), OK("[ab]") + OK("[c]") + OK("[]"));
  assert.equal(one.budget.total, 0, "memory for bodies is given back");
});

test("a client that asks for the connection's end gets it", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\nClose: 1\r\n\r\nabPOST /\r\n\r\n");
  const heard = await ending(one);
  assert.match(heard, /Connection: close/);
  assert.equal(one.exchanges.length, 1);
});

test("a head that can't be read is refused, and what stands behind it is not", async () => {
  const one = play();
  one.client.write("bad\r\n\r\nGET /\r\n\r\n");
  assert.match(await ending(one), /^HTTP\/1\.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/);
  assert.deepEqual([one.refused, one.exchanges.length], [["message-malformed"], 0]);
});

test("a CONNECT takes the connection over, with the bytes behind it", async () => {
  const one = play();
  one.client.write("CONNECT x\r\n\r\n\u0016\u0003");
  const served = await one.served;
  assert.equal(served.kind, "connect");
  assert.equal(served.kind === "connect" ? served.rest.toString("latin1") : "", "\u0016\u0003");
});

test("whoever may not ask is refused before the request is looked at; whoever may is known by name, and the credentials stay here", async () => {
  const authenticate: ConnectionOptions["authenticate"] = (headers) =>
    Promise.resolve(
      headers.some(([, value]) => value === "right") ? { ...CLIENT, identity: "walrus" } : refusal("proxy-authentication-required", "no"),
    );
  const stranger = play({ authenticate });
  stranger.client.write("GET /\r\n\r\nGET /\r\nProxy-Authorization: right\r\n\r\n");
  await ending(stranger);
  assert.deepEqual([stranger.refused, stranger.exchanges.length], [["proxy-authentication-required"], 0]);
  const known = play({ authenticate });
  known.client.write("GET /\r\nProxy-Authorization: right\r\nX: y\r\n\r\n");
  await known.hears("[]");
  known.client.end();
  await ending(known);
  assert.equal(known.exchanges[0]?.client.identity, "walrus");
  assert.deepEqual(known.exchanges[0]?.head.headers, [["X", "y"]]);
});

test("where the handshake did not fit the tunnel every request is refused so, readable or not", async () => {
  for (const head of ["POST /\r\nLength: 2\r\n\r\nab", "bad\r\n\r\n"]) {
    const one = play({ refuseAll: refusal("sni-mismatch", "no") });
    one.client.write(`${head}GET /\r\n\r\n`);
    await ending(one);
    assert.deepEqual([one.refused, one.exchanges.length], [["sni-mismatch"], 0]);
  }
});

test("a drain ends a connection behind the answer to what has come, and the answer says so", async () => {
  let draining = false;
  const busy = play({
    life: new ConnectionLife(() => draining),
    handle: async (exchange, body, answer) => {
      draining = true;
      await echo(exchange, body, answer);
    },
  });
  busy.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  assert.match(await ending(busy), /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n\r\n/s);
  assert.equal(busy.exchanges.length, 1);
  const come = play({ life: new ConnectionLife(() => true) });
  come.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  assert.match(await ending(come), /Connection: close/);
  assert.equal(come.exchanges.length, 1);
});

test("the last answer of a connection is not cut off from a client that is slow to take it; past the time of silence it is", async () => {
  const large = "x".repeat(300_000);
  const options: Parameters<typeof play>[0] = {
    life: new ConnectionLife(() => true),
    handle: (_, __, answer) => {
      reply(answer, large);
      return Promise.resolve();
    },
  };
  const slow = play({ ...options, connectionBounds: { idleMs: 20_000 } });
  slow.client.pause();
  slow.client.write("GET /\r\n\r\n");
  await slow.served;
  // For longer than a client may take that has it all.
  await pause(1_200);
  const ended = once(slow.client, "end");
  slow.client.resume();
  await ended;
  assert.ok(slow.heard().endsWith(large));
  const silent = play({ ...options, connectionBounds: { idleMs: 30 } });
  silent.client.pause();
  silent.client.write("GET /\r\n\r\n");
  await silent.served;
  if (!silent.server.destroyed) await once(silent.server, "close");
});

test("a drain ends a connection between requests once the client has what was answered, and one without an answer at once", async () => {
  const large = "x".repeat(300_000);
  const life = new ConnectionLife(() => false);
  const slow = play({
    life,
    handle: (_, __, answer) => {
      reply(answer, large);
      return Promise.resolve();
    },
  });
  slow.client.pause();
  slow.client.write("GET /\r\n\r\n");
  while (slow.server.writableLength === 0) await pause(1);
  assert.equal(life.drain(), true);
  const ended = once(slow.client, "end");
  slow.client.resume();
  await ended;
  assert.ok(slow.heard().endsWith(large));
  assert.deepEqual(await slow.served, { kind: "done" });

  const resting = play({ life });
  assert.equal(life.drain(), true);
  assert.deepEqual(await resting.served, { kind: "done" });
  assert.equal(resting.server.destroyed, true);
});

test("a drain waits for who is just being asked who they are", async () => {
  let draining = false;
  let know: ((client: typeof CLIENT) => void) | undefined;
  const life = new ConnectionLife(() => draining);
  const asked = play({ life, authenticate: () => new Promise((resolve) => (know = resolve)) });
  asked.client.write("GET /\r\n\r\n");
  while (know === undefined) await pause(1);
  draining = true;
  life.drain();
  know(CLIENT);
  assert.match(await ending(asked), /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n\r\n/s);
});

test("a client that goes between requests ends the connection; one that goes in mid-head is told nothing", async () => {
  for (const sent of ["", "GET /\r\nX"]) {
    const one = play();
    if (sent !== "") one.client.write(sent);
    one.client.end();
    assert.equal(await ending(one), "");
    assert.deepEqual(one.refused, []);
  }
});

test("silence between requests is no fault; a head that does not come to its end is refused as late", async () => {
  const silent = play({ connectionBounds: { idleMs: 20 } });
  assert.equal(await ending(silent), "");
  assert.deepEqual(silent.refused, []);
  const half = play({ connectionBounds: { headersMs: 20 } });
  half.client.write("GET /\r\nX");
  await ending(half);
  assert.deepEqual(half.refused, ["request-late"]);
});

for (const [sentence, sent, why] of [
  ["a head one byte over its bound", `GET /${"x".repeat(196)}\r\n\r\n`, "headers-too-large"],
  ["a head over its bound without an end", `GET /${"x".repeat(196)}`, "headers-too-large"],
  ["TLS", "\u0016\u0003\u0001\u0000", "protocol-not-allowed"],
  ["a bare LF", "GET /\nX", "message-malformed"],
  ["a bare LF first", "\nX", "message-malformed"],
] as const) {
  test(`${sentence} is refused before more comes: ${why}`, async () => {
    const one = play();
    one.client.write(sent, "latin1");
    await ending(one);
    assert.deepEqual(one.refused, [why]);
  });
}

for (const [sentence, sent] of [
  ["a head of its bound exactly", `GET /${"x".repeat(195)}`],
  ["a first byte alone as TLS has it", "\u0016GET /"],
  ["a second byte alone as TLS has it", "G\u0003ET /"],
  ["lines that end by CRLF", "GET /\r\nX: y"],
] as const) {
  test(`${sentence} is waited for`, async () => {
    const one = play();
    one.client.write(sent, "latin1");
    await pause(5);
    assert.deepEqual(one.refused, []);
    one.client.write("\r\n\r\n");
    await one.hears("200 OK");
    one.client.end();
    await ending(one);
  });
}

test("a body that nobody read is read past, so that the next request is one", async () => {
  const one = play({ handle: unread });
  one.client.write("POST /\r\nLength: 12\r\n\r\nGET /x\r\n\r\n");
  one.client.write("..GET /\r\n\r\n");
  await one.hears(OK("no") + OK("no"));
  one.client.end();
  await ending(one);
  assert.deepEqual(
    one.exchanges.map(({ head }) => head.method),
    ["POST", "GET"],
  );
});

test("a body that nobody read and that has no readable end closes the connection", async () => {
  const one = play({ handle: unread });
  one.client.write("POST /\r\nChunked: 1\r\n\r\nx\r\nGET /\r\n\r\n");
  await ending(one);
  assert.equal(one.exchanges.length, 1);
});

test("a body that was refused closes the connection: where it ends is unknown", async () => {
  const one = play();
  one.client.write(`POST /\r\nLength: 101\r\n\r\n${"x".repeat(101)}GET /\r\n\r\n`);
  assert.match(await ending(one), /Connection: close\r\n\r\nbody-too-large$/);
  assert.equal(one.exchanges.length, 1);
});

test("a client that waits for 100 gets it where its body is wanted, once, and keeps its connection", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\n\r\n");
  await one.hears("HTTP/1.1 100 Continue\r\n\r\n");
  one.client.write("ab");
  await one.hears("[ab]");
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\n\r\ncd");
  await one.hears("[cd]");
  one.client.end();
  assert.equal(await ending(one), `HTTP/1.1 100 Continue\r\n\r\n${OK("[ab]")}${OK("[cd]")}`, "who sends its body at once is not told to");
});

test("a client that waits for 100, wants its connection closed and sends its body has it closed", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\nClose: 1\r\n\r\nabGET /\r\n\r\n");
  assert.match(await ending(one), /Connection: close\r\n\r\n\[ab\]$/);
  assert.equal(one.exchanges.length, 1);
});

test("a client that waits for 100 and is answered without it has its connection closed: it may send its body or not", async () => {
  const one = play({ handle: unread });
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\n\r\nab");
  assert.match(await ending(one), /Connection: close/);
});

test("inside TLS an end is a leave: what waits for the upstream is given up", async () => {
  let left = false;
  const one = play({
    origin: { kind: "target", target: TARGET },
    handle: (_, __, answer) =>
      new Promise((resolve) => {
        answer.onClose(() => {
          left = true;
          resolve();
        });
      }),
  });
  one.client.write("GET /\r\n\r\n");
  while (one.exchanges.length === 0) await pause(1);
  one.client.end();
  await one.served;
  assert.ok(left);
});

test("answers that nobody takes are not piled up: the next request waits for them, and past the time of silence the connection is cut", async () => {
  const large = "x".repeat(100_000);
  const options: Parameters<typeof play>[0] = {
    handle: (_, __, answer) => {
      reply(answer, large);
      return Promise.resolve();
    },
    connectionBounds: { idleMs: 60 },
  };
  const stuck = play(options);
  stuck.client.pause();
  stuck.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  assert.deepEqual(await stuck.served, { kind: "done" });
  assert.ok(stuck.server.destroyed);
  assert.equal(stuck.exchanges.length, 1);
  const slow = play({ ...options, connectionBounds: { idleMs: 2_000 } });
  slow.client.pause();
  slow.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  await pause(20);
  assert.equal(slow.exchanges.length, 1);
  slow.client.resume();
  while (slow.exchanges.length < 2) await pause(1);
  slow.client.end();
  await slow.served;
});

test("an answer that can't be finished cuts the connection", async () => {
  const one = play({
    handle: (_, __, answer) => {
      answer.abort();
      return Promise.resolve();
    },
  });
  one.client.write("GET /\r\n\r\n");
  assert.deepEqual(await one.served, { kind: "done" });
  assert.ok(one.server.destroyed);
});
