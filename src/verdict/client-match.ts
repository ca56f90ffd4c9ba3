import type { Client } from "../model/exchange.js";
import type { Destination } from "../model/policy.js";
import { inNetworks } from "./networks.js";

/** Whether a client is one of those that a policy names for a destination: by its network, or by who it proved to be. */
export type ClientTest = (client: Client) => boolean;

/** @returns undefined where the destination is everybody's */
export function clientTest({ clients }: Destination): ClientTest | undefined {
  if (clients === undefined) return undefined;
  const near = inNetworks(clients.networks);
  const named = new Set(clients.identities);
  return ({ address, identity }) => (identity !== undefined && named.has(identity)) || near(address);
}
