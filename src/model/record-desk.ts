import type { Entry } from "./exchange.js";
import type { Finding, RuleId } from "./finding.js";
import type { CaseName } from "./limited-case.js";
import type { Reason } from "./reasons.js";
import type { Transfer } from "./transfer.js";

/** `open -> confirmed -> reported -> deleted`, or `dismissed`. */
export const TRANSFER_STATUSES = ["open", "confirmed", "reported", "deleted", "dismissed"] as const;

export type TransferStatus = (typeof TRANSFER_STATUSES)[number];

/** Where a status may go. A dismissal can be taken back; a deletion that the vendor confirmed stays. */
export const NEXT_STATUSES: Readonly<Record<TransferStatus, readonly TransferStatus[]>> = {
  open: ["confirmed", "dismissed"],
  confirmed: ["reported", "dismissed"],
  reported: ["deleted", "dismissed"],
  deleted: [],
  dismissed: ["open"],
};

/** Which records to list; all that are given must hold. Times are milliseconds since the epoch, against the last occurrence. */
export interface DeskFilter {
  readonly case?: string | undefined;
  /** A rule (`pii/email`) or a whole category (`pii`). */
  readonly rule?: string | undefined;
  readonly status?: TransferStatus | undefined;
  readonly incident?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly text?: string | undefined;
  /** Of the page before; a RangeError where the store never gave it. */
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** One record as the desk sees it. Times are ISO 8601 in UTC. */
export interface DeskRecord {
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
  readonly status: TransferStatus;
  readonly occurrences: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly rules: readonly RuleId[];
  readonly findings: readonly Finding[];
  readonly moreFindings: number;
  readonly client: string;
  readonly entry: Entry;
  readonly identity: string;
  readonly bodyBytes: number;
  readonly bodyHmac: string;
  readonly structure: string | null;
  readonly policyDigest: string;
  readonly spooled: boolean;
}

export interface DeskHistoryEntry {
  readonly id: string;
  /** `evidence`: a body was sealed and kept. `access`: somebody took it out, as `{by, why}`. */
  readonly kind: "transfer" | "occurrence" | "status" | "evidence" | "access";
  readonly at: string;
  readonly replica: string;
  /** For a status change `{from, to, by, why}`; null once pruned. */
  readonly detail: unknown;
}

/** Transfers of the same cause. */
export interface DeskIncident {
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

export interface DeskPage<Item> {
  readonly items: readonly Item[];
  /** For the next page; undefined on the last. */
  readonly next: string | undefined;
}

export interface DeskStatusChange {
  readonly status: TransferStatus;
  readonly by: string;
  readonly why: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface DeskStatusOutcome {
  readonly outcome: "done" | "no-record" | "not-allowed";
  readonly from?: TransferStatus;
}

/** What the console needs of the record. Every call rejects where the store is away. */
export interface RecordDesk {
  list(filter: DeskFilter): Promise<DeskPage<DeskRecord>>;
  /** The record of this id, or of the exchange of this id that was an occurrence of it. */
  get(id: string): Promise<DeskRecord | undefined>;
  /** Oldest first, bounded. */
  history(id: string): Promise<readonly DeskHistoryEntry[]>;
  /** Newest first. */
  incidents(filter: { readonly open?: boolean; readonly limit?: number }): Promise<readonly DeskIncident[]>;
  exportAll(filter: DeskFilter): AsyncIterable<DeskRecord>;
  /** Durable once it resolves. */
  setStatus(id: string, change: DeskStatusChange): Promise<DeskStatusOutcome>;
}
