import type { Target } from "./target.js";

/** What runs at a client's address, where the cluster says so. */
export interface Workload {
  readonly namespace: string;
  readonly pod: string;
  readonly serviceAccount: string;
}

/** Who asks. `identity` only where the listener authenticates. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly identity: string | undefined;
  readonly workload?: Workload | undefined;
}

/** How the request reached us. */
export type Entry = "absolute" | "connect" | "transparent" | "support" | "first-party";

/** Header fields in the order and case they came in; names are compared in lower case. */
export type HeaderField = readonly [name: string, value: string];

/**
 * A request's head after `http/` has judged it: one canonical target, one normal path, no ambiguity left.
 */
export interface RequestHead {
  readonly method: string;
  readonly target: Target;
  /** Normal form, without query. */
  readonly path: string;
  /** Without `?`; undefined where there is none. */
  readonly query: string | undefined;
  readonly headers: readonly HeaderField[];
  readonly keepAlive: boolean;
  /** Minor version: an HTTP/1.0 client gets no chunked answer. */
  readonly minor: 0 | 1;
  readonly framing: { readonly kind: "none" } | { readonly kind: "length"; readonly length: number } | { readonly kind: "chunked" };
  readonly expectContinue: boolean;
}

/** One request and its answer. `id` is a UUIDv7 (RFC 9562) and, where the exchange is recorded, the record's id. */
export interface Exchange {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly client: Client;
  readonly entry: Entry;
  readonly head: RequestHead;
}

/** The first value of a header field, by lower-case name. */
export function header(headers: readonly HeaderField[], name: string): string | undefined {
  for (const field of headers) {
    if (field[0].length === name.length && field[0].toLowerCase() === name) return field[1];
  }
  return undefined;
}

/** A CONNECT's target: the host and port that the tunnel is for (RFC 9110, section 9.3.6). */
export interface ConnectHead {
  readonly method: "CONNECT";
  readonly target: Target;
  readonly headers: readonly HeaderField[];
}

export type Head = RequestHead | ConnectHead;

export function isConnect(head: Head): head is ConnectHead {
  return !("framing" in head);
}

/** Where a message came in: it decides which forms of target are possible. */
export type Origin =
  /** A plain listener: absolute form or CONNECT. */
  | { readonly kind: "proxy" }
  /** Inside a TLS session or a redirected connection whose target is already known: origin form for that target. */
  | { readonly kind: "target"; readonly target: Target }
  /** A redirected plain connection: Host alone names the target. */
  | { readonly kind: "host"; readonly port: number };
