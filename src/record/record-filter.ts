import type { RecordRow, Status } from "./schema.js";

/** Which records to list; all that are given must hold. Times are milliseconds since the epoch, against the last occurrence. */
export interface RecordFilter {
  readonly case?: string | undefined;
  /** A rule (`pii/email`) or a whole category (`pii`). */
  readonly rule?: string | undefined;
  readonly status?: Status | undefined;
  readonly incident?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Looked for in case, destination, host, path, event kind, client, reason, rules and pointers, in any case of letters; an id is found by its beginning. */
  readonly text?: string | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
  /** Records a page, 1 to 1,000; 50 where it is not given. */
  readonly limit?: number | undefined;
}

export function pageSize(filter: RecordFilter): number {
  return Math.min(Math.max(Math.trunc(filter.limit ?? 50), 1), 1_000);
}

export function cursorAfter(row: RecordRow): string {
  return Buffer.from(`${row.last_seen} ${row.id}`).toString("base64url");
}

/** The place that a cursor names; undefined for one that this store never gave. */
export function readCursor(cursor: string): { readonly lastSeen: number; readonly id: string } | undefined {
  const match = /^(\d{1,15}) (\S{1,200})$/.exec(Buffer.from(cursor, "base64url").toString("utf8"));
  return match?.[1] === undefined || match[2] === undefined ? undefined : { lastSeen: Number(match[1]), id: match[2] };
}

/** The same judgement as the query's, for records that are not in the store yet. */
export function matches(row: RecordRow, filter: RecordFilter): boolean {
  const rules = row.rules.split(" ");
  return (
    (filter.case === undefined || row.case_name === filter.case) &&
    (filter.status === undefined || row.status === filter.status) &&
    (filter.incident === undefined || row.incident === filter.incident) &&
    (filter.since === undefined || row.last_seen >= filter.since) &&
    (filter.until === undefined || row.last_seen < filter.until) &&
    (filter.text === undefined || row.search.includes(filter.text.toLowerCase()) || row.id.startsWith(filter.text)) &&
    (filter.rule === undefined || rules.some((rule) => rule === filter.rule || rule.startsWith(`${filter.rule}/`)))
  );
}
