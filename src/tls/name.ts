import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

/** What a leaf certificate can be issued for: a DNS name or an address, in the canonical spelling of `Target.host`. */
export type LeafName =
  | { readonly kind: "dns"; readonly name: string }
  | { readonly kind: "ip"; readonly name: string; readonly bytes: Uint8Array };

/** A host for which no certificate can or may be made. Not a fault of the proxy: the caller refuses the exchange. */
export class LeafHostError extends Error {
  constructor(why: string) {
    super(`No certificate for this host: ${why}`);
    this.name = "LeafHostError";
  }
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;

/**
 * Reads a canonical host: lower case, A-labels, no trailing dot, no brackets, no wildcard.
 *
 * @throws LeafHostError for anything else: the name goes into a certificate, so no second spelling may get in.
 */
export function leafName(host: string): LeafName {
  if (host.includes(":")) return addressName(host);
  if (isIPv4(host)) return { kind: "ip", name: host, bytes: Uint8Array.from(host.split("."), Number) };
  // RFC 1035, section 2.3.4: 255 octets on the wire are 253 characters.
  if (host.length === 0 || host.length > 253) throw new LeafHostError("it is empty or longer than 253 characters");
  const labels = host.split(".");
  if (!labels.every((label) => label.length <= 63 && LABEL.test(label))) {
    throw new LeafHostError("it is not a DNS name in canonical spelling");
  }
  // `127.1` and `0x7f.1` are addresses to some resolvers (RFC 1123, section 2.1: a top label is never numeric).
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) throw new LeafHostError("it is an address in another spelling");
  return { kind: "dns", name: host };
}

function addressName(host: string): LeafName {
  if (!ipaddr.IPv6.isValid(host) || host.includes("%")) throw new LeafHostError("it is not an address in canonical spelling");
  return { kind: "ip", name: host, bytes: Uint8Array.from(ipaddr.IPv6.parse(host).toByteArray()) };
}
