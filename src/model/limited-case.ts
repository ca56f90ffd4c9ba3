/**
 * The vendor's four Limited Cases, and the two names that stand where no Limited Case applies.
 *
 * Source: the vendor's data-transfer document, table "Limited Cases" (see docs/traffic.md).
 */
export const LIMITED_CASES = ["event-collection", "js-error-collection", "support", "licensing"] as const;

export type LimitedCase = (typeof LIMITED_CASES)[number];

/** `operator`: a destination of the operator's own. `none`: nothing in policy names the destination. */
export type CaseName = LimitedCase | "operator" | "none";

export const CASE_NAMES: readonly CaseName[] = [...LIMITED_CASES, "operator", "none"];

export type Mode = "enforce" | "monitor";
