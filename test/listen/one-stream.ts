import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { after, before } from "node:test";
import { BodyBudget } from "../../src/listen/body-budget.js";
import { ConnectionLife } from "../../src/listen/connection-life.js";
import type { Http2Options } from "../../src/listen/http2-options.js";
import { serveStream } from "../../src/listen/http2-stream.js";
import type { AnswerSink } from "../../src/model/answer.js";
import type { Exchange, HeaderField, RequestHead } from "../../src/model/exchange.js";
import type { BodySource } from "../../src/model/exchange-handler.js";
import { isRefusal, type Refusal, refusal } from "../../src/model/refusal.js";

const TARGET = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined } as const;

export type Handle = (exchange: Exchange, body: BodySource, answer: AnswerSink) => Promise<void>;

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
export let session: ClientHttp2Session;
export let port = 0;
let serving: Serving = {};
export let refused: string[] = [];
export let handled = 0;
export let stream: ServerHttp2Stream;
export let served: Promise<void>;
export let budget: BodyBudget;

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

/** How the next stream is served, for who opens it in his own way. */
export function serveNext(how: Serving): void {
  serving = how;
  refused = [];
  handled = 0;
}

export function ask(how: Serving, method = "POST", endStream = false): Asked {
  serveNext(how);
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
