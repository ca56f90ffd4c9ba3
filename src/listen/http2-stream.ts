import { constants, type ServerHttp2Stream } from "node:http2";
import { type AnswerSink, isBodiless } from "../model/answer.js";
import type { HeaderField, RequestHead } from "../model/exchange.js";
import type { BodySource } from "../model/exchange-handler.js";
import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { BodyShare } from "./body-budget.js";
import { noRoom } from "./body-reader.js";
import { newExchangeId } from "./exchange-id.js";
import { GatheredBytes } from "./gathered-bytes.js";
import type { Http2Options } from "./http2-options.js";

/** One stream: one exchange. */
export async function serveStream(
  stream: ServerHttp2Stream,
  fields: readonly HeaderField[],
  ended: boolean,
  options: Http2Options,
): Promise<void> {
  const { client, entry, origin, handler, refuseAll } = options;
  const writer = new StreamAnswer(
    stream,
    fields.some(([name, value]) => name === ":method" && value === "HEAD"),
  );
  const head = options.parseStreamHead(fields, origin.target, ended);
  const refused = refuseAll ?? (isRefusal(head) ? head : undefined);
  if (refused !== undefined || isRefusal(head)) {
    if (refused !== undefined) await handler.refuse(refused, { client, entry, target: origin.target }, writer);
    await writer.finished;
    leave(stream, options.bounds.idleMs);
    return;
  }
  const share = options.bodies.share(client.address);
  const body: BodySource = {
    present: head.framing.kind !== "none",
    async capture(limit) {
      if (head.framing.kind === "none") return Buffer.alloc(0);
      if (head.expectContinue) stream.additionalHeaders({ ":status": 100 });
      return captureStream(stream, head.framing, limit, options.bounds.bodyMs, share);
    },
  };
  try {
    await handler.handle({ id: newExchangeId(), startedAt: Date.now(), client, entry, head }, body, writer);
    await writer.finished;
  } finally {
    share.release();
  }
  leave(stream, options.bounds.idleMs);
}

/**
 * The exchange is over. The rest of a refused body is not wanted: RFC 9113, section 8.1, has NO_ERROR say so without spoiling the answer.
 * A client that opens no window for the answer (CVE-2019-9511) would keep stream and session for as long as it likes.
 */
function leave(stream: ServerHttp2Stream, takenWithinMs: number): void {
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), takenWithinMs);
  stream.once("close", () => clearTimeout(timer));
  setImmediate(endReading, stream);
}

/**
 * Ends what the client may still send, a turn after the answer: in the same turn, since Node 22, a NO_ERROR overtakes an answer without a body, and the
 * client hears nothing at all. Node itself has it wait for an answer that waits for its window.
 */
function endReading(stream: ServerHttp2Stream): void {
  if (stream.state.remoteClose !== 1) stream.close(constants.NGHTTP2_NO_ERROR);
  // What came and was not read would keep the stream open until somebody reads it.
  stream.resume();
}

/**
 * Ends a stream as broken, by RST_STREAM and nothing before it. By `close` Node writes END_STREAM first, where a head is out: the part that the
 * client has would pass for the whole answer.
 */
export function breakOff(stream: ServerHttp2Stream): void {
  brokenOff.add(stream);
  stream.destroy(new Error("The answer broke off."));
}

const brokenOff = new WeakSet<ServerHttp2Stream>();

/** Whether it was this side that broke the stream off: a destination's fault is no client's reset. */
export function wasBrokenOff(stream: ServerHttp2Stream): boolean {
  return brokenOff.has(stream);
}

/** Fields of a connection, which a stream has none of (RFC 9113, section 8.2.2). */
const OF_A_CONNECTION = new Set(["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings"]);

/**
 * An answer's fields as Node takes them. One that repeats becomes one with its values in order (RFC 9110, section 5.3), as an HTTP/1.1 client reads it
 * too: Node throws at a second value of fields that it knows as single. Cookies alone can't be joined.
 */
function streamFields(headers: readonly HeaderField[]): Readonly<Record<string, string | string[]>> {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (OF_A_CONNECTION.has(lower)) continue;
    const before = fields.get(lower);
    if (lower === "set-cookie") fields.set(lower, [...(before ?? []), value]);
    else fields.set(lower, before === undefined ? value : `${String(before)}, ${value}`);
  }
  return Object.fromEntries(fields);
}

/** Reads the stream whole, bounded in bytes, time and memory. Trailers are refused: they would be in nobody's sight. */
async function captureStream(
  stream: ServerHttp2Stream,
  framing: RequestHead["framing"],
  limit: number,
  withinMs: number,
  share: BodyShare,
): Promise<Buffer | Refusal> {
  const tooLarge = refusal("body-too-large", `The body is larger than ${limit} bytes.`);
  if (framing.kind === "length" && framing.length > limit) return tooLarge;
  const reset = refusal("body-incomplete", "The client reset the stream in the middle of the body.");
  if (stream.destroyed) return reset;
  const gathered = new GatheredBytes();
  let total = 0;
  const refused = await new Promise<Refusal | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(refusal("request-late", "The body did not arrive in time.")), withinMs);
    stream.once("trailers", () => resolve(refusal("message-ambiguous", "The body has trailers, which are not inspected.")));
    stream.on("data", (piece: Buffer) => {
      total += piece.length;
      if (total > limit) resolve(tooLarge);
      else if (share.take(piece.length)) gathered.add(piece);
      else resolve(noRoom());
    });
    // Node ends what is reset too: without a length a part would pass for the whole.
    stream.once("end", () => resolve(stream.aborted ? reset : undefined));
    stream.once("close", () => resolve(reset));
    void stream.once("close", () => clearTimeout(timer));
  });
  stream.pause();
  stream.removeAllListeners("data");
  if (refused !== undefined) return refused;
  if (framing.kind === "length" && framing.length !== total)
    return refusal("message-malformed", "The body is not as long as the stream states.");
  return gathered.whole();
}

/** Writes one answer to its stream. */
class StreamAnswer implements AnswerSink {
  readonly #stream: ServerHttp2Stream;
  #state: "fresh" | "open" | "ended" | "left" = "fresh";
  /** An answer to HEAD, or one whose status has no body (RFC 9110, section 6.4.1). */
  #bodiless: boolean;
  #onClose: (() => void) | undefined;
  #resolve: (() => void) | undefined;
  readonly finished: Promise<void>;

  constructor(stream: ServerHttp2Stream, toHead: boolean) {
    this.#stream = stream;
    this.#bodiless = toHead;
    this.finished = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    // A reset without a fault behind a body that nobody reads on closes the stream no sooner than somebody reads it: "aborted" tells at once.
    stream.once("aborted", () => this.#clientLeft());
    stream.once("close", () => this.#clientLeft());
  }

  head(status: number, headers: readonly HeaderField[]): void {
    if (this.#state !== "fresh") return;
    this.#state = "open";
    this.#bodiless ||= isBodiless(status);
    this.#stream.respond({ ":status": status, ...streamFields(headers) }, { endStream: this.#bodiless });
  }

  data(chunk: Uint8Array): boolean {
    if (this.#state !== "open" || this.#bodiless) return true;
    return this.#stream.write(chunk);
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#onClose = undefined;
    this.#stream.end();
    this.#resolve?.();
  }

  abort(): void {
    if (this.#over) return;
    this.#state = "ended";
    breakOff(this.#stream);
    this.#resolve?.();
  }

  onDrain(callback: () => void): void {
    if (this.#stream.writableNeedDrain) this.#stream.once("drain", callback);
    else callback();
  }

  onClose(callback: () => void): void {
    if (this.#state === "left") callback();
    else this.#onClose = callback;
  }

  get #over(): boolean {
    return this.#state === "ended" || this.#state === "left";
  }

  #clientLeft(): void {
    if (this.#over) return;
    this.#state = "left";
    this.#onClose?.();
    this.#resolve?.();
  }
}
