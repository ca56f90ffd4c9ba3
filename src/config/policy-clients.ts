import ipaddr from "ipaddr.js";
import type { DestinationClients } from "../model/policy.js";
import { readTexts } from "./tree-reader.js";
import type { FaultSink } from "./tree-reader.js";
import type { Tree } from "./yaml-tree.js";

const IDENTITY = /^identity:[\x21-\x7e]{1,128}$/;

/** Who may use a destination; undefined where the policy leaves it to everyone that reaches the proxy. */
export function readClients(tree: Tree | undefined, what: string, faults: FaultSink): DestinationClients | undefined {
  if (tree === undefined) return undefined;
  const written = readTexts(tree, `${what}: clients`, faults, (client, where) => acceptClient(client, where, what, faults));
  if (written.length === 0) {
    faults.push({
      where: tree.where,
      what: `${what}: clients names nobody, so nobody could use it.`,
      mend: "Name a client, or remove clients.",
    });
    return undefined;
  }
  const identities = written.filter((client) => client.startsWith("identity:")).map((client) => client.slice("identity:".length));
  return { networks: written.filter((client) => !client.startsWith("identity:")), identities };
}

function acceptClient(client: string, where: string, what: string, faults: FaultSink): boolean {
  if (IDENTITY.test(client) || ipaddr.isValidCIDR(client) || ipaddr.isValid(client)) return true;
  const mend = 'Write "10.0.0.0/8", "10.0.0.7" or "identity:NAME", a name that the proxy authenticates.';
  faults.push({ where, what: `${what}: "${client}" is neither a network nor an identity.`, mend });
  return false;
}
