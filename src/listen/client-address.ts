import ipaddr from "ipaddr.js";

/**
 * The one spelling of an address that a record, a policy and a quota know a client by: an IPv4 client of a dual-stack listener is one and
 * the same as over IPv4, an IPv6 is written as RFC 5952 has it.
 */
export function clientAddress(remote: string | undefined): string {
  return remote !== undefined && ipaddr.isValid(remote) ? ipaddr.process(remote).toString() : "unknown";
}
