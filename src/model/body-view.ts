import type { JsonNode } from "./json.js";
import type { Reason } from "./reasons.js";

/**
 * One way of reading a body. A rule sees views, never raw bytes; a finding names the view that it came from.
 */
export type BodyView =
  | { readonly kind: "json"; readonly via: string; readonly bytes: Uint8Array; readonly root: JsonNode }
  /** Newline-delimited JSON: one document a line, each with its offset in `bytes`. */
  | { readonly kind: "ndjson"; readonly via: string; readonly bytes: Uint8Array; readonly roots: readonly JsonNode[] }
  /** Form-encoded pairs (body or query): names and values decoded once. */
  | { readonly kind: "form"; readonly via: string; readonly bytes: Uint8Array; readonly fields: readonly FormField[] }
  /** Parts of `multipart/form-data` (RFC 7578). */
  | { readonly kind: "multipart"; readonly via: string; readonly bytes: Uint8Array; readonly parts: readonly MultipartPart[] }
  | { readonly kind: "empty"; readonly via: string };

export interface FormField {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** One part of a multipart body. A part with a file name, or with a content type that is no text, is a BLOB. */
export interface MultipartPart {
  readonly name: string;
  readonly filename: string | undefined;
  /** Lower case, without parameters. */
  readonly contentType: string | undefined;
  /** Offsets of the part's content in `bytes`, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** The content as text; undefined where it is not UTF-8. */
  readonly value: string | undefined;
}

/** Why a body can't be read; becomes an `integrity/*` finding and so a block (invariant 5). */
export interface Unreadable {
  readonly reason: Reason;
  /** The part after `integrity/`, e.g. `duplicate-key`, `json-invalid`, `depth`, `coding`. */
  readonly rule: string;
  /** Where it shows: a JSON Pointer, or "" for the whole. Holds no value; keys only as far as the reader got. */
  readonly pointer: string;
  readonly range?: readonly [start: number, end: number];
  /** A sentence for the analyst; never the bytes themselves. */
  readonly why: string;
}

/** What `body/` makes of the captured bytes. `faults` may stand beside views: a body with a duplicate key is still read, and refused. */
export interface BodyReading {
  readonly views: readonly BodyView[];
  readonly faults: readonly Unreadable[];
  /** Bytes after content codings. */
  readonly decodedBytes: number;
}

/** Bounds of one reading, from policy `limits`; past any of them is a named fault, never a truncation. */
export interface BodyLimits {
  /** Bytes after decoding. Default 1 MiB. */
  readonly bodyBytes: number;
  /** Nesting of JSON containers. Default 64. */
  readonly depth: number;
  /** Number of content codings. Default 2. */
  readonly codings: number;
  /** Decoded bytes over coded bytes. Default 200. */
  readonly ratio: number;
  /** Nodes in one document. Default 200,000. */
  readonly nodes: number;
}
