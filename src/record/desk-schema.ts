import type { CaseName } from "../model/limited-case.js";
import type { VerdictLabel } from "../model/ports.js";

/** `path`: a member or parameter that went out. `event`: an event kind. `destination`: where to. `overflow`: what was past a bound. */
export type InventoryKind = "path" | "event" | "destination" | "overflow";

export interface InventoryRow {
  /** Digest of what it names. */
  id: string;
  case_name: CaseName;
  destination: string;
  kind: InventoryKind;
  path: string;
  type: string;
  length_class: string;
  count: number;
  first_seen: number;
  last_seen: number;
  /** 1: seen for the first time, and nobody accepted it yet. */
  change: number;
  accepted_by: string | null;
  accepted_at: number | null;
}

/** Exchanges judged on one day (UTC, days since the epoch). */
export interface TotalRow {
  day: number;
  case_name: CaseName;
  verdict: VerdictLabel;
  count: number;
}

/** Which policy a replica had in force from when on. */
export interface PolicyRow {
  replica: string;
  at: number;
  digest: string;
}

/** A body that only the operator's recipients can open. */
export interface EvidenceRow {
  exchange: string;
  record: string;
  at: number;
  /** Of the body before sealing. */
  bytes: number;
  /** SHA-256 of `sealed`. */
  digest: string;
  /** An age file in base64. */
  sealed: string;
}

/** A message that waits for its sink. */
export interface OutboxRow {
  id: string;
  replica: string;
  at: number;
  sink: string;
  kind: string;
  body: string;
  next_at: number;
  attempts: number;
}

/** The desk's tables, alike in SQLite and PostgreSQL. */
export interface DeskTables {
  inventory: InventoryRow;
  totals: TotalRow;
  policies: PolicyRow;
  evidence: EvidenceRow;
  outbox: OutboxRow;
}
