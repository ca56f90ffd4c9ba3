import type { Reason } from "./reasons.js";

export const CATEGORIES = ["pii", "secret", "blob", "annotation", "schema", "integrity"] as const;

export type Category = (typeof CATEGORIES)[number];

/** `category/name`, e.g. `pii/email`. */
export type RuleId = `${Category}/${string}`;

export type Action = "block" | "redact" | "report";

export type ByteRange = readonly [start: number, end: number];

/**
 * What a rule found and where; never the value itself (invariant 7).
 */
export interface Finding {
  readonly rule: RuleId;
  /**
   * RFC 6901 JSON Pointer into the body (`/batch/0/properties/email`). A key that no schema names stands as `{8 hex}` of its HMAC.
   * Outside the body: `header:<name>`, `query:<name>`, `path`.
   */
  readonly pointer: string;
  /** How the value was reached: `body`, `body>gzip`, `body>json-string>base64`, `header`, `query`, `path`, `key`. */
  readonly view: string;
  /** Byte range in the decoded body (after content codings), end exclusive; absent outside the body. */
  readonly range?: ByteRange;
  readonly action: Action;
  /** Of fixed length, the same for every value: says that something stood there, and nothing about it. */
  readonly mask: string;
  /** Keyed HMAC-SHA-256 of the value, hex, so that repeats correlate; key per installation. */
  readonly hmac: string;
  /** One sentence for the analyst: what was looked at and why it counts; names no part of the value. */
  readonly why: string;
  /** For `integrity/*`: the reason that the refusal carries. */
  readonly reason?: Reason;
}

/** The mask that stands for any value, whatever its length. */
export const MASK = "********";

export function categoryOf(rule: RuleId): Category {
  return rule.slice(0, rule.indexOf("/")) as Category;
}
