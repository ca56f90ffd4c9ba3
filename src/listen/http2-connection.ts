import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { HeaderField } from "../model/exchange.js";
import type { ConnectionContext } from "../model/exchange-handler.js";
import { refusal } from "../model/refusal.js";
import type { Http2Options } from "./http2-options.js";
import { breakOff, serveStream, wasBrokenOff } from "./http2-stream.js";
import { UnheardAnswer } from "./unheard-answer.js";

/**
 * Frames that cost the client nothing and the server something, in a session's window: past so many it is a flood. A client that changes
 * its mind resets a few streams; one that uses resets as a weapon (CVE-2023-44487) sends thousands.
 */
const CHEAP_FRAMES = 100;
const WINDOW_MS = 10_000;
/** Megabytes that nghttp2 may hold for one session. */
const SESSION_MEMORY = 1;
const WINDOW_BYTES = 65_535;

/**
 * Serves HTTP/2 on a connection whose ALPN agreed on it (RFC 9113): each stream is one exchange, judged as an HTTP/1.1 request is. Ends
 * when the session does. Header blocks, streams, frames and memory are bounded; a flood ends the session and is recorded.
 */
export async function serveHttp2(socket: TLSSocket, options: Http2Options): Promise<void> {
  // A session on it would never hear of an end.
  if (socket.destroyed) return;
  const { bounds, streams, life } = options;
  const session = performServerHandshake(socket, {
    maxSessionMemory: SESSION_MEMORY,
    maxHeaderListPairs: 128,
    maxOutstandingPings: 4,
    maxSessionInvalidFrames: 16,
    maxSessionRejectedStreams: 16,
    settings: { enablePush: false, maxConcurrentStreams: streams, maxHeaderListSize: bounds.headerBytes, initialWindowSize: WINDOW_BYTES },
  });
  const watch = new SessionWatch(session, options);
  session.on("stream", (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw: readonly string[]) => {
    watch.opened(stream);
    const ended = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    serveStream(stream, fieldsOf(raw), ended, options).catch((error: unknown) => {
      // One stream ends, not the process; the message could hold what the client sent.
      options.logger.error("Serving a stream failed.", { fault: error instanceof Error ? error.name : "unknown" });
      breakOff(stream);
    });
  });
  // A TLSSocket that no tls.Server made never tells that its handshake is over, and the session waits to hear it.
  socket.emit("secureConnect");
  // TCP is kept half open for clients in the clear; inside TLS an end is a leave, and what is in flight is given up at once.
  socket.once("end", () => session.destroy());
  const forget = life.onDrain(() => session.close());
  if (life.draining) session.close();
  // Told in a turn of its own, so not before somebody hears it, even where the session is over already.
  await new Promise<void>((resolve) => session.once("close", () => resolve()));
  forget();
  watch.end();
  socket.destroy();
}

/** Ends a session that rests too long, or floods. */
class SessionWatch {
  readonly #session: ServerHttp2Session;
  readonly #options: Http2Options;
  #idle: NodeJS.Timeout;
  #windowStart = Date.now();
  #cheap = 0;
  #open = 0;
  #condemned = false;

  constructor(session: ServerHttp2Session, options: Http2Options) {
    this.#session = session;
    this.#options = options;
    // From the last stream's end; frames that open no stream do not count as life. The first one has a head's time: nghttp2 answers what
    // can't begin a stream (CONTINUATION before HEADERS) by a GOAWAY that Node tells nobody of, and reads no further.
    this.#idle = setTimeout(() => this.#rest(), options.bounds.headersMs);
    session.on("ping", () => this.#count("pings"));
    session.on("remoteSettings", () => this.#count("settings"));
    session.on("error", (error: NodeJS.ErrnoException) => {
      // A connection that breaks off under the session ends it as well, and is no breach of the protocol.
      if (error.code?.startsWith("ERR_HTTP2_") === true) this.#condemn("The HTTP/2 session broke the protocol or a bound of it.");
    });
    session.on("frameError", () => session.destroy());
  }

  opened(stream: ServerHttp2Stream): void {
    this.#open += 1;
    // Trailers are no part of what is inspected; the stream's own reader refuses them.
    stream.once("close", () => {
      this.#open -= 1;
      // A reset says NO_ERROR as easily as CANCEL; it is one where our answer had not ended.
      if ((stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) && !wasBrokenOff(stream)) this.#count("resets");
      clearTimeout(this.#idle);
      if (!this.#session.destroyed) this.#idle = setTimeout(() => this.#rest(), this.#options.bounds.idleMs);
    });
    stream.on("error", () => undefined);
  }

  end(): void {
    clearTimeout(this.#idle);
  }

  #rest(): void {
    if (this.#open > 0) {
      this.#idle.refresh();
      return;
    }
    this.#session.close();
    // A client that does not read the GOAWAY, or keeps a half-sent head open, is not waited for.
    setTimeout(() => this.#session.destroy(), 1_000).unref();
  }

  #count(what: "pings" | "settings" | "resets"): void {
    const now = Date.now();
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#cheap = 0;
    }
    this.#cheap += 1;
    if (this.#cheap > CHEAP_FRAMES) this.#condemn(`The HTTP/2 session is a flood of ${what}.`);
  }

  #condemn(why: string): void {
    if (this.#condemned) return;
    this.#condemned = true;
    const { client, entry, origin, handler } = this.#options;
    const context: ConnectionContext = { client, entry, target: origin.target };
    this.#session.destroy();
    void handler.refuse(refusal("message-malformed", why), context, new UnheardAnswer());
  }
}

function fieldsOf(raw: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) fields.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return fields;
}
