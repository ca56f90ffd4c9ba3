import type { Finding, RuleId } from "../model/finding.js";
import type { CaseName } from "../model/limited-case.js";
import type { Reason } from "../model/reasons.js";
import type { Transfer } from "../model/transfer.js";
import type { IncidentRow, RecordRow, Status } from "./schema.js";
import { parseFindings } from "./transfer-text.js";

/** A UDT as the command line, the API and the console show it. Times are ISO 8601 in UTC. */
export interface RecordView {
  readonly id: string;
  readonly incident: string;
  readonly replica: string;
  readonly case: CaseName;
  readonly destination: string;
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly eventKind: string | null;
  readonly verdict: Transfer["verdict"];
  readonly reason: Reason | null;
  readonly transferred: boolean;
  readonly unexpected: boolean;
  readonly status: Status;
  readonly occurrences: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly rules: readonly RuleId[];
  readonly findings: readonly Finding[];
  readonly moreFindings: number;
  readonly client: string;
  readonly entry: Transfer["entry"];
  readonly identity: string;
  readonly bodyBytes: number;
  readonly bodyHmac: string;
  readonly structure: string | null;
  readonly policyDigest: string;
  /** True where its newest occurrence is still in the local spool. */
  readonly spooled: boolean;
}

export interface HistoryView {
  readonly id: string;
  readonly kind: "transfer" | "occurrence" | "status" | "evidence" | "access";
  readonly at: string;
  readonly replica: string;
  /** The entry's body: for a status change who, from, to and why; null once pruned. */
  readonly detail: unknown;
}

export interface IncidentView {
  readonly id: string;
  readonly case: CaseName;
  readonly destination: string;
  readonly eventKind: string | null;
  readonly rules: readonly string[];
  readonly records: number;
  readonly openRecords: number;
  readonly occurrences: number;
  readonly transferred: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export function recordView(row: RecordRow, spooled = false): RecordView {
  const findings = parseFindings(row.findings);
  return {
    id: row.id,
    incident: row.incident,
    replica: row.replica,
    case: row.case_name,
    destination: row.destination,
    host: row.host,
    port: row.port,
    method: row.method,
    path: row.path,
    eventKind: row.event_kind,
    verdict: row.verdict,
    reason: row.reason,
    transferred: row.transferred === 1,
    unexpected: row.unexpected === 1,
    status: row.status,
    occurrences: row.occurrences,
    firstSeen: new Date(row.first_seen).toISOString(),
    lastSeen: new Date(row.last_seen).toISOString(),
    rules: [...new Set(findings.map((finding) => finding.rule))].sort(),
    findings,
    moreFindings: row.more_findings,
    client: row.client,
    entry: row.entry,
    identity: row.identity,
    bodyBytes: row.body_bytes,
    bodyHmac: row.body_hmac,
    structure: row.structure,
    policyDigest: row.policy_digest,
    spooled,
  };
}

export function incidentView(row: IncidentRow): IncidentView {
  return {
    id: row.id,
    case: row.case_name,
    destination: row.destination,
    eventKind: row.event_kind,
    rules: row.rules === "" ? [] : row.rules.split(" "),
    records: row.records,
    openRecords: row.open_records,
    occurrences: row.occurrences,
    transferred: row.transferred,
    firstSeen: new Date(row.first_seen).toISOString(),
    lastSeen: new Date(row.last_seen).toISOString(),
  };
}
