import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import { canonicalHost } from "./host.js";

/**
 * Whether a TLS handshake's server name (RFC 6066, section 3) names the tunnel's target. RFC 6066 allows no addresses there, so a target
 * that is an IP literal comes without; every other handshake without a name is refused, since nothing then ties it to the target.
 *
 * @returns undefined where it does
 */
export function judgeServerName(serverName: string | undefined, target: Target): Refusal | undefined {
  if (serverName === undefined) {
    return target.ip === undefined ? refusal("sni-missing", "The handshake names no server, and the target is a name.") : undefined;
  }
  if (serverName === target.host) return undefined;
  const host = canonicalHost(serverName);
  if (isRefusal(host)) return refusal("sni-mismatch", "The handshake's server name is no host name.");
  if (host.host !== target.host) return refusal("sni-mismatch", "The handshake's server name differs from the tunnel's target.");
  return undefined;
}

/**
 * The target that a redirected handshake's server name stands for: after the redirect nothing else says where the client wanted to go.
 *
 * @param port the port that clients were redirected from
 */
export function targetOfServerName(serverName: string, port: number): Target | Refusal {
  const host = canonicalHost(serverName);
  if (isRefusal(host)) return refusal("target-invalid", "The handshake's server name is no host name.");
  // RFC 6066, section 3: addresses are no server names.
  if (host.ip !== undefined) return refusal("target-invalid", "The handshake's server name is an address.");
  return { scheme: "https", host: host.host, port, ip: undefined };
}
