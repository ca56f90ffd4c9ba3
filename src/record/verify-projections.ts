import type { Kysely } from "kysely";
import { sql } from "kysely";
import { z } from "zod";
import { sha256 } from "./canonical.js";
import type { Entry } from "./chain.js";
import { newRecord } from "./projection.js";
import type { Tables } from "./schema.js";
import { bundleSchema, parseTransfer } from "./transfer-text.js";

const DAY_MS = 86_400_000;

/** One thing that is wrong with the record, and where. */
export interface ChainFault {
  readonly replica: string;
  /** Sequence number of the entry; undefined where the fault is in a record or a whole chain. */
  readonly seq: number | undefined;
  readonly kind: "changed" | "missing" | "reordered" | "cut-off" | "rewritten" | "erased" | "checkpoint" | "record";
  readonly what: string;
}

/** A record must still tell what its entry tells. */
export async function verifyContent(
  db: Kysely<Tables>,
  page: readonly Entry[],
  fault: (seq: number, kind: ChainFault["kind"], what: string) => void,
): Promise<void> {
  const firsts = page.filter((entry) => entry.kind === "transfer" && entry.body !== null && sha256(entry.body) === entry.digest);
  if (firsts.length === 0) return;
  const ids = firsts.map((entry) => entry.record);
  const rows = new Map((await db.selectFrom("records").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  for (const { seq, record, body, replica } of firsts) {
    const row = rows.get(record);
    if (row === undefined) {
      fault(seq, "record", `Record ${record} is gone.`);
      continue;
    }
    const wanted = newRecord(parseTransfer(body ?? ""), replica);
    const names = ["identity", "incident", "case_name", "destination", "host", "port", "via", "method", "path"] as const;
    // A record that later got through tells of that occurrence.
    const judged = row.transferred === wanted.transferred ? (["verdict", "reason", "findings", "structure", "client"] as const) : [];
    const differ = [...names, ...judged].filter((name) => row[name] !== wanted[name]);
    if (differ.length > 0) fault(seq, "record", `Record ${record} was changed: ${differ.join(", ")}.`);
  }
}

/** What the desk reads, against the entries that it was made from. */
export async function verifyProjections(db: Kysely<Tables>, faults: ChainFault[]): Promise<void> {
  await verifyOccurrences(db, faults);
  await verifyStatuses(db, faults);
  await verifyIncidents(db, faults);
  await verifyCounts(db, faults);
}

/** Occurrences of each record against its entries. */
async function verifyOccurrences(db: Kysely<Tables>, faults: ChainFault[]): Promise<void> {
  const counted = await db
    .selectFrom("records")
    .leftJoin(
      (from) =>
        from
          .selectFrom("entries")
          .select(["record", (column) => column.fn.countAll<number>().as("seen")])
          .where("kind", "in", ["transfer", "occurrence"])
          .groupBy("record")
          .as("counted"),
      (join) => join.onRef("counted.record", "=", "records.id"),
    )
    .select(["records.id", "records.replica", "records.occurrences", "counted.seen"])
    .where((column) => column.or([column("counted.seen", "is", null), column("counted.seen", "!=", column.ref("records.occurrences"))]))
    .execute();
  for (const row of counted) {
    // An entry may stand for many exchanges, and says for how many.
    const bodies = await db
      .selectFrom("entries")
      .select("body")
      .where("record", "=", row.id)
      .where("kind", "in", ["transfer", "occurrence"])
      .where("body", "like", '%"bundle":%')
      .execute();
    const seen = (row.seen ?? 0) + bodies.reduce((sum, { body }) => sum + timesIn(body) - 1, 0);
    if (seen === row.occurrences) continue;
    const what = `Record ${row.id} says ${row.occurrences} occurrences, the chain ${seen}.`;
    faults.push({ replica: row.replica, seq: undefined, kind: "record", what });
  }
}

/** Status and due date of each record against the last change in its chain. */
async function verifyStatuses(db: Kysely<Tables>, faults: ChainFault[]): Promise<void> {
  const changes = await db
    .selectFrom("entries")
    .select(["record", "body"])
    .where("kind", "=", "status")
    .orderBy("at")
    .orderBy("seq")
    .execute();
  const told = new Map(changes.map((change) => [change.record, changeOf(change.body)]));
  for (const row of await db.selectFrom("records").select(["id"]).where("status", "!=", "open").execute()) {
    if (!told.has(row.id)) told.set(row.id, { to: "open" });
  }
  for (const [record, change] of told) {
    const row = await db.selectFrom("records").select(["status", "replica", "due_at"]).where("id", "=", record).executeTakeFirst();
    if (row === undefined || change === undefined) continue;
    const { replica } = row;
    const fault = (what: string) => void faults.push({ replica, seq: undefined, kind: "record", what });
    if (row.status !== change.to) fault(`Record ${record} says ${row.status}, the chain ${change.to}.`);
    else if ((row.due_at ?? undefined) !== change.due) fault(`Record ${record} has another due date than its chain.`);
  }
}

/** Each incident's sums against its records. */
async function verifyIncidents(db: Kysely<Tables>, faults: ChainFault[]): Promise<void> {
  const sums = await db
    .selectFrom("records")
    .select([
      "incident",
      (column) => column.fn.countAll().as("records"),
      (column) => column.fn.sum("occurrences").as("occurrences"),
      (column) => column.fn.sum("transferred").as("transferred"),
      (column) => column.fn.sum(column.case().when("status", "in", ["deleted", "dismissed"]).then(0).else(1).end()).as("open"),
    ])
    .groupBy("incident")
    .execute();
  const byId = new Map(sums.map((row) => [row.incident, [row.records, row.open, row.occurrences, row.transferred].map(Number).join(" ")]));
  const rows = await db.selectFrom("incidents").select(["id", "records", "open_records", "occurrences", "transferred"]).execute();
  const told = new Map(rows.map((row) => [row.id, [row.records, row.open_records, row.occurrences, row.transferred].join(" ")]));
  for (const id of new Set([...byId.keys(), ...told.keys()])) {
    if (byId.get(id) === told.get(id)) continue;
    const what = `Incident ${id} counts ${told.get(id) ?? "nothing"}, its records ${byId.get(id) ?? "nothing"} (records, open, occurrences, transferred).`;
    faults.push({ replica: "", seq: undefined, kind: "record", what });
  }
}

/** The overview's counts against the records. */
async function verifyCounts(db: Kysely<Tables>, faults: ChainFault[]): Promise<void> {
  const { rows } = await sql<{ readonly key: string; readonly count: number }>`
    select (first_seen / ${sql.lit(DAY_MS)}) || ' ' || case_name || ' ' || status || ' ' || transferred || ' ' || unexpected as key, count(*) as count
    from records group by 1`.execute(db);
  const told = await db.selectFrom("record_counts").selectAll().where("count", "!=", 0).execute();
  const byKey = new Map(rows.map(({ key, count }) => [key, Number(count)]));
  const toldBy = new Map(told.map((row) => [`${row.day} ${row.case_name} ${row.status} ${row.transferred} ${row.unexpected}`, row.count]));
  for (const key of new Set([...byKey.keys(), ...toldBy.keys()])) {
    if (byKey.get(key) === toldBy.get(key)) continue;
    const what = `The counts say ${toldBy.get(key) ?? 0} of "${key}", the records ${byKey.get(key) ?? 0} (day, case, status, transferred, unexpected).`;
    faults.push({ replica: "", seq: undefined, kind: "record", what });
  }
}

/** A body that was tampered with may be anything; that is told elsewhere. */
function parsed(body: string | null): unknown {
  try {
    return body === null ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}

const bundledBody = z.object({ bundle: bundleSchema.exactOptional() });

function timesIn(body: string | null): number {
  const read = bundledBody.safeParse(parsed(body));
  return read.data?.bundle?.count ?? 1;
}

const changeBody = z.object({ to: z.string(), due: z.number().exactOptional() });

function changeOf(body: string | null): z.output<typeof changeBody> | undefined {
  return changeBody.safeParse(parsed(body)).data;
}
