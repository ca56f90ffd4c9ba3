import type { FormField } from "./body-view.js";
import type { JsonNode } from "./json.js";

/**
 * What a string turns out to hold when it is decoded. A view is another reading of bytes that already stand in the body; its findings
 * carry the byte range of the string that it came from.
 */
export type NestedContent =
  /** Decoded or normalised text. */
  | { readonly kind: "text"; readonly text: string }
  /** A JSON container in a string; ranges count in `bytes`. Its strings' own nested views are listed beside it: don't search them again. */
  | { readonly kind: "json"; readonly bytes: Uint8Array; readonly root: JsonNode }
  /** Form-encoded pairs in a string, or the query of a URL in it. */
  | { readonly kind: "form"; readonly fields: readonly FormField[] }
  /** Decoded bytes of a known format, by its first bytes (`png`, `zip`, `numpy`): for the BLOB rules. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly magic: string };

export interface NestedView {
  /** Steps from the string to here, joined by `>`: `base64>gzip`, `json-string>base64`, `normalised`. To be appended to the string's own view. */
  readonly via: string;
  /** Number of steps in `via`. */
  readonly depth: number;
  readonly content: NestedContent;
}

/**
 * What is left to spend, shared by all strings of one exchange and counted down by the finder. Time-free, so that equal bodies get equal
 * outcomes. At zero the finder says `exhausted`, and the caller blocks (`integrity/view-budget`).
 */
export interface ViewBudget {
  /** Decoded bytes. */
  bytes: number;
  /** Views yielded. */
  views: number;
  /** Steps under one string; not counted down. */
  readonly depth: number;
}

export interface NestedViews {
  /** Usually empty: most strings hold nothing else. */
  readonly views: readonly NestedView[];
  /** Something was left undecoded because the budget was spent: nothing is known about it, so block. */
  readonly exhausted: boolean;
}

/** Finds every nested view of one string. Made by `body/`, handed to `inspect/` by the composition. */
export type ViewFinder = (text: string, budget: ViewBudget) => NestedViews;

const MIB = 1024 * 1024;

/**
 * A fresh budget: for a body of up to 1 MiB 4 MiB decoded, 10,000 views, 6 steps, of which honest telemetry spends under a tenth each; where
 * the policy takes larger bodies, as many times more, or their size alone would spend it.
 *
 * @param bodyBytes the policy's `limits.body_bytes`
 */
export function freshViewBudget(bodyBytes = MIB): ViewBudget {
  const times = Math.max(1, bodyBytes / MIB);
  return { bytes: times * 4 * MIB, views: Math.floor(times * 10_000), depth: 6 };
}
