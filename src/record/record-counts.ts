import type { Kysely } from "kysely";
import type { DeskCounts } from "../model/record-desk.js";
import { recordView } from "./record-view.js";
import type { RecordCountRow, RecordRow, Tables } from "./schema.js";

const DAY_MS = 86_400_000;
const TOP_RULES = 8;
/** Records that wait for the vendor and are told one by one. */
const WAITING = 5;

type Counted = Pick<RecordRow, "first_seen" | "case_name" | "status" | "transferred" | "unexpected">;

/** A record as it was and as it is; one of both is missing where it is new or gone. */
export interface Move {
  readonly before: Counted | undefined;
  readonly after: Counted | undefined;
}

/** Brings the counts along, in the transaction that changes the records: the overview then reads some hundred rows and not a million. */
export async function countRecords(db: Kysely<Tables>, moves: readonly Move[]): Promise<void> {
  const deltas = new Map<string, { row: Omit<RecordCountRow, "count">; delta: number }>();
  const add = (record: Counted | undefined, delta: number): void => {
    if (record === undefined) return;
    const { case_name, status, transferred, unexpected } = record;
    const row = { day: Math.floor(record.first_seen / DAY_MS), case_name, status, transferred, unexpected };
    const key = Object.values(row).join(" ");
    const known = deltas.get(key);
    if (known === undefined) deltas.set(key, { row, delta });
    else known.delta += delta;
  };
  for (const { before, after } of moves) {
    add(before, -1);
    add(after, 1);
  }
  for (const { row, delta } of deltas.values()) {
    if (delta === 0) continue;
    await db
      .insertInto("record_counts")
      .values({ ...row, count: delta })
      .onConflict((conflict) =>
        conflict
          .columns(["day", "case_name", "status", "transferred", "unexpected"])
          .doUpdateSet((column) => ({ count: column("record_counts.count", "+", delta) })),
      )
      .execute();
  }
}

/** What the overview shows. @param now milliseconds since the epoch */
export async function readCounts(db: Kysely<Tables>, now: number): Promise<DeskCounts> {
  const rows = await db
    .selectFrom("record_counts")
    .select(["day", "case_name", "status", "transferred", (column) => column.fn.sum("count").as("count")])
    .groupBy(["day", "case_name", "status", "transferred"])
    .execute();
  const waiting = db.selectFrom("records").where("due_at", ">=", 0);
  const count = async (query: typeof waiting): Promise<number> => {
    const row = await query.select((column) => column.fn.countAll().as("count")).executeTakeFirst();
    return Number(row?.count ?? 0);
  };
  const next = await waiting.selectAll().orderBy("due_at").orderBy("id").limit(WAITING).execute();
  return {
    records: rows.flatMap((row) =>
      Number(row.count) === 0
        ? []
        : [
            {
              day: Number(row.day),
              case: row.case_name,
              status: row.status,
              transferred: row.transferred === 1,
              count: Number(row.count),
            },
          ],
    ),
    rules: await topRules(db),
    due: await count(waiting),
    overdue: await count(waiting.where("due_at", "<", now)),
    waiting: next.map((row) => recordView(row)),
  };
}

/** By way of the incidents, each of which counts its records: all of one incident have the same rules. */
async function topRules(db: Kysely<Tables>): Promise<DeskCounts["rules"]> {
  const rows = await db
    .selectFrom("incidents")
    .select(["rules", (column) => column.fn.sum("records").as("count")])
    .where("rules", "!=", "")
    .groupBy("rules")
    .execute();
  const counts = new Map<string, number>();
  for (const { rules, count } of rows) {
    for (const rule of rules.split(" ")) counts.set(rule, (counts.get(rule) ?? 0) + Number(count));
  }
  return [...counts].sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0])).slice(0, TOP_RULES);
}

/** Open Unexpected Data Transfers, by case. */
export async function openCounts(db: Kysely<Tables>): Promise<Readonly<Record<string, number>>> {
  const rows = await db
    .selectFrom("record_counts")
    .select(["case_name", (column) => column.fn.sum("count").as("count")])
    .where("status", "=", "open")
    .where("unexpected", "=", 1)
    .where("count", "!=", 0)
    .groupBy("case_name")
    .execute();
  return Object.fromEntries(rows.map((row) => [row.case_name, Number(row.count)]));
}
