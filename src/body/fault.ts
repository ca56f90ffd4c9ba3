import type { Unreadable } from "../model/body-view.js";
import type { Reason } from "../model/reasons.js";

/** The value, or why there is none. Bytes from outside make no exceptions: each step returns one of these. */
export type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Unreadable };

export function done<T>(value: T): Step<T> {
  return { ok: true, value };
}

/** A step that failed for the body as a whole. */
export function failed(reason: Reason, rule: string, why: string): { readonly ok: false; readonly fault: Unreadable } {
  return { ok: false, fault: { reason, rule, pointer: "", why } };
}
