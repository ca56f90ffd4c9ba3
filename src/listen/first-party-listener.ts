import type { AnswerSink } from "../model/answer.js";
import type { HeaderField, RequestHead } from "../model/exchange.js";
import { isConnect } from "../model/exchange.js";
import type { ExchangeHandler } from "../model/exchange-handler.js";
import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { ListeningOptions } from "./explicit-listener.js";
import { serveConnection } from "./http-connection.js";
import { type Listener, openListener } from "./listener.js";
import type { ServingParts } from "./secure-connection.js";

export interface FirstPartyOptions extends ListeningOptions {
  /** From `http/`: what a request on Diffgram's own domain asks of which destination. */
  readonly readHead: (head: RequestHead) => RequestHead | Refusal;
  /** What stands in front of each script that is served. */
  readonly shim: () => string;
}

/**
 * What an answer may say on Diffgram's own domain: what it is, and for how long. Whatever else a browser obeys it would obey for the whole site:
 * cookies, `Clear-Site-Data`, `Service-Worker-Allowed`, and `NEL` with `Report-To`, by which it reports every request of the site to the vendor,
 * past the proxy and past any Content-Security-Policy.
 */
const KEPT = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "cache-control",
  "expires",
  "age",
  "date",
  "etag",
  "last-modified",
  "vary",
  "retry-after",
]);

/** Opened by itself, as by a link, an answer is no page of Diffgram's: of no origin, without scripts, and of the type that it says. */
const NO_PAGE: readonly HeaderField[] = [
  ["Content-Security-Policy", "sandbox; default-src 'none'"],
  ["X-Content-Type-Options", "nosniff"],
];

/**
 * The loader and beacons of browsers that no PAC file reaches: plain HTTP behind Diffgram's own ingress, under a path of its domain. The ingress
 * ends TLS; from here each request is judged like any other.
 *
 * @throws FaultsError where the port is taken or may not be bound
 */
export async function listenFirstParty(options: FirstPartyOptions, parts: ServingParts): Promise<Listener> {
  const { bounds, bodies, newChunkedDecoder, logger, metrics } = parts;
  const handler = firstParty(parts.handler, options);
  return openListener({
    ...options,
    handshakeMs: bounds.handshakeMs,
    logger,
    metrics,
    async serve(socket, client, life) {
      const common = { client, bounds, bodies, newChunkedDecoder, life };
      // The ingress's port stands in Host, if any: hosts are compared without it.
      const origin = { kind: "host" as const, port: 80 };
      await serveConnection(socket, { ...common, handler: life.watch(handler), origin, entry: "first-party" });
    },
  });
}

function firstParty(handler: ExchangeHandler, { readHead, shim }: FirstPartyOptions): ExchangeHandler {
  return {
    parseHead(bytes, origin) {
      const head = handler.parseHead(bytes, origin);
      if (isRefusal(head)) return head;
      return isConnect(head) ? refusal("method-not-allowed", "This listener opens no tunnels.") : readHead(head);
    },
    connect: (head, context) => handler.connect(head, context),
    handle: (exchange, body, answer) => handler.handle(exchange, body, new FirstPartyAnswer(answer, exchange.head.method, shim)),
    refuse: (refused, context, answer) => handler.refuse(refused, context, answer),
  };
}

/** An answer on its way to a page of Diffgram's own site. */
class FirstPartyAnswer implements AnswerSink {
  readonly #client: AnswerSink;
  readonly #method: string;
  readonly #shim: () => string;
  #ahead: Buffer | undefined;

  constructor(client: AnswerSink, method: string, shim: () => string) {
    this.#client = client;
    this.#method = method;
    this.#shim = shim;
  }

  head(status: number, headers: readonly HeaderField[]): void {
    let kept = headers.filter(([name]) => KEPT.has(name.toLowerCase()));
    if (this.#method === "GET" && status === 200 && isPlainScript(kept)) {
      this.#ahead = Buffer.from(this.#shim());
      const added = this.#ahead.length;
      kept = kept.map(([name, value]) => [name, name.toLowerCase() === "content-length" ? String(Number(value) + added) : value]);
    }
    this.#client.head(status, [...kept, ...NO_PAGE]);
    if (this.#ahead !== undefined) this.#client.data(this.#ahead);
  }

  data(chunk: Uint8Array): boolean {
    return this.#client.data(chunk);
  }

  end(): void {
    this.#client.end();
  }

  abort(): void {
    this.#client.abort();
  }

  onDrain(callback: () => void): void {
    this.#client.onDrain(callback);
  }

  onClose(callback: () => void): void {
    this.#client.onClose(callback);
  }
}

/** A script under a content coding can't be added to; watched scripts are asked for without one. */
function isPlainScript(headers: readonly HeaderField[]): boolean {
  const value = (wanted: string): string => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
  return /^(?:application|text)\/(?:x-)?javascript\s*(?:;|$)/i.test(value("content-type")) && value("content-encoding") === "";
}
