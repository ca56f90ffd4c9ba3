import ipaddr from "ipaddr.js";

/**
 * Whether an address lies in one of the networks.
 *
 * @param networks CIDRs or single addresses, checked by whoever read them
 */
export function inNetworks(networks: readonly string[]): (address: string) => boolean {
  const parsed = networks.map((network) => {
    if (ipaddr.isValidCIDR(network)) return ipaddr.parseCIDR(network);
    const address = ipaddr.parse(network);
    return [address, address.kind() === "ipv4" ? 32 : 128] as const;
  });
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const one = ipaddr.process(address);
    return parsed.some(([network, bits]) => network.kind() === one.kind() && one.match(network, bits));
  };
}
