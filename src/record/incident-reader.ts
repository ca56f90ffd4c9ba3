import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { DeskIncident, DeskIncidentFilter, DeskPage } from "../model/record-desk.js";
import { cursorAfter, pageSize, placeOf } from "./record-filter.js";
import { incidentView } from "./record-view.js";
import type { Tables } from "./schema.js";

const DAY_MS = 86_400_000;

/** Newest first. Throws RangeError on a cursor that it never gave. */
export async function listIncidents(db: Kysely<Tables>, filter: DeskIncidentFilter): Promise<DeskPage<DeskIncident>> {
  const limit = pageSize(filter);
  let query = db.selectFrom("incidents").selectAll();
  if (filter.open === true) query = query.where("open_records", ">", 0);
  if (filter.cursor !== undefined) query = query.where(placeOf(filter.cursor));
  const rows = await query
    .orderBy("last_seen", "desc")
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(incidentView), next: rows.length > limit && last !== undefined ? cursorAfter(last) : undefined };
}

/** Entries of an incident's records on each of the last days (UTC), oldest first. */
export async function incidentTrend(db: Kysely<Tables>, incident: string, days: number, now: number): Promise<readonly number[]> {
  const today = Math.floor(now / DAY_MS);
  const rows = await db
    .selectFrom("entries")
    .innerJoin("records", "records.id", "entries.record")
    .select([sql<number>`entries.at / ${sql.lit(DAY_MS)}`.as("day"), (column) => column.fn.countAll().as("count")])
    .where("records.incident", "=", incident)
    .where("entries.kind", "in", ["transfer", "occurrence"])
    .where("entries.at", ">=", (today - days + 1) * DAY_MS)
    .groupBy("day")
    .execute();
  const byDay = new Map(rows.map((row) => [Number(row.day), Number(row.count)]));
  return Array.from({ length: days }, (_, index) => byDay.get(today - days + 1 + index) ?? 0);
}
