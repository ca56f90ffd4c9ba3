import type { Entry } from "./exchange.js";
import type { Finding, RuleId } from "./finding.js";
import type { CaseName } from "./limited-case.js";
import type { Reason } from "./reasons.js";
import type { Transfer } from "./transfer.js";

/** `open -> confirmed -> reported -> deleted`, or `dismissed`. */
export const TRANSFER_STATUSES = ["open", "confirmed", "reported", "deleted", "dismissed"] as const;

export type TransferStatus = (typeof TRANSFER_STATUSES)[number];

/** Where a status may go. A dismissal can be taken back; a vendor who does not answer is reminded; a deletion that they confirmed stays. */
export const NEXT_STATUSES: Readonly<Record<TransferStatus, readonly TransferStatus[]>> = {
  open: ["confirmed", "dismissed"],
  confirmed: ["reported", "dismissed"],
  reported: ["deleted", "reported", "dismissed"],
  deleted: [],
  dismissed: ["open"],
};

/** Which records to list; all that are given must hold. Times are milliseconds since the epoch, against the last occurrence. */
export interface DeskFilter {
  readonly case?: string | undefined;
  /** A rule (`pii/email`) or a whole category (`pii`). */
  readonly rule?: string | undefined;
  readonly status?: TransferStatus | undefined;
  /** Whether it reached the vendor. */
  readonly transferred?: boolean | undefined;
  readonly incident?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Looked for in case, destination, host, path, event kind, client, reason, rules and places, in any case of letters; an id by its beginning. */
  readonly text?: string | undefined;
  /** Those whose due date lies before it. */
  readonly dueBefore?: number | undefined;
  /** Of the page before; a RangeError where the store never gave it. */
  readonly cursor?: string | undefined;
  /** Records a page, 1 to 1,000; 50 where it is not given. */
  readonly limit?: number | undefined;
}

export interface DeskIncidentFilter {
  /** Only those that wait for someone. */
  readonly open?: boolean | undefined;
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
  /** Parent proxy that resolves and dials it, `host:port`; null where this proxy does. */
  readonly via: string | null;
  readonly method: string;
  readonly path: string;
  readonly eventKind: string | null;
  readonly verdict: Transfer["verdict"];
  readonly reason: Reason | null;
  readonly transferred: boolean;
  readonly unexpected: boolean;
  readonly status: TransferStatus;
  /** Until when the vendor is to answer; null unless it was reported and is not closed. */
  readonly due: string | null;
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
  /** True where its newest occurrence is still in the local spool. */
  readonly spooled: boolean;
}

export interface DeskHistoryEntry {
  readonly id: string;
  /** `evidence`: a body was sealed and kept. `access`: somebody took it out, as `{by, why}`. */
  readonly kind: "transfer" | "occurrence" | "status" | "evidence" | "access";
  readonly at: string;
  readonly replica: string;
  /** For a status change `{from, to, by, why}` and, where they were given, `due` and `confirmation`; null once pruned. */
  readonly detail: unknown;
}

/** Transfers of the same cause. */
export interface DeskIncident {
  readonly id: string;
  readonly case: CaseName;
  readonly destination: string;
  readonly eventKind: string | null;
  /** Why its transfers were refused; null where they were not. */
  readonly reason: Reason | null;
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
  /** Of `reported`: until when the vendor is to answer, milliseconds since the epoch. */
  readonly due?: number | undefined;
  /** Of `deleted`: what the vendor wrote, word for word. */
  readonly confirmation?: string | undefined;
}

/** A body that is kept sealed; only whoever holds a recipient's identity can open it. */
export interface DeskEvidence {
  readonly exchange: string;
  readonly at: string;
  /** Of the body before sealing. */
  readonly bytes: number;
}

/** A sealed body handed out. */
export interface DeskSealedBody extends DeskEvidence {
  /** An age file. */
  readonly file: Buffer;
  /** False where the stored file is not the one that the chain knows. */
  readonly intact: boolean;
}

/** Who takes a sealed body out, and why; `at` in milliseconds since the epoch. */
export interface DeskTaking {
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** Records that are alike in these, first seen on one day (UTC, days since the epoch). */
export interface DeskCount {
  readonly day: number;
  readonly case: CaseName;
  readonly status: TransferStatus;
  readonly transferred: boolean;
  readonly count: number;
}

/** Exact, over every record that the store holds. */
export interface DeskCounts {
  readonly records: readonly DeskCount[];
  /** Records by rule, the most frequent first. */
  readonly rules: readonly (readonly [rule: string, count: number])[];
  /** Records that wait for the vendor's answer: all, and those past their date. */
  readonly due: number;
  readonly overdue: number;
  /** Of those, the first to fall due. */
  readonly waiting: readonly DeskRecord[];
}

export interface DeskStatusOutcome {
  readonly outcome: "done" | "no-record" | "not-allowed";
  readonly from?: TransferStatus;
}

/** Who dismissed a record last, and why; undefined where it is not dismissed. */
export function dismissalOf(
  record: DeskRecord,
  history: readonly DeskHistoryEntry[],
): { readonly author: string; readonly reason: string } | undefined {
  if (record.status !== "dismissed") return undefined;
  for (const { kind, detail } of [...history].reverse()) {
    if (kind !== "status" || typeof detail !== "object" || detail === null) continue;
    if ("by" in detail && "why" in detail) return { author: String(detail.by), reason: String(detail.why) };
  }
  return undefined;
}

/** What the console needs of the record. Every call rejects where the store is away. */
export interface RecordDesk {
  list(filter: DeskFilter): Promise<DeskPage<DeskRecord>>;
  /** The record of this id, or of the exchange of this id that was an occurrence of it. */
  get(id: string): Promise<DeskRecord | undefined>;
  /** Oldest first, bounded. */
  history(id: string): Promise<readonly DeskHistoryEntry[]>;
  /** Newest first. */
  incidents(filter: DeskIncidentFilter): Promise<DeskPage<DeskIncident>>;
  /** @param now milliseconds since the epoch, for what is overdue */
  counts(now: number): Promise<DeskCounts>;
  exportAll(filter: DeskFilter): AsyncIterable<DeskRecord>;
  /** Durable once it resolves. */
  setStatus(id: string, change: DeskStatusChange): Promise<DeskStatusOutcome>;
  /** The sealed bodies of a record, newest first; tells of them only. */
  evidence(id: string): Promise<readonly DeskEvidence[]>;
  /** Hands out one sealed body; the chain keeps who took it and why before it is handed out. */
  takeEvidence(id: string, exchange: string, by: DeskTaking): Promise<DeskSealedBody | undefined>;
}
