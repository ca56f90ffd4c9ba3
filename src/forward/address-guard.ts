import ipaddr from "ipaddr.js";

/**
 * The address guard (invariant 4): only globally reachable unicast may be dialled. A compromised pod, or a vendor's DNS, would otherwise
 * use the proxy to reach the cloud's metadata service, the cluster or the operator's own network.
 *
 * Sources: IANA's special-purpose address registries (RFC 6890 and successors), as ipaddr.js names them, plus what it does not name.
 *
 * @returns undefined where the address may be dialled, else the kind of range it is in
 */
export function refusedRange(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return "not an address";
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== "unicast") return range;
  for (const [name, network] of ADDITIONAL) {
    if (parsed.kind() === network[0].kind() && parsed.match(network[0], network[1])) return name;
  }
  return undefined;
}

const ADDITIONAL: readonly (readonly [string, [ipaddr.IPv4 | ipaddr.IPv6, number]])[] = [
  // Azure's host agent and platform DNS: a public number that only a virtual machine reaches.
  ["cloud metadata", ipaddr.parseCIDR("168.63.129.16/32")],
  ["cloud metadata", ipaddr.parseCIDR("100.100.100.200/32")],
  ["cloud metadata", ipaddr.parseCIDR("fd00:ec2::/32")],
  ["6to4 relay", ipaddr.parseCIDR("192.88.99.0/24")],
  ["benchmarking", ipaddr.parseCIDR("198.18.0.0/15")],
  ["documentation", ipaddr.parseCIDR("3fff::/20")],
  ["NAT64", ipaddr.parseCIDR("64:ff9b::/96")],
  ["NAT64", ipaddr.parseCIDR("64:ff9b:1::/48")],
  ["IPv4-compatible", ipaddr.parseCIDR("::/96")],
  ["site-local", ipaddr.parseCIDR("fec0::/10")],
  // Everything outside 2000::/3 is unassigned or special (IANA, IPv6 global unicast).
  ["not global unicast", ipaddr.parseCIDR("::/3")],
  ["not global unicast", ipaddr.parseCIDR("4000::/2")],
  ["not global unicast", ipaddr.parseCIDR("8000::/1")],
];
