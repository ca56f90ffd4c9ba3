import type { DeskIncident, DeskRecord } from "../model/record-desk.js";
import type { IncidentRow, RecordRow } from "./schema.js";
import { parseFindings } from "./transfer-text.js";

export function recordView(row: RecordRow, spooled = false): DeskRecord {
  const findings = parseFindings(row.findings);
  return {
    id: row.id,
    incident: row.incident,
    replica: row.replica,
    case: row.case_name,
    destination: row.destination,
    host: row.host,
    port: row.port,
    via: row.via,
    method: row.method,
    path: row.path,
    eventKind: row.event_kind,
    verdict: row.verdict,
    reason: row.reason,
    transferred: row.transferred === 1,
    unexpected: row.unexpected === 1,
    status: row.status,
    due: row.due_at === null ? null : new Date(row.due_at).toISOString(),
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

export function incidentView(row: IncidentRow): DeskIncident {
  return {
    id: row.id,
    case: row.case_name,
    destination: row.destination,
    eventKind: row.event_kind,
    reason: row.reason,
    rules: row.rules === "" ? [] : row.rules.split(" "),
    records: row.records,
    openRecords: row.open_records,
    occurrences: row.occurrences,
    transferred: row.transferred,
    firstSeen: new Date(row.first_seen).toISOString(),
    lastSeen: new Date(row.last_seen).toISOString(),
  };
}
