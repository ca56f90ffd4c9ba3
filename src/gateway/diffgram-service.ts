import { Agent as PlainAgent, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { SecureContext } from "node:tls";
import httpProxy from "http-proxy";

/** What Diffgram's own service answered, whole; or why there is no whole answer. */
export type HeldAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly contentType: string | undefined;
      readonly contentEncoding: string | undefined;
      readonly cookies: readonly string[];
      readonly body: Buffer;
    }
  | { readonly kind: "unreachable" | "timeout" | "broken" | "too-large" };

export interface DiffgramServiceOptions {
  /** `http(s)://HOST:PORT`. */
  readonly upstream: string;
  /** Trust for an upstream over TLS. */
  readonly secureContext: SecureContext;
  /** Milliseconds for the whole answer. */
  readonly totalMs: number;
}

/** Header fields of support's requests that go on to the service; all others stay here. */
const PASSED = new Set(["cookie", "content-type", "content-length"]);

/**
 * Diffgram's `default` service, reached by http-proxy, which passes the request on and hands the answer back instead of sending it.
 *
 * http-proxy leaves the client hanging where the service dies in the middle of its answer: `aborted` and `close` are therefore heard here,
 * and the whole has a deadline.
 */
export class DiffgramService {
  readonly #proxy: httpProxy;
  readonly #totalMs: number;
  readonly #waiting = new WeakMap<IncomingMessage, (answer: IncomingMessage) => void>();

  constructor({ upstream, secureContext, totalMs }: DiffgramServiceOptions) {
    this.#totalMs = totalMs;
    // A connection a request: the gateway answers a person now and then, and an idle connection that died would be a false 502.
    const agent = upstream.startsWith("https:")
      ? new SecureAgent({ keepAlive: false, secureContext })
      : new PlainAgent({ keepAlive: false });
    this.#proxy = httpProxy.createProxyServer({
      target: upstream,
      agent,
      selfHandleResponse: true,
      changeOrigin: true,
      proxyTimeout: totalMs,
      secure: true,
    });
    this.#proxy.on("proxyRes", (answer, request) => {
      const take = this.#waiting.get(request);
      if (take === undefined) answer.destroy();
      else take(answer);
    });
  }

  /**
   * Passes a request on and holds the answer. Never rejects.
   *
   * @param limit bytes of the answer as it stands on the wire
   */
  async ask(request: IncomingMessage, response: ServerResponse, limit: number): Promise<HeldAnswer> {
    for (const name of Object.keys(request.headers)) {
      if (!PASSED.has(name)) Reflect.deleteProperty(request.headers, name);
    }
    request.headers["accept"] = "application/json";
    request.headers["accept-encoding"] = "identity";
    return new Promise((resolve) => {
      let upstream: IncomingMessage | undefined;
      const end = (held: HeldAnswer): void => {
        // First: to destroy the answer is to hear that it broke.
        resolve(held);
        clearTimeout(deadline);
        this.#waiting.delete(request);
        if (held.kind !== "answered") upstream?.destroy();
      };
      const deadline = setTimeout(() => end({ kind: "timeout" }), this.#totalMs);
      this.#waiting.set(request, (answer) => {
        upstream = answer;
        hold(answer, limit, end);
      });
      this.#proxy.web(request, response, {}, () => end({ kind: upstream === undefined ? "unreachable" : "broken" }));
    });
  }

  close(): void {
    this.#proxy.close();
  }
}

function hold(answer: IncomingMessage, limit: number, end: (held: HeldAnswer) => void): void {
  const pieces: Buffer[] = [];
  let size = 0;
  answer.on("data", (piece: Buffer) => {
    size += piece.length;
    if (size > limit) end({ kind: "too-large" });
    else pieces.push(piece);
  });
  answer.on("error", () => end({ kind: "broken" }));
  answer.on("aborted", () => end({ kind: "broken" }));
  answer.on("close", () => {
    if (!answer.complete) end({ kind: "broken" });
  });
  answer.on("end", () => {
    if (!answer.complete) return end({ kind: "broken" });
    end({
      kind: "answered",
      status: answer.statusCode ?? 0,
      contentType: answer.headers["content-type"],
      contentEncoding: answer.headers["content-encoding"],
      cookies: answer.headers["set-cookie"] ?? [],
      body: Buffer.concat(pieces),
    });
  });
}
