import { type RawBuilder, sql } from "kysely";
import type { DeskFilter } from "../model/record-desk.js";
import type { RecordRow } from "./schema.js";

/** Items a page, 1 to 1,000; 50 where it is not given. */
export function pageSize(filter: { readonly limit?: number | undefined }): number {
  return Math.min(Math.max(Math.trunc(filter.limit ?? 50), 1), 1_000);
}

export function cursorAfter(row: { readonly last_seen: number; readonly id: string }): string {
  return Buffer.from(`${row.last_seen} ${row.id}`).toString("base64url");
}

/** The place that a cursor names; undefined for one that this store never gave. */
function readCursor(cursor: string): { readonly lastSeen: number; readonly id: string } | undefined {
  const match = /^(\d{1,15}) (\S{1,200})$/.exec(Buffer.from(cursor, "base64url").toString("utf8"));
  return match?.[1] === undefined || match[2] === undefined ? undefined : { lastSeen: Number(match[1]), id: match[2] };
}

/**
 * What stands behind a place in a list, the newest first. As a comparison of rows, for which SQLite and PostgreSQL begin in the middle of an
 * index; of the same written with `or` SQLite walks the index from its head, so that each page of a long export costs more than the one before.
 */
export function isBehind(time: "first_seen" | "last_seen", at: number, id: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(time)}, ${sql.ref("id")}) < (${at}, ${id})`;
}

/** Throws RangeError on a cursor that no list gave. */
export function placeOf(cursor: string): RawBuilder<boolean> {
  const place = readCursor(cursor);
  if (place === undefined) throw new RangeError("The cursor is none that this list gave.");
  return isBehind("last_seen", place.lastSeen, place.id);
}

/**
 * Whether all that stands behind the cursor is older than `until` anyway. The query then leaves `until` out: of two upper bounds SQLite begins at
 * the first, and walks from there to the cursor for each page, so that a long export of a period would cost with the square of its length.
 */
export function impliesUntil(cursor: string | undefined, until: number): boolean {
  const place = cursor === undefined ? undefined : readCursor(cursor);
  return place !== undefined && place.lastSeen < until;
}

/** The same judgement as the query's, for records that are not in the store yet. */
export function matches(row: RecordRow, filter: DeskFilter): boolean {
  const rules = row.rules.split(" ");
  return (
    (filter.case === undefined || row.case_name === filter.case) &&
    (filter.status === undefined || row.status === filter.status) &&
    (filter.transferred === undefined || (row.transferred === 1) === filter.transferred) &&
    (filter.incident === undefined || row.incident === filter.incident) &&
    (filter.since === undefined || row.last_seen >= filter.since) &&
    (filter.until === undefined || row.last_seen < filter.until) &&
    (filter.dueBefore === undefined || (row.due_at !== null && row.due_at < filter.dueBefore)) &&
    (filter.text === undefined || row.search.includes(filter.text.toLowerCase()) || row.id.startsWith(filter.text)) &&
    (filter.rule === undefined || rules.some((rule) => rule === filter.rule || rule.startsWith(`${filter.rule}/`)))
  );
}
