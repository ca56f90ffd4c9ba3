import { Pool, type Dispatcher, errors } from "undici";
import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { type AnswerSink, isBodiless } from "../model/answer.js";
import type { HeaderField } from "../model/exchange.js";
import type { OwnConnections } from "../model/own-connections.js";
import type { UpstreamErrorKind } from "../model/ports.js";
import type { ParentProxy } from "../model/policy.js";
import { authority, type Target } from "../model/target.js";
import type { ParentAccess } from "./parent-tunnel.js";
import { ReadySockets } from "./ready-sockets.js";
import { AddressRefusedError, type ConnectTo, dial, oneAtATime, type Resolver } from "./dial.js";
import { UpstreamError } from "./upstream-error.js";

/** One message for an upstream: unambiguous by construction, since only method, path, listed fields and a whole body are ever given. */
export interface UpstreamRequest {
  readonly target: Target;
  readonly method: string;
  /** Normal path and, behind `?`, the query. */
  readonly pathAndQuery: string;
  readonly headers: readonly HeaderField[];
  /** The inspected bytes; undefined: the request has no body. */
  readonly body: Buffer | undefined;
  readonly connectTo: ConnectTo | undefined;
  /** Who resolves and dials the target in our place. */
  readonly parent: ParentProxy | undefined;
}

/** How an exchange with the upstream ended. */
export type Forwarded =
  | { readonly kind: "answered"; readonly status: number; readonly bytes: number }
  /** Nothing was sent: the guard refused the address. */
  | { readonly kind: "address-refused"; readonly detail: string }
  | { readonly kind: "failed"; readonly error: UpstreamErrorKind; readonly detail: string; readonly answerStarted: boolean }
  | { readonly kind: "client-left" };

export interface ForwarderOptions {
  readonly secureContext: SecureContext;
  readonly parents: ParentAccess;
  readonly resolve: Resolver;
  readonly connectMs: number;
  readonly own: OwnConnections;
  /** To the answer's first byte. */
  readonly firstByteMs: number;
  /** Between two pieces of the answer. */
  readonly answerIdleMs: number;
  /** The whole exchange, from the queue for a connection to the answer's end, however slowly the client reads it. */
  readonly totalMs: number;
  /** How long an unused connection is kept; 0: none is. */
  readonly keepAliveMs: number;
  readonly connectionsPerDestination: number;
  /** The answer's fields that the client gets; from `http/`. */
  readonly answerHeaders: (headers: readonly HeaderField[]) => HeaderField[];
}

/** Why nothing could be sent. */
export type Unreached = Extract<Forwarded, { readonly kind: "address-refused" | "failed" }>;

export interface Forwarder {
  /**
   * Opens a connection to the target without a byte of a request on it, which the request that follows takes: what can't be reached is then
   * known before anything is written down as transferred.
   */
  reach(request: Pick<UpstreamRequest, "target" | "connectTo" | "parent">): Promise<Unreached | undefined>;
  forward(request: UpstreamRequest, sink: AnswerSink): Promise<Forwarded>;
  close(): Promise<void>;
}

/**
 * The way to the vendor: one undici pool a destination, verified TLS, sessions resumed. undici rather than http-proxy, since it costs half
 * the CPU and lets the address be chosen (docs/decisions/0003-undici-forwards.md).
 */
export function createForwarder(wanted: ForwarderOptions): Forwarder {
  const options = { ...wanted, resolve: oneAtATime(wanted.resolve) };
  const ways = new Map<string, Way>();
  return {
    reach: (request) => reach(wayFor(ways, request, options)),
    forward: (request, sink) => forwardOnce(wayFor(ways, request, options), request, sink, options),
    async close() {
      for (const { ready } of ways.values()) ready.close();
      await Promise.allSettled([...ways.values()].map(({ pool }) => pool.destroy()));
      ways.clear();
    },
  };
}

/** How one target is reached. */
interface Way {
  readonly pool: Pool;
  /** What the Host field says: the authority, without the scheme's own port. */
  readonly hostField: string;
  readonly dial: () => Promise<Socket>;
  /** Connections that were opened ahead of their request. */
  readonly ready: ReadySockets;
  /** One that is being opened so. */
  reaching: Promise<Unreached | undefined> | undefined;
}

/** One at a time, for all who ask meanwhile: many at once would each open a connection beside those that the pool may have. */
async function reach(way: Way): Promise<Unreached | undefined> {
  if (way.pool.stats.free > 0 || way.ready.size > 0) return undefined;
  way.reaching ??= openAhead(way).finally(() => {
    way.reaching = undefined;
  });
  return way.reaching;
}

async function openAhead({ dial: openOne, ready }: Way): Promise<Unreached | undefined> {
  try {
    ready.put(await openOne());
    return undefined;
  } catch (error) {
    if (error instanceof AddressRefusedError) return { kind: "address-refused", detail: error.message };
    const fault = error instanceof Error ? error : new UpstreamError("connect", "The connection failed.");
    return { kind: "failed", error: kindOf(fault), detail: detailOf(fault), answerStarted: false };
  }
}

/** Pools are as many as policy names destinations, since nothing else gets here. */
function wayFor(ways: Map<string, Way>, request: Pick<UpstreamRequest, "target" | "connectTo" | "parent">, options: ForwarderOptions): Way {
  const { target, connectTo, parent } = request;
  const key = `${target.scheme} ${authority(target)} ${wordOf(connectTo)} ${wordOf(parent)}`;
  const known = ways.get(key);
  if (known !== undefined) return known;
  let ticket: Buffer | undefined;
  const session = {
    take: () => ticket,
    keep: (fresh: Buffer) => {
      ticket = fresh;
    },
  };
  const ready = new ReadySockets();
  const open = (): Promise<Socket> =>
    dial({
      target,
      connectTo,
      parent: parent && { ...options.parents, parent },
      resolve: options.resolve,
      secureContext: options.secureContext,
      connectMs: options.connectMs,
      own: options.own,
      session,
    });
  const pool = new Pool(`${target.scheme}://${authority(target)}`, {
    connections: options.connectionsPerDestination,
    // undici takes no keep-alive of zero; without pipelining it keeps no connection at all.
    pipelining: options.keepAliveMs === 0 ? 0 : 1,
    headersTimeout: options.firstByteMs,
    bodyTimeout: options.answerIdleMs,
    keepAliveTimeout: Math.max(1, options.keepAliveMs),
    keepAliveMaxTimeout: Math.max(1, options.keepAliveMs),
    // The connector has its own deadline; undici's would only race it.
    connect: (_, callback) => {
      const waiting = ready.take();
      (waiting === undefined ? open() : Promise.resolve(waiting)).then(
        (socket) => {
          // To undici a connection that is broken before its first request, after which it would open the next one, without end.
          if (socket.readableLength > 0) {
            socket.destroy();
            callback(new UpstreamError("protocol", "The destination spoke before it was asked."), null);
          } else callback(null, socket);
        },
        (error: unknown) => callback(error instanceof Error ? error : new UpstreamError("connect", "The connection failed."), null),
      );
    },
  });
  const standard = target.port === (target.scheme === "https" ? 443 : 80);
  const hostField = standard ? authority(target).slice(0, authority(target).lastIndexOf(":")) : authority(target);
  const way: Way = { pool, hostField, dial: open, ready, reaching: undefined };
  ways.set(key, way);
  return way;
}

/** By value: policies are read anew, and their objects then equal those of before, but aren't the same. */
function wordOf(part: object | undefined): string {
  return part === undefined ? "-" : JSON.stringify(part);
}

async function forwardOnce(
  { pool, hostField }: Way,
  request: UpstreamRequest,
  sink: AnswerSink,
  options: ForwarderOptions,
): Promise<Forwarded> {
  return new Promise((resolve) => {
    const handler = new AnswerRelay(sink, options, resolve);
    pool.dispatch(
      {
        method: request.method,
        path: request.pathAndQuery,
        headers: flatten(hostField, request.headers),
        body: request.body ?? null,
      },
      handler,
    );
  });
}

/** Host first (RFC 9110, section 7.2), then the listed fields in the client's order and case. undici writes Content-Length itself. */
function flatten(hostField: string, headers: readonly HeaderField[]): string[] {
  const fields = ["Host", hostField];
  for (const [name, value] of headers) fields.push(name, value);
  return fields;
}

const LATE = "The exchange with the destination was not over in time.";

/** Carries one answer from undici to the client, at the client's pace. */
class AnswerRelay implements Dispatcher.DispatchHandler {
  readonly #sink: AnswerSink;
  readonly #options: ForwarderOptions;
  readonly #resolve: (outcome: Forwarded) => void;
  #status = 0;
  #bytes = 0;
  #clientLeft = false;
  readonly #deadline: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;

  constructor(sink: AnswerSink, options: ForwarderOptions, resolve: (outcome: Forwarded) => void) {
    this.#sink = sink;
    this.#options = options;
    this.#resolve = resolve;
    this.#deadline = setTimeout(() => this.#late(), options.totalMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It waited too long for a connection, and the client has its answer. Thrown, since an abort would take the connection along, which is
    // for the next one in the queue.
    if (this.#settled) throw new UpstreamError("timeout", LATE);
    this.#sink.onClose(() => {
      this.#clientLeft = true;
      this.#controller?.abort(new Error("The client left."));
    });
    if (this.#clientLeft) throw new Error("The client left while it waited for a connection.");
    this.#controller = controller;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // Interim answers (103 and such) are hints that nobody here waits for.
    if (status < 200) return;
    if (status > 599) {
      controller.abort(
        new UpstreamError("protocol", "The destination answered with a status that HTTP does not have (RFC 9110, section 15)."),
      );
      return;
    }
    this.#status = status;
    const fields = this.#options.answerHeaders(fieldsOf(controller.rawHeaders ?? []));
    // RFC 9110, section 8.6: a 204 has no length, and HTTP/2 clients refuse one that does.
    this.#sink.head(status, status === 204 ? fields.filter(([name]) => name.toLowerCase() !== "content-length") : fields);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#sink.data(chunk)) return;
    controller.pause();
    this.#sink.onDrain(() => controller.resume());
  }

  onResponseEnd(): void {
    this.#sink.end();
    this.#settle({ kind: "answered", status: this.#status, bytes: this.#bytes });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#clientLeft) {
      this.#settle({ kind: "client-left" });
      return;
    }
    if (error instanceof AddressRefusedError) {
      this.#settle({ kind: "address-refused", detail: error.message });
      return;
    }
    // It was over with its head, whatever is missed or comes to grief behind it: undici misses the bytes of the length that a 304 names, which
    // is that of the answer which the client has (RFC 9110, section 8.6).
    if (isBodiless(this.#status)) {
      this.onResponseEnd();
      return;
    }
    const answerStarted = this.#status !== 0;
    if (answerStarted) this.#sink.abort();
    this.#settle({ kind: "failed", error: kindOf(error), detail: detailOf(error), answerStarted });
  }

  #late(): void {
    if (this.#controller !== undefined) this.#controller.abort(new UpstreamError("timeout", LATE));
    // Still in the queue for a connection, where undici can't be told.
    else this.#settle({ kind: "failed", error: "timeout", detail: LATE, answerStarted: false });
  }

  #settle(outcome: Forwarded): void {
    clearTimeout(this.#deadline);
    this.#settled = true;
    this.#resolve(outcome);
  }
}

function fieldsOf(raw: readonly (Buffer | string)[] | Record<string, string | string[] | undefined>): HeaderField[] {
  const fields: HeaderField[] = [];
  if (!Array.isArray(raw)) return fields;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    fields.push([textOf(raw[index]), textOf(raw[index + 1])]);
  }
  return fields;
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString("latin1");
  return typeof value === "string" ? value : "";
}

function kindOf(error: Error): UpstreamErrorKind {
  if (error instanceof UpstreamError) return error.kind;
  if (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError
  )
    return "timeout";
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError) return "protocol";
  return "reset";
}

function detailOf(error: Error): string {
  if (error instanceof UpstreamError) return error.message;
  return "code" in error && typeof error.code === "string"
    ? `The exchange with the destination failed (${error.code}).`
    : "The exchange with the destination failed.";
}
