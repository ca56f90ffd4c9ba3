import type { Target } from "./target.js";

/** Who asks. `identity` only where the listener authenticates. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly identity: string | undefined;
}

/** How the request reached us. */
export type Entry = "absolute" | "connect" | "transparent";

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
