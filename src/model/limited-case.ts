/**
 * The vendor's four Limited Cases, and the two names that stand where no Limited Case applies.
 *
 * Source: the vendor's data-transfer document, table "Limited Cases" (see docs/traffic.md).
 */
export const LIMITED_CASES = ["event-collection", "js-error-collection", "support", "licensing"] as const;

export type LimitedCase = (typeof LIMITED_CASES)[number];

/** What each case takes in, as the vendor's document words it. */
export const CASE_SCOPES: Readonly<Record<LimitedCase, string>> = {
  "event-collection": "Metadata of the services' events, such as database ids; goes out.",
  "js-error-collection": "Page visits and JavaScript errors, from people's browsers; goes out.",
  support: "Named routes that the vendor's staff may ask: configuration and aggregates; comes in, the answers go out.",
  licensing: "Licence status, revocation and usage thresholds for billing; goes out.",
};

/** `operator`: a destination of the operator's own. `none`: nothing in policy names the destination. */
export type CaseName = LimitedCase | "operator" | "none";

export const CASE_NAMES: readonly CaseName[] = [...LIMITED_CASES, "operator", "none"];

export type Mode = "enforce" | "monitor";
