import { type ClientTest, clientTest } from "./client-match.js";
import type { CasePolicy, Destination, Policy } from "../model/policy.js";

/** The policy, compiled once so that a request costs two look-ups however many destinations there are. */
export interface PolicyIndex {
  readonly policy: Policy;
  readonly byAuthority: ReadonlyMap<string, Destination>;
  /** Only of destinations that are not everybody's. */
  readonly clientsOf: ReadonlyMap<Destination, ClientTest>;
  readonly byHost: ReadonlyMap<string, readonly Destination[]>;
}

export function compilePolicy(policy: Policy): PolicyIndex {
  const byAuthority = new Map<string, Destination>();
  const byHost = new Map<string, Destination[]>();
  const clientsOf = new Map<Destination, ClientTest>();
  for (const destination of policy.destinations) {
    const test = clientTest(destination);
    if (test !== undefined) clientsOf.set(destination, test);
    byAuthority.set(authorityKey(destination), destination);
    const sharing = byHost.get(destination.host);
    if (sharing === undefined) byHost.set(destination.host, [destination]);
    else sharing.push(destination);
  }
  return { policy, byAuthority, byHost, clientsOf };
}

/** A key for look-ups only: a canonical host holds no space, so it can't be confused with another. */
export function authorityKey(target: { readonly host: string; readonly port: number }): string {
  return `${target.host} ${target.port}`;
}

/** The case that a destination belongs to; undefined for an operator's own, which has no case and so no opening. */
export function caseOf(policy: Policy, destination: Destination): CasePolicy | undefined {
  return destination.caseName === "operator" ? undefined : policy.cases[destination.caseName];
}

/**
 * Whether any case (even one switched off) or operator's destination names the host, on whatever port. A CONNECT to such a host is tunnelled
 * and refused inside TLS, where the client can read why; a CONNECT to any other is refused at once.
 */
export function namesHost(index: PolicyIndex, host: string): boolean {
  return index.byHost.has(host);
}
