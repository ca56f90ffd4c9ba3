import type { Duplex } from "node:stream";
import type { Client, ConnectHead, Entry, Exchange, Origin, RequestHead } from "../model/exchange.js";
import { isConnect } from "../model/exchange.js";
import type { BodySource, ConnectionContext, ExchangeHandler } from "../model/exchange-handler.js";
import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import { AnswerWriter } from "./answer-writer.js";
import type { ConnectionLife } from "./connection-life.js";
import type { Authenticate } from "./authentication.js";
import type { BodyBudget } from "./body-budget.js";
import { type ChunkedPieces, captureBody, discardBody } from "./body-reader.js";
import { ByteReader } from "./byte-reader.js";
import { newExchangeId } from "./exchange-id.js";

/** Bounds of one connection; each has an outcome of its own, none is unlimited. Milliseconds and bytes. */
export interface ConnectionBounds {
  readonly headerBytes: number;
  /** From a head's first byte to its last. */
  readonly headersMs: number;
  /** A body, from head to end. */
  readonly bodyMs: number;
  /** Silence before a request. */
  readonly idleMs: number;
  readonly handshakeMs: number;
}

export interface ConnectionOptions {
  readonly origin: Origin;
  readonly entry: Entry;
  readonly client: Client;
  readonly handler: ExchangeHandler;
  readonly bounds: ConnectionBounds;
  readonly newChunkedDecoder: () => ChunkedPieces;
  readonly bodies: BodyBudget;
  /** Who asks, by the head's fields; undefined where the listener asks nobody. */
  readonly authenticate?: Authenticate | undefined;
  /** Every request is refused so: what the handshake said did not fit the tunnel. */
  readonly refuseAll?: Refusal | undefined;
  /** Where the listener drains there is no further request on this connection. */
  readonly life: Pick<ConnectionLife, "draining" | "onDrain">;
}

/** Why serving ended: the connection is done, or a CONNECT wants its bytes. */
export type Served =
  | { readonly kind: "done" }
  | { readonly kind: "connect"; readonly head: ConnectHead; readonly client: Client; readonly rest: Buffer };

const HEAD_END = Buffer.from("\r\n\r\n");
/** After our last byte, how long the client may take to close its side. */
const LINGER_MS = 1_000;
const DONE: Served = { kind: "done" };

/**
 * Serves HTTP/1.1 requests on one connection, one after the other (a pipelined request waits, RFC 9112, section 9.3.2), until either side
 * ends it or a CONNECT takes it over.
 */
export async function serveConnection(socket: Duplex, options: ConnectionOptions): Promise<Served> {
  const reader = new ByteReader(socket);
  let rests = true;
  // A drain leaves the connection to us, behind its last answer too, so that what a slow client is still to take goes out first.
  const forget = options.life.onDrain(() => {
    if (rests) socket.end(() => socket.destroy());
  });
  socket.once("close", forget);
  let writer: AnswerWriter | undefined;
  socket.once("close", () => writer?.clientLeft());
  // TCP is kept half open for clients that end their side behind the last request; inside TLS none does that, so an end there is a leave,
  // and what waits for the upstream is given up at once.
  if (options.origin.kind === "target") socket.once("end", () => writer?.clientLeft());
  for (;;) {
    const bytes = await readHead(reader, options.bounds);
    rests = false;
    if (bytes === undefined) return finish(socket, reader, options.bounds);
    const head = isRefusal(bytes) ? bytes : options.handler.parseHead(bytes, options.origin);
    if (isRefusal(head)) {
      writer = new AnswerWriter(socket, { method: "GET", minor: 1, keepAlive: false });
      await options.handler.refuse(options.refuseAll ?? head, contextOf(options), writer);
      return finish(socket, reader, options.bounds);
    }
    const client = (await options.authenticate?.(head.headers, options.client)) ?? options.client;
    if (isRefusal(client)) {
      writer = new AnswerWriter(socket, { method: head.method, minor: 1, keepAlive: false });
      await options.handler.refuse(client, contextOf(options), writer);
      return finish(socket, reader, options.bounds);
    }
    if (isConnect(head)) {
      forget();
      return { kind: "connect", head, client, rest: reader.release() };
    }
    // For us alone: it is neither inspected as what the client wants to send, nor sent.
    const asked = options.authenticate === undefined ? head : withoutCredentials(head);
    writer = new AnswerWriter(socket, head, () => options.life.draining);
    const reusable = await serveRequest(socket, reader, asked, writer, client === options.client ? options : { ...options, client });
    if (!reusable) return finish(socket, reader, options.bounds);
    // Answers that the client does not read would pile up here, while it goes on asking.
    if (socket.writableNeedDrain && !(await drained(socket, options.bounds.idleMs))) {
      socket.destroy();
      return DONE;
    }
    rests = true;
  }
}

async function serveRequest(
  socket: Duplex,
  reader: ByteReader,
  head: RequestHead,
  writer: AnswerWriter,
  options: ConnectionOptions,
): Promise<boolean> {
  let captured = false;
  const share = options.bodies.share(options.client.address);
  const body: BodySource = {
    present: head.framing.kind !== "none",
    async capture(limit) {
      if (head.expectContinue && reader.peek().length === 0) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      captured = true;
      const bytes = await captureBody(
        reader,
        head.framing,
        { bytes: limit, withinMs: options.bounds.bodyMs, share },
        options.newChunkedDecoder,
      );
      if (isRefusal(bytes)) {
        // Where the message ends is unknown now; the next bytes could be anything.
        writer.closeAfter();
      } else if (head.keepAlive) {
        writer.keepOpen();
      }
      return bytes;
    },
  };
  if (options.refuseAll !== undefined) {
    writer.closeAfter();
    await options.handler.refuse(options.refuseAll, contextOf(options), writer);
    return false;
  }
  // A client that waits for 100 and gets a refusal may send its body or not: its connection can't be read any further.
  if (head.expectContinue) writer.closeAfter();
  const exchange: Exchange = { id: newExchangeId(), startedAt: Date.now(), client: options.client, entry: options.entry, head };
  try {
    await options.handler.handle(exchange, body, writer);
    await writer.finished;
  } finally {
    share.release();
  }
  if (!captured && !(await discardBody(reader, head.framing, options.newChunkedDecoder))) return false;
  return writer.reusable && !options.life.draining;
}

function contextOf(options: ConnectionOptions): ConnectionContext {
  return { client: options.client, entry: options.entry, target: options.origin.kind === "target" ? options.origin.target : undefined };
}

function withoutCredentials(head: RequestHead): RequestHead {
  return { ...head, headers: head.headers.filter(([name]) => name.toLowerCase() !== "proxy-authorization") };
}

async function drained(socket: Duplex, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(false), withinMs);
    const onDrain = (): void => settle(true);
    const onClose = (): void => settle(false);
    const settle = (caughtUp: boolean): void => {
      clearTimeout(timer);
      socket.off("drain", onDrain);
      socket.off("close", onClose);
      resolve(caughtUp);
    };
    socket.once("drain", onDrain);
    socket.once("close", onClose);
  });
}

/** The next request's head without its empty line; undefined where the client has gone or stayed silent between requests. */
async function readHead(reader: ByteReader, bounds: ConnectionBounds): Promise<Buffer | Refusal | undefined> {
  if (reader.peek().length === 0) {
    const ended = await reader.more(Date.now() + bounds.idleMs);
    if (ended !== undefined) return undefined;
  }
  const deadline = Date.now() + bounds.headersMs;
  let searched = 0;
  for (;;) {
    const seen = reader.peek();
    const end = seen.indexOf(HEAD_END, searched);
    if (end >= 0 && end <= bounds.headerBytes) {
      const head = reader.take(end + HEAD_END.length);
      return head.subarray(0, end);
    }
    if (end >= 0 || seen.length > bounds.headerBytes)
      return refusal("headers-too-large", `The head is larger than ${bounds.headerBytes} bytes.`);
    const wrong = notHttp(seen, searched);
    if (wrong !== undefined) return wrong;
    searched = Math.max(0, seen.length - HEAD_END.length + 1);
    const ended = await reader.more(deadline);
    if (ended === "closed") return undefined;
    if (ended === "late") return refusal("request-late", "The head of the request did not arrive in time.");
  }
}

/**
 * What can be told from an unfinished head, so that nobody waits for an end that will not come.
 *
 * @param from what stands before it was looked at: a head that comes byte by byte would otherwise be read as often as it has bytes
 */
function notHttp(seen: Buffer, from: number): Refusal | undefined {
  if (seen[0] === 0x16 && seen[1] === 0x03)
    return refusal("protocol-not-allowed", "The client opened TLS on a listener that speaks plain HTTP.");
  for (let index = seen.indexOf(0x0a, from); index >= 0; index = seen.indexOf(0x0a, index + 1)) {
    if (index === 0 || seen[index - 1] !== 0x0d) return refusal("message-malformed", "A line of the head ends with a bare LF.");
  }
  return undefined;
}

/** Ends our side; once the client has ended its own too, the stream closes itself. */
function finish(socket: Duplex, reader: ByteReader, bounds: ConnectionBounds): Served {
  if (socket.destroyed) return DONE;
  reader.release();
  // A slow client is still to take what was written: until then it has as long as it would have before a next request.
  let timer = setTimeout(() => socket.destroy(), bounds.idleMs);
  socket.once("finish", () => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), LINGER_MS);
  });
  socket.once("close", () => clearTimeout(timer));
  socket.end();
  // Read on and keep nothing: closing with unread bytes sends a reset, which can overtake the answer.
  socket.on("data", () => undefined);
  socket.resume();
  return DONE;
}
