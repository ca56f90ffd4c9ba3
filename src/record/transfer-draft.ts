import type { Client, Entry, Exchange } from "../model/exchange.js";
import type { Finding } from "../model/finding.js";
import type { Inspection } from "../model/inspection.js";
import type { CaseName } from "../model/limited-case.js";
import type { Destination } from "../model/policy.js";
import type { Pseudonyms } from "../model/ports.js";
import { isUnexpectedTransfer, type Reason } from "../model/reasons.js";
import { authority, type Target } from "../model/target.js";
import type { Transfer } from "../model/transfer.js";

/** What the pipeline knows of an exchange when it is to be recorded. */
export interface TransferFacts {
  readonly id: string;
  readonly at: number;
  readonly client: Client;
  readonly entry: Entry;
  /** Undefined where no request could be read. */
  readonly head: Exchange["head"] | undefined;
  readonly target: Target | undefined;
  readonly caseName: CaseName;
  readonly destination: Destination | undefined;
  readonly verdict: Transfer["verdict"];
  readonly reason: Reason | undefined;
  readonly findings: readonly Finding[];
  readonly moreFindings: number;
  readonly transferred: boolean;
  /** As captured, before decoding; undefined where it was not read. */
  readonly body: Uint8Array | undefined;
  readonly inspection: Inspection | undefined;
  readonly policyDigest: string;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]);

/** `10.244.1.7 as NAME, pod diffgram/walrus-6f7 of service account walrus`, as far as that is known. */
function clientText({ address, identity, workload }: Client): string {
  const named = identity === undefined ? address : `${address} as ${identity}`;
  return workload === undefined
    ? named
    : `${named}, pod ${workload.namespace}/${workload.pod} of service account ${workload.serviceAccount}`;
}

/**
 * Turns facts into what may be written down: every host, method and path segment that policy does not name becomes its pseudonym
 * (invariant 7), since a refused host or path may itself be the thing that was to leave.
 */
export function draftTransfer(facts: TransferFacts, pseudonyms: Pseudonyms): Transfer {
  const { destination, head, target } = facts;
  const host = destination?.host ?? (target === undefined ? "{unknown}" : pseudonyms.short(target.host));
  const name = destination?.name ?? host;
  const method = head === undefined ? "CONNECT" : METHODS.has(head.method) ? head.method : pseudonyms.short(head.method);
  const path = head === undefined ? "" : nameablePath(head.path, destination, pseudonyms);
  const bodyHmac = pseudonyms.hmac(facts.body ?? "");
  const sameAgain =
    facts.inspection?.identity ??
    (facts.body === undefined || facts.body.length === 0 ? `${facts.reason ?? ""} ${method} ${path}` : bodyHmac);
  return {
    id: facts.id,
    at: facts.at,
    client: clientText(facts.client),
    entry: facts.entry,
    caseName: facts.caseName,
    destination: name,
    host,
    port: target?.port ?? 0,
    ...(destination?.parent && { via: authority({ ...destination.parent, ip: destination.parent.host.includes(":") ? 6 : undefined }) }),
    method,
    path,
    verdict: facts.verdict,
    reason: facts.reason,
    findings: facts.findings,
    moreFindings: facts.moreFindings,
    transferred: facts.transferred,
    unexpected: facts.reason === undefined || isUnexpectedTransfer(facts.reason),
    identity: pseudonyms.hmac(`transfer ${name} ${sameAgain}`),
    eventKind: facts.inspection?.eventKind,
    bodyBytes: facts.body?.length ?? 0,
    bodyHmac,
    structure: facts.inspection?.structure,
    policyDigest: facts.policyDigest,
  };
}

/** The path with every segment replaced that no route of the destination holds. */
function nameablePath(path: string, destination: Destination | undefined, pseudonyms: Pseudonyms): string {
  if (path === "/" || destination?.routes.some((route) => route.path === path) === true) return path;
  const named = new Set(destination?.routes.flatMap((route) => route.path.split("/")) ?? []);
  const segments = path.split("/").slice(0, 12);
  return segments.map((segment) => (segment === "" || named.has(segment) ? segment : pseudonyms.short(segment))).join("/");
}
