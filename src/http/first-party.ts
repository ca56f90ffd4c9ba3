import type { RequestHead } from "../model/exchange.js";
import type { Destination } from "../model/policy.js";
import { refusal, type Refusal } from "../model/refusal.js";

/** How the loader and beacons of a case are asked for on Diffgram's own domain. */
export interface FirstPartySite {
  /** Diffgram's own host names, in their canonical spelling. */
  readonly hosts: readonly string[];
  /** Below which everything is ours: `/_egress`. */
  readonly path: string;
  /** The destinations that browsers may reach so. */
  readonly destinations: () => readonly Destination[];
}

/**
 * Fields that a beacon needs. The rest of what a browser sends to its own site stays here, uninspected and unsent: the session's cookie,
 * credentials, and the addresses that an ingress adds are the site's own business and no destination's.
 */
const KEPT = new Set(["accept", "accept-encoding", "accept-language", "content-type", "content-encoding", "user-agent"]);

/**
 * Reads `/_egress/NAME/PATH` on Diffgram's own domain as a request for PATH at the destination NAME. What comes of it is an ordinary
 * exchange: every stage judges it as if the browser had asked the destination itself.
 */
export function firstPartyHead(head: RequestHead, { hosts, path, destinations }: FirstPartySite): RequestHead | Refusal {
  if (!hosts.includes(head.target.host))
    return refusal("target-mismatch", "The request is for another host than those of the installation that first_party.hosts names.");
  const inside = head.path.startsWith(`${path}/`) ? head.path.slice(path.length + 1) : undefined;
  const slash = inside?.indexOf("/") ?? -1;
  const found = inside === undefined || slash < 0 ? undefined : destinations().find(({ name }) => name === inside.slice(0, slash));
  if (inside === undefined || found === undefined)
    return refusal("path-not-allowed", "The path names no destination of the case that browsers may reach first-party.");
  const { scheme, host, port } = found;
  return {
    ...head,
    target: { scheme, host, port, ip: undefined },
    path: inside.slice(slash),
    headers: head.headers.filter(([name]) => KEPT.has(name.toLowerCase())),
  };
}
