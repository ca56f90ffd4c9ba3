import type { Transfer } from "../model/transfer.js";
import { canonicalJson, sha256 } from "./canonical.js";
import type { IncidentRow, RecordRow } from "./schema.js";
import { searchKey } from "./search-tables.js";
import { findingsText } from "./transfer-text.js";

/** Makes the record of a UDT from the first transfer that carried it. */
export function newRecord(transfer: Transfer, replica: string): RecordRow {
  const row = {
    id: transfer.id,
    identity: transfer.identity,
    incident: incidentId(transfer),
    replica,
    occurrences: timesOf(transfer),
    first_seen: transfer.bundle?.first ?? transfer.at,
    last_seen: transfer.bundle?.last ?? transfer.at,
    unexpected: Number(transfer.unexpected),
    case_name: transfer.caseName,
    destination: transfer.destination,
    host: transfer.host,
    port: transfer.port,
    via: transfer.via ?? null,
    method: transfer.method,
    path: transfer.path,
    event_kind: transfer.eventKind ?? null,
    status: "open" as const,
    due_at: null,
    due_told: 0,
    ...judged(transfer),
  };
  const search = searchText(row, transfer);
  return { ...row, search, search_key: searchKey(search) };
}

/**
 * The same UDT came again. What is shown stays the first transfer's, unless this one is the first that reached the vendor: then the
 * record tells of that one, since it is what has to be reported and deleted.
 */
export function withOccurrence(record: RecordRow, transfer: Transfer): RecordRow {
  const reachedNow = transfer.transferred && record.transferred === 0;
  return {
    ...record,
    ...(reachedNow && judged(transfer)),
    unexpected: Math.max(record.unexpected, Number(transfer.unexpected)),
    occurrences: record.occurrences + timesOf(transfer),
    first_seen: Math.min(record.first_seen, transfer.bundle?.first ?? transfer.at),
    last_seen: Math.max(record.last_seen, transfer.bundle?.last ?? transfer.at),
  };
}

/** Transfers of the same cause: case, destination, event kind, rules and where they found it, whichever item of a list it was. */
export function incidentId(transfer: Transfer): string {
  const places = new Set(transfer.findings.map((finding) => `${finding.rule} ${normalPointer(finding.pointer)}`));
  const cause = [transfer.caseName, transfer.destination, transfer.eventKind ?? null, transfer.reason ?? null, [...places].sort()];
  return `inc-${sha256(canonicalJson(cause)).slice(0, 24)}`;
}

/** Array indexes and unnamed keys vary with the data, not with the cause. */
export function normalPointer(pointer: string): string {
  if (!pointer.startsWith("/")) return pointer.replace(/\{[0-9a-f]{8}\}/g, "{*}");
  return pointer
    .split("/")
    .map((part) => (/^\d+$/.test(part) ? "*" : part.replace(/\{[0-9a-f]{8}\}/g, "{*}")))
    .join("/");
}

export function newIncident(record: RecordRow): IncidentRow {
  return {
    id: record.incident,
    case_name: record.case_name,
    destination: record.destination,
    event_kind: record.event_kind,
    reason: record.reason,
    rules: record.rules,
    records: 1,
    open_records: 1,
    occurrences: record.occurrences,
    transferred: record.transferred,
    first_seen: record.first_seen,
    last_seen: record.last_seen,
  };
}

/** How many exchanges a transfer stands for. */
export function timesOf(transfer: Transfer): number {
  return transfer.bundle?.count ?? 1;
}

/** Whether a record of this status still waits for someone. */
export function isOpen(status: RecordRow["status"]): boolean {
  return status !== "deleted" && status !== "dismissed";
}

function judged(transfer: Transfer) {
  return {
    client: transfer.client,
    entry: transfer.entry,
    verdict: transfer.verdict,
    reason: transfer.reason ?? null,
    transferred: Number(transfer.transferred),
    findings: findingsText(transfer.findings),
    more_findings: transfer.moreFindings,
    rules: [...new Set(transfer.findings.map((finding) => finding.rule))].sort().join(" "),
    body_bytes: transfer.bodyBytes,
    body_hmac: transfer.bodyHmac,
    structure: transfer.structure ?? null,
    policy_digest: transfer.policyDigest,
  };
}

function searchText(row: { readonly rules: string; readonly reason: string | null }, transfer: Transfer): string {
  const { caseName, destination, host, method, path, eventKind, client } = transfer;
  const pointers = new Set(transfer.findings.slice(0, 20).map((finding) => normalPointer(finding.pointer)));
  return [caseName, destination, host, method, path, eventKind, client, row.reason, row.rules, ...pointers]
    .filter((part) => part !== undefined && part !== null)
    .join(" ")
    .toLowerCase();
}
