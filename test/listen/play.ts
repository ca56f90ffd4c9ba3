import assert from "node:assert/strict";
import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { ChunkedDecoder } from "../../src/http/chunked.js";
import { BodyBudget } from "../../src/listen/body-budget.js";
import { ConnectionLife } from "../../src/listen/connection-life.js";
import { type ConnectionBounds, type ConnectionOptions, type Served, serveConnection } from "../../src/listen/http-connection.js";
import type { AnswerSink } from "../../src/model/answer.js";
import type { Exchange, Head, HeaderField } from "../../src/model/exchange.js";
import type { BodySource, ExchangeHandler } from "../../src/model/exchange-handler.js";
import { isRefusal, refusal, type Refusal } from "../../src/model/refusal.js";

/* One connection, its client and what stands behind it, without a network. */

export const TARGET = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined } as const;
export const CLIENT = { address: "10.0.0.1", port: 4711, identity: undefined };
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

export type Handle = (exchange: Exchange, body: BodySource, answer: AnswerSink) => Promise<void>;

export function reply(answer: AnswerSink, text: string): void {
  answer.head(200, [["Content-Length", String(text.length)]]);
  if (text !== "") answer.data(Buffer.from(text));
  answer.end();
}

/** Reads the body and says what it was, or why it was none. */
export const echo: Handle = async (_, body, answer) => {
  const bytes = await body.capture(100);
  reply(answer, isRefusal(bytes) ? bytes.refused : `[${bytes.toString()}]`);
};

/** Answers without reading. */
export const unread: Handle = (_, __, answer) => {
  reply(answer, "no");
  return Promise.resolve();
};

export interface Play {
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

export function play(changes: Partial<ConnectionOptions> & { handle?: Handle; connectionBounds?: Partial<ConnectionBounds> } = {}): Play {
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
export async function ending({ client, served, heard }: Play): Promise<string> {
  const ended = client.readableEnded ? undefined : once(client, "end");
  assert.deepEqual(await served, { kind: "done" });
  await ended;
  return heard();
}

export const OK = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
