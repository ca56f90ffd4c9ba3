import type { CaseName } from "../model/limited-case.js";
import type { Reason } from "../model/reasons.js";
import type { Transfer } from "../model/transfer.js";
import type { TransferStatus } from "../model/record-desk.js";
import type { Entry } from "./chain.js";
import type { DeskTables } from "./desk-schema.js";

/** The tables, alike in SQLite and PostgreSQL. Times are milliseconds since the epoch, yes and no are 1 and 0. */
export interface Tables extends DeskTables {
  entries: Entry;
  replicas: ReplicaRow;
  checkpoints: CheckpointRow;
  records: RecordRow;
  record_rules: RecordRuleRow;
  incidents: IncidentRow;
  searches: SearchRow;
  record_counts: RecordCountRow;
  desk_memory: DeskMemoryRow;
}

/** Records that are alike in these, first seen on one day (UTC, days since the epoch). */
export interface RecordCountRow {
  day: number;
  case_name: CaseName;
  status: TransferStatus;
  transferred: number;
  unexpected: number;
  count: number;
}

/** What consoles share and a restart must not lose. */
export interface DeskMemoryRow {
  id: string;
  text: string;
  until_at: number;
}

/** Each distinct search text once. */
export interface SearchRow {
  key: string;
  text: string;
}

/** The head of each replica's chain. */
export interface ReplicaRow {
  replica: string;
  seq: number;
  hash: string;
  /** Sequence number before the oldest entry that is still there: 0 until something was pruned. */
  base: number;
  seen_at: number;
}

export interface CheckpointRow {
  replica: string;
  seq: number;
  hash: string;
  at: number;
  /** The line that also goes off the host; see checkpoint.ts. */
  line: string;
}

export interface RecordRow {
  id: string;
  identity: string;
  incident: string;
  replica: string;
  status: TransferStatus;
  /** Until when the vendor is to answer. */
  due_at: number | null;
  /** 1 once somebody was told that it is overdue. */
  due_told: number;
  occurrences: number;
  first_seen: number;
  last_seen: number;
  unexpected: number;
  transferred: number;
  case_name: CaseName;
  destination: string;
  host: string;
  port: number;
  /** Parent proxy that resolves and dials. */
  via: string | null;
  method: string;
  path: string;
  event_kind: string | null;
  client: string;
  entry: Transfer["entry"];
  verdict: Transfer["verdict"];
  reason: Reason | null;
  /** Canonical JSON of the findings. */
  findings: string;
  more_findings: number;
  /** Distinct rules, sorted, by spaces. */
  rules: string;
  body_bytes: number;
  body_hmac: string;
  structure: string | null;
  policy_digest: string;
  /** Lower case: what a text filter looks in. */
  search: string;
  /** Of the row of `searches` that holds the same text. */
  search_key: string;
}

/** So that a list by rule reads an index; `last_seen` follows the record's. */
export interface RecordRuleRow {
  rule: string;
  record: string;
  last_seen: number;
}

export interface IncidentRow {
  id: string;
  case_name: CaseName;
  destination: string;
  event_kind: string | null;
  reason: Reason | null;
  rules: string;
  records: number;
  open_records: number;
  occurrences: number;
  transferred: number;
  first_seen: number;
  last_seen: number;
}
