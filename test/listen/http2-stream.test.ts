import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BodyBudget } from "../../src/listen/body-budget.js";
import { ConnectionLife } from "../../src/listen/connection-life.js";
import type { Http2Options } from "../../src/listen/http2-options.js";
import { serveStream } from "../../src/listen/http2-stream.js";
import type { AnswerSink } from "../../src/model/answer.js";
import type { Exchange, HeaderField, RequestHead } from "../../src/model/exchange.js";
import type { BodySource } from "../../src/model/exchange-handler.js";
import { http2Frame } from "../support/http2-frame.js";
import { isRefusal, type Refusal, refusal } from "../../src/model/refusal.js";

/* One stream, its client and what stands behind it: real HTTP/2 frames, and no proxy. */

const TARGET = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined } as const;

type Handle = (exchange: Exchange, body: BodySource, answer: AnswerSink) => Promise<void>;

/** How the next stream is served. */
interface Serving {
  readonly head?: Partial<RequestHead> | Refusal;
  readonly handle?: Handle;
  readonly refuseAll?: Refusal;
  readonly idleMs?: number;
  readonly bodyMs?: number;
  readonly budget?: BodyBudget;
}

const echo: Handle = async (_, body, answer) => {
  const bytes = await body.capture(10);
  const text = isRefusal(bytes) ? bytes.refused : `[${bytes.toString()}]`;
  answer.head(200, [["X-Answer", text]]);
  answer.end();
};

let server: Http2Server;
let session: ClientHttp2Session;
let port = 0;
let serving: Serving = {};
let refused: string[] = [];
let handled = 0;
let stream: ServerHttp2Stream;
let served: Promise<void>;
let budget: BodyBudget;

before(async () => {
  server = createServer();
  server.on("stream", (opened, _, flags) => {
    stream = opened;
    stream.on("error", () => undefined);
    served = serveStream(opened, [[":method", String(_[":method"])]], (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0, options());
    served.catch(() => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" ? (address?.port ?? 0) : 0;
  session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
});
after(() => {
  session.destroy();
  server.close();
});

function options(): Http2Options {
  const now = serving;
  budget = now.budget ?? new BodyBudget(1_000);
  return {
    origin: { kind: "target", target: TARGET },
    entry: "connect",
    client: { address: "10.0.0.1", port: 4711, identity: undefined },
    bounds: { headerBytes: 1_000, headersMs: 1_000, bodyMs: now.bodyMs ?? 2_000, idleMs: now.idleMs ?? 2_000, handshakeMs: 1_000 },
    bodies: budget,
    streams: 10,
    life: new ConnectionLife(() => false),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...(now.refuseAll === undefined ? {} : { refuseAll: now.refuseAll }),
    parseStreamHead: (fields: readonly HeaderField[], target, ended) => {
      if (now.head !== undefined && isRefusal(now.head)) return now.head;
      const method = fields.find(([name]) => name === ":method")?.[1] ?? "";
      const framing: RequestHead["framing"] = ended ? { kind: "none" } : { kind: "chunked" };
      return {
        method,
        target,
        path: "/",
        query: undefined,
        headers: [],
        keepAlive: true,
        minor: 1,
        framing,
        expectContinue: false,
        ...now.head,
      };
    },
    handler: {
      parseHead: () => refusal("message-malformed", "not asked here"),
      connect: () => undefined,
      handle: async (exchange, body, answer) => {
        handled += 1;
        await (now.handle ?? echo)(exchange, body, answer);
      },
      refuse: (why, _, answer) => {
        refused.push(why.refused);
        answer.head(403, []);
        answer.end();
        return Promise.resolve();
      },
    },
  };
}

interface Heard {
  readonly status: number | undefined;
  readonly answer: string | undefined;
  readonly body: string;
  readonly rst: number | undefined;
  readonly interim: number[];
}

interface Asked {
  readonly client: ClientHttp2Stream;
  readonly heard: Promise<Heard>;
}

function ask(how: Serving, method = "POST", endStream = false): Asked {
  serving = how;
  refused = [];
  handled = 0;
  const client = session.request({ ":method": method, ":path": "/" }, { endStream });
  client.on("error", () => undefined);
  const interim: number[] = [];
  let status: number | undefined;
  let answer: string | undefined;
  let body = "";
  client.on("headers", (headers) => interim.push(Number(headers[":status"])));
  client.on("response", (headers) => {
    status = headers[":status"];
    const field = headers["x-answer"];
    answer = Array.isArray(field) ? field.join("|") : field;
  });
  client.on("data", (piece: Buffer) => (body += piece.toString()));
  const heard = new Promise((resolve) => client.once("close", resolve)).then(() => ({
    status,
    answer,
    body,
    rst: client.rstCode,
    interim,
  }));
  return { client, heard };
}

test("a body in pieces is read whole, and its memory is given back", async () => {
  const { client, heard } = ask({});
  client.write("ab");
  await pause(3);
  client.end("cd");
  assert.deepEqual([(await heard).status, (await heard).answer, (await heard).rst], [200, "[abcd]", 0]);
  await served;
  assert.equal(budget.total, 0);
});

test("a request without a body has none", async () => {
  assert.equal((await ask({}, "GET", true).heard).answer, "[]");
});

for (const [sentence, head, sent, is] of [
  ["a body as long as stated", { framing: { kind: "length", length: 4 } }, "abcd", "[abcd]"],
  ["a body shorter than stated", { framing: { kind: "length", length: 5 } }, "abcd", "message-malformed"],
  ["a body longer than stated", { framing: { kind: "length", length: 3 } }, "abcd", "message-malformed"],
  ["a body that states more than the limit", { framing: { kind: "length", length: 11 } }, "abcd", "body-too-large"],
  ["a body over the limit", {}, "0123456789a", "body-too-large"],
] as const) {
  test(`${sentence}: ${is}`, async () => {
    const { client, heard } = ask({ head });
    client.end(sent);
    assert.equal((await heard).answer, is);
  });
}

test("a body past the memory for bodies, one with trailers, and one that comes too late are refused, each by its reason", async () => {
  const full = ask({ budget: new BodyBudget(8) });
  full.client.end("abcd");
  assert.equal((await full.heard).answer, "quota-exceeded");
  serving = {};
  const trailing = session.request({ ":method": "POST", ":path": "/" }, { endStream: false, waitForTrailers: true });
  trailing.on("wantTrailers", () => trailing.sendTrailers({ "x-more": "1" }));
  trailing.end("ab");
  const [headers] = (await once(trailing, "response")) as [Record<string, string>];
  assert.equal(headers["x-answer"], "message-ambiguous");
  trailing.close();
  const late = ask({ bodyMs: 20 });
  late.client.write("ab");
  assert.equal((await late.heard).answer, "request-late");
});

/** POST, `/`, http and an authority, by HPACK's static table (RFC 7541, appendix A). */
const HEAD_BLOCK = Buffer.from("83848641017a", "hex");

for (const [sentence, code] of [
  ["cancels", constants.NGHTTP2_CANCEL],
  ["resets without a fault", constants.NGHTTP2_NO_ERROR],
] as const) {
  for (const delay of [0, 20]) {
    test(`a stream that its client ${sentence} in mid-body is an incomplete body, read ${delay === 0 ? "before" : "after"} that`, async () => {
      let outcome: Buffer | Refusal | undefined;
      serving = {
        handle: async (_, body, answer) => {
          await pause(delay);
          outcome = await body.capture(10);
          answer.abort();
        },
      };
      handled = 0;
      // By hand: Node's own client ends the body before it resets.
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      socket.write(
        Buffer.concat([http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 4, 1, HEAD_BLOCK), http2Frame(0, 0, 1, Buffer.from("ab"))]),
      );
      while (handled === 0) await pause(1);
      await pause(delay / 4);
      socket.write(http2Frame(3, 0, 1, Buffer.from([0, 0, 0, code])));
      await served;
      socket.destroy();
      assert.ok(outcome !== undefined && isRefusal(outcome) && outcome.refused === "body-incomplete");
    });
  }
}

test("a client that waits for 100 gets it, others don't", async () => {
  const waiting = ask({ head: { expectContinue: true } });
  waiting.client.write("a");
  waiting.client.end();
  assert.deepEqual((await waiting.heard).interim, [100]);
  const other = ask({});
  other.client.end("a");
  assert.deepEqual((await other.heard).interim, []);
});

test("a head that can't be read is refused and goes no further; so is every stream where the handshake did not fit", async () => {
  for (const how of [{ head: refusal("message-malformed", "no") }, { refuseAll: refusal("message-malformed", "no") }]) {
    const { client, heard } = ask(how);
    client.end("ab");
    assert.equal((await heard).status, 403);
    assert.deepEqual([refused, handled], [["message-malformed"], 0]);
  }
});

test("fields that belong to a connection are left out, and one that stands three times stands three times", async () => {
  const { client, heard } = ask({
    handle: (_, __, answer) => {
      answer.head(200, [
        ["Connection", "keep-alive"],
        ["Keep-Alive", "timeout=5"],
        ["Transfer-Encoding", "chunked"],
        ["Upgrade", "h2c"],
        ["X-Answer", "a"],
        ["X-Answer", "b"],
        ["X-Answer", "c"],
      ]);
      answer.end();
      return Promise.resolve();
    },
  });
  client.end();
  assert.deepEqual([(await heard).status, (await heard).answer, (await heard).rst], [200, "a, b, c", 0]);
});

for (const [sentence, method, status] of [
  ["to HEAD", "HEAD", 200],
  ["of 204", "POST", 204],
  ["of 304", "POST", 304],
] as const) {
  test(`an answer ${sentence} has no body, whatever comes`, async () => {
    const { client, heard } = ask(
      {
        handle: (_, __, answer) => {
          answer.head(status, []);
          assert.equal(answer.data(Buffer.from("abc")), true);
          answer.end();
          return Promise.resolve();
        },
      },
      method,
    );
    client.end();
    assert.deepEqual([(await heard).status, (await heard).body, (await heard).rst], [status, "", 0]);
    await served;
  });
}

test("an answer is one head, its data, one end: what comes before, twice or behind is nothing", async () => {
  const { client, heard } = ask({
    handle: (_, __, answer) => {
      answer.data(Buffer.from("early"));
      answer.end();
      answer.head(200, []);
      answer.head(500, []);
      answer.data(Buffer.from("abc"));
      answer.data(Buffer.alloc(0));
      answer.end();
      answer.end();
      answer.data(Buffer.from("late"));
      answer.abort();
      return Promise.resolve();
    },
  });
  client.end();
  assert.deepEqual([(await heard).status, (await heard).body, (await heard).rst], [200, "abc", 0]);
});

test("an answer that can't be finished resets the stream, so that no part is taken for the whole", async () => {
  const { client, heard } = ask({
    handle: (_, __, answer) => {
      answer.head(200, []);
      answer.data(Buffer.from("abc"));
      answer.abort();
      return Promise.resolve();
    },
  });
  client.end();
  assert.equal((await heard).rst, constants.NGHTTP2_INTERNAL_ERROR);
});

test("a client that leaves is told of once, and what is written to it then is nothing", async () => {
  let told = 0;
  let gone = (): void => undefined;
  const left = new Promise<void>((resolve) => (gone = resolve));
  const { client } = ask({
    handle: async (_, __, answer) => {
      answer.onClose(() => {
        told += 1;
        gone();
      });
      answer.head(200, []);
      await left;
      answer.head(200, []);
      assert.equal(answer.data(Buffer.from("abc")), true);
      answer.end();
      answer.abort();
      assert.equal(told, 1);
      // The way to the destination asks when its turn comes, which may be later.
      answer.onClose(() => (told += 10));
    },
  });
  client.write("a");
  await new Promise((resolve) => client.once("response", resolve));
  client.close(constants.NGHTTP2_CANCEL);
  await left;
  await served;
  assert.equal(told, 11);
});

test("an answer that has ended is nobody's leave, whenever it is asked", async () => {
  let told = 0;
  const { client, heard } = ask({
    handle: async (_, __, answer) => {
      answer.onClose(() => (told += 1));
      answer.head(200, []);
      answer.end();
      stream.resume();
      await once(stream, "close");
      answer.onClose(() => (told += 1));
    },
  });
  client.end();
  await heard;
  await served;
  assert.equal(told, 0);
});

for (const [sentence, code] of [
  ["cancels", constants.NGHTTP2_CANCEL],
  ["resets without a fault", constants.NGHTTP2_NO_ERROR],
] as const) {
  test(`a stream that its client ${sentence} behind a body that is too large comes to its end, and gives its memory back`, async () => {
    let outcome: Buffer | Refusal | undefined;
    let told = 0;
    serving = {
      idleMs: 600_000,
      handle: async (_, body, answer) => {
        outcome = await body.capture(10);
        // The verdict is on disk before it is told, and meanwhile the client has gone.
        await pause(5);
        answer.onClose(() => (told += 1));
        answer.head(403, []);
        answer.end();
      },
    };
    handled = 0;
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.concat([http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 4, 1, HEAD_BLOCK)]));
    while (handled === 0) await pause(1);
    // One packet, so that the reset comes before anything is said; the second frame is never read.
    const data = http2Frame(0, 0, 1, Buffer.from("0123456"));
    socket.write(Buffer.concat([data, data, data, http2Frame(3, 0, 1, Buffer.from([0, 0, 0, code]))]));
    await served;
    if (!stream.destroyed) await once(stream, "close");
    socket.destroy();
    assert.ok(outcome !== undefined && isRefusal(outcome));
    assert.deepEqual([told, budget.total], [1, 0]);
  });
}

test("a stream that its client has left leaves no timer behind", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  let before = 0;
  const { client } = ask({
    idleMs: 600_000,
    handle: async (_, __, answer) => {
      const left = new Promise<void>((resolve) => answer.onClose(resolve));
      answer.head(200, []);
      await left;
      if (!stream.destroyed) await once(stream, "close");
      before = timers();
    },
  });
  await new Promise((resolve) => client.once("response", resolve));
  client.close(constants.NGHTTP2_CANCEL);
  await served;
  // Those of the tests before may end meanwhile.
  assert.ok(timers() <= before);
});

test("a request without a body has none, even where its client has gone by then", async () => {
  let outcome: Buffer | Refusal | undefined;
  const { client } = ask(
    {
      handle: async (_, body, answer) => {
        await new Promise<void>((resolve) => answer.onClose(resolve));
        if (!stream.destroyed) await once(stream, "close");
        outcome = await body.capture(10);
      },
    },
    "GET",
    true,
  );
  while (handled === 0) await pause(1);
  client.close(constants.NGHTTP2_CANCEL);
  await served;
  assert.ok(Buffer.isBuffer(outcome) && outcome.length === 0);
});

test("the rest of a refused body is not waited for, and the answer is not spoilt by that", async () => {
  const { client, heard } = ask({
    // Long past what this test waits: the stream is let go because it is over, not because time is.
    idleMs: 600_000,
    handle: (_, __, answer) => {
      answer.head(403, []);
      answer.data(Buffer.from("no"));
      answer.end();
      return Promise.resolve();
    },
  });
  client.write("ab");
  assert.deepEqual([(await heard).status, (await heard).body, (await heard).rst], [403, "no", 0]);
  if (!stream.destroyed) await once(stream, "close");
});

test("a stream whose body was read in part and then refused is over with its answer", async () => {
  const { client, heard } = ask({ idleMs: 600_000 });
  client.write("0123456789a");
  client.write("bcdef");
  assert.deepEqual([(await heard).answer, (await heard).rst], ["body-too-large", 0]);
  if (!stream.destroyed) await once(stream, "close");
});

test("a client that does not take its answer is let go after the time of silence", async () => {
  const { client } = ask({
    idleMs: 30,
    handle: (_, __, answer) => {
      answer.head(200, []);
      answer.data(Buffer.alloc(200_000));
      answer.end();
      return Promise.resolve();
    },
  });
  client.pause();
  client.removeAllListeners("data");
  client.end();
  while (handled === 0 || !stream.destroyed) await pause(1);
  assert.ok(stream.destroyed);
});
