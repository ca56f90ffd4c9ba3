import type { Kysely } from "kysely";
import type { CaseName } from "../model/limited-case.js";
import { sha256 } from "./canonical.js";
import type { Database } from "./database.js";
import type { InventoryRow } from "./desk-schema.js";
import type { Tables } from "./schema.js";
import { lineKey, totalKey, type TrafficBatch } from "./traffic-tally.js";

/** Rows that one destination may have, and all together; past them everything new is counted in one row that says so. */
const MOST_OF_DESTINATION = 5_000;
const MOST = 50_000;
const GROUP = 500;

/** Something that left the building for the first time. */
export interface MaterialChange {
  readonly caseName: CaseName;
  readonly destination: string;
  readonly kind: InventoryRow["kind"];
  readonly path: string;
  readonly type: string;
}

/** Adds what was seen to inventory and totals, in one transaction. @returns what was never seen before */
export function commitTraffic(database: Database, batch: TrafficBatch): Promise<readonly MaterialChange[]> {
  return database.exclusively(async (db) => {
    const rows = [...batch.lines].map(([key, { count, first, last }]) => rowOf(key, count, first, last));
    const known = await knownIds(
      db,
      rows.map((row) => row.id),
    );
    const fresh = rows.filter((row) => !known.has(row.id));
    const admitted = fresh.length === 0 ? [] : await admit(db, fresh);
    const changes = await flagChanges(db, admitted);
    await save(db, [...rows.filter((row) => known.has(row.id)), ...admitted]);
    for (const [key, count] of batch.totals) {
      const [day, case_name, verdict] = totalKey.parse(key.split("\n"));
      await db
        .insertInto("totals")
        .values({ day, case_name, verdict, count })
        .onConflict((conflict) =>
          conflict.columns(["day", "case_name", "verdict"]).doUpdateSet((row) => ({ count: row("totals.count", "+", count) })),
        )
        .execute();
    }
    return changes;
  });
}

function rowOf(key: string, count: number, first: number, last: number): InventoryRow {
  const [case_name, destination, kind, path, type, length_class] = lineKey.parse(key.split("\n"));
  return {
    id: sha256(key).slice(0, 32),
    case_name,
    destination,
    kind,
    path,
    type,
    length_class,
    count,
    first_seen: first,
    last_seen: last,
    change: 0,
    accepted_by: null,
    accepted_at: null,
  };
}

async function knownIds(db: Kysely<Tables>, ids: readonly string[]): Promise<Set<string>> {
  const known = new Set<string>();
  for (let start = 0; start < ids.length; start += GROUP) {
    const found = await db
      .selectFrom("inventory")
      .select("id")
      .where("id", "in", ids.slice(start, start + GROUP))
      .execute();
    for (const { id } of found) known.add(id);
  }
  return known;
}

/** New rows as far as there is room; the rest becomes the overflow row of its destination. Keys can be invented without end. */
async function admit(db: Kysely<Tables>, fresh: readonly InventoryRow[]): Promise<InventoryRow[]> {
  const counts = await db
    .selectFrom("inventory")
    .select(["case_name", "destination", (column) => column.fn.countAll().as("count")])
    .groupBy(["case_name", "destination"])
    .execute();
  const taken = new Map(counts.map((row) => [`${row.case_name}\n${row.destination}`, Number(row.count)]));
  let all = counts.reduce((sum, row) => sum + Number(row.count), 0);
  const admitted = new Map<string, InventoryRow>();
  for (const row of fresh) {
    const place = `${row.case_name}\n${row.destination}`;
    const here = taken.get(place) ?? 0;
    const fits = row.kind === "overflow" || (here < MOST_OF_DESTINATION && all < MOST);
    const kept = fits ? row : rowOf(`${place}\noverflow\n\n\n`, row.count, row.first_seen, row.last_seen);
    const before = admitted.get(kept.id);
    if (before === undefined) {
      admitted.set(kept.id, kept);
      taken.set(place, here + 1);
      all += 1;
    } else {
      admitted.set(kept.id, {
        ...before,
        count: before.count + kept.count,
        first_seen: Math.min(before.first_seen, kept.first_seen),
        last_seen: Math.max(before.last_seen, kept.last_seen),
      });
    }
  }
  return [...admitted.values()];
}

/** A path, type, event kind or destination that has no row yet; another length alone is no material change. */
async function flagChanges(db: Kysely<Tables>, admitted: readonly InventoryRow[]): Promise<readonly MaterialChange[]> {
  const paths = [...new Set(admitted.map((row) => row.path))];
  const before = new Set<string>();
  for (let start = 0; start < paths.length; start += GROUP) {
    const rows = await db
      .selectFrom("inventory")
      .select(["case_name", "destination", "kind", "path", "type"])
      .where("path", "in", paths.slice(start, start + GROUP))
      .execute();
    for (const row of rows) before.add(nameOf(row));
  }
  const changes = new Map<string, MaterialChange>();
  for (const row of admitted) {
    if (before.has(nameOf(row))) continue;
    const { case_name: caseName, destination, kind, path, type } = row;
    changes.set(nameOf(row), { caseName, destination, kind, path, type });
    row.change = 1;
  }
  return [...changes.values()];
}

function nameOf({
  case_name,
  destination,
  kind,
  path,
  type,
}: Pick<InventoryRow, "case_name" | "destination" | "kind" | "path" | "type">): string {
  return [case_name, destination, kind, path, type].join("\n");
}

async function save(db: Kysely<Tables>, rows: readonly InventoryRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += GROUP) {
    await db
      .insertInto("inventory")
      .values(rows.slice(start, start + GROUP))
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((row) => ({
          count: row("inventory.count", "+", row.ref("excluded.count")),
          // A clock that was set back may bring an earlier time; the span only grows.
          first_seen: row
            .case()
            .when("inventory.first_seen", "<", row.ref("excluded.first_seen"))
            .then(row.ref("inventory.first_seen"))
            .else(row.ref("excluded.first_seen"))
            .end(),
          last_seen: row
            .case()
            .when("inventory.last_seen", ">", row.ref("excluded.last_seen"))
            .then(row.ref("inventory.last_seen"))
            .else(row.ref("excluded.last_seen"))
            .end(),
        })),
      )
      .execute();
  }
}
