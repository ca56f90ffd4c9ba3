import type { CaseName } from "../model/limited-case.js";
import type { Destination } from "../model/policy.js";
import type { Reason } from "../model/reasons.js";
import type { Target } from "../model/target.js";
import { authorityKey, caseOf } from "./policy-index.js";
import type { PolicyIndex } from "./policy-index.js";

export type DestinationMatch =
  | { readonly ok: true; readonly destination: Destination }
  /** `destination` is the one that the target came nearest to, for the record and the metric's label. */
  | { readonly ok: false; readonly reason: Reason; readonly caseName: CaseName; readonly destination: Destination | undefined };

/**
 * Judges where a request is to go (invariant 1, default deny): the host, then the port and scheme, then whether its case is on.
 *
 * @param target in its canonical spelling; another spelling matches nothing.
 */
export function matchDestination(index: PolicyIndex, target: Target): DestinationMatch {
  const destination = index.byAuthority.get(authorityKey(target));
  if (destination === undefined) return refuseUnnamed(index, target);
  if (caseOf(index.policy, destination)?.enabled === false) return refuse("case-limited", destination);
  if (destination.scheme !== target.scheme) return refuse("scheme-not-allowed", destination);
  return { ok: true, destination };
}

function refuseUnnamed(index: PolicyIndex, target: Target): DestinationMatch {
  const nearest = index.byHost.get(target.host)?.[0];
  if (nearest === undefined) return { ok: false, reason: "destination-not-allowed", caseName: "none", destination: undefined };
  // `http://host/` states no port of its own: the analyst wants to hear about the scheme.
  const plain = target.scheme === "http" && target.port === 80 && nearest.scheme === "https";
  return refuse(plain ? "scheme-not-allowed" : "port-not-allowed", nearest);
}

function refuse(reason: Reason, destination: Destination): DestinationMatch {
  return { ok: false, reason, caseName: destination.caseName, destination };
}
