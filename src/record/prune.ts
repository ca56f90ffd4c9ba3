import { randomUUID } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "./canonical.js";
import { link } from "./chain.js";
import type { CheckpointKey } from "./checkpoint.js";
import { readHead, saveHead } from "./commit.js";
import type { Database } from "./database.js";
import { countRecords } from "./record-counts.js";
import { isOpen } from "./projection.js";
import type { RecordRow } from "./schema.js";

/** Records in one transaction, so that the proxy's own commits get their turn in between. */
const GROUP = 200;

export interface PruneOrder {
  readonly replica: string;
  readonly key: CheckpointKey;
  /** Records whose last occurrence is older go. Milliseconds since the epoch. */
  readonly before: number;
  readonly now: number;
}

export interface Pruned {
  readonly records: number;
  readonly entries: number;
  /** Old enough, but they reached the vendor and are neither deleted there nor dismissed. */
  readonly kept: number;
}

const tombstone = z.object({ before: z.number(), erased: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))) });

/** Ranges of sequence numbers, by replica, whose bodies a tombstone says are gone. */
export function erasedBy(body: string): Readonly<Record<string, readonly (readonly [from: number, to: number])[]>> {
  return tombstone.parse(JSON.parse(body)).erased;
}

/**
 * Erases old records. Their entries lose their bodies, which leaves the chain whole; a tombstone in the chain says which; and what then is
 * only empty links at the chain's start is cut off behind a signed checkpoint.
 */
export async function prune(database: Database, order: PruneOrder): Promise<Pruned> {
  let records = 0;
  let entries = 0;
  for (;;) {
    const done = await database.exclusively(async (db) => {
      const rows = await db
        .selectFrom("records")
        .select(["id", "incident", "status", "occurrences", "transferred", "unexpected", "first_seen", "case_name"])
        .where("last_seen", "<", order.before)
        .where((column) => column.or([column("transferred", "=", 0), column("status", "in", ["deleted", "dismissed"])]))
        .orderBy("last_seen")
        .limit(GROUP)
        .execute();
      if (rows.length === 0) return undefined;
      return { records: rows.length, entries: await erase(db, rows, order) };
    });
    if (done === undefined) break;
    records += done.records;
    entries += done.entries;
  }
  if (records > 0) {
    await database.exclusively((db) =>
      db
        .deleteFrom("searches")
        .where((column) =>
          column.not(column.exists(column.selectFrom("records").select("records.id").whereRef("records.search_key", "=", "searches.key"))),
        )
        .execute(),
    );
  }
  await cutStart(database, order);
  const kept = await database.db
    .selectFrom("records")
    .select((column) => column.fn.countAll().as("count"))
    .where("last_seen", "<", order.before)
    .executeTakeFirst();
  return { records, entries, kept: Number(kept?.count ?? 0) };
}

type PrunedRow = Pick<RecordRow, "id" | "incident" | "status" | "occurrences" | "transferred" | "unexpected" | "first_seen" | "case_name">;

async function erase(db: Database["db"], rows: readonly PrunedRow[], order: PruneOrder): Promise<number> {
  const ids = rows.map((row) => row.id);
  const links = await db
    .selectFrom("entries")
    .select(["replica", "seq"])
    .where("record", "in", ids)
    .where("body", "is not", null)
    .orderBy("replica")
    .orderBy("seq")
    .execute();
  const erased: Record<string, [number, number][]> = {};
  for (const { replica, seq } of links) {
    const ranges = (erased[replica] ??= []);
    const last = ranges.at(-1);
    if (last?.[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  await db.updateTable("entries").set({ body: null }).where("record", "in", ids).execute();
  await db.deleteFrom("records").where("id", "in", ids).execute();
  await db.deleteFrom("record_rules").where("record", "in", ids).execute();
  await db.deleteFrom("evidence").where("record", "in", ids).execute();
  await countRecords(
    db,
    rows.map((row) => ({ before: row, after: undefined })),
  );
  await db.deleteFrom("record_counts").where("count", "=", 0).execute();
  for (const row of rows) {
    await db
      .updateTable("incidents")
      .set((column) => ({
        records: column("records", "-", 1),
        open_records: column("open_records", "-", Number(isOpen(row.status))),
        occurrences: column("occurrences", "-", row.occurrences),
        transferred: column("transferred", "-", row.transferred),
      }))
      .where("id", "=", row.incident)
      .execute();
  }
  await db.deleteFrom("incidents").where("records", "<=", 0).execute();
  const head = await readHead(db, order.replica);
  const body = canonicalJson({ before: order.before, erased });
  const entry = link({ id: `prune-${randomUUID()}`, kind: "prune", at: order.now, record: "", body }, head);
  await db.insertInto("entries").values(entry).execute();
  await saveHead(db, { ...head, seq: entry.seq, hash: entry.hash, seen_at: order.now });
  return links.length;
}

/** Only this replica's own chain: another's base must carry that one's signature. */
async function cutStart(database: Database, { replica, key, now }: PruneOrder): Promise<void> {
  await database.exclusively(async (db) => {
    const head = await readHead(db, replica);
    const oldest = await db
      .selectFrom("entries")
      .select((column) => column.fn.min("seq").as("seq"))
      .where("replica", "=", replica)
      .where("body", "is not", null)
      .where("kind", "!=", "prune")
      .executeTakeFirst();
    // The newest entry stays, so that the head of the chain can be shown.
    const base = Math.min(oldest?.seq ?? head.seq, head.seq) - 1;
    if (base <= head.base) return;
    const entry = await db.selectFrom("entries").select("hash").where("replica", "=", replica).where("seq", "=", base).executeTakeFirst();
    if (entry === undefined) return;
    const { line } = key.sign(replica, base, entry.hash, now);
    await db
      .insertInto("checkpoints")
      .values({ replica, seq: base, hash: entry.hash, at: now, line })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await db.deleteFrom("checkpoints").where("replica", "=", replica).where("seq", "<", base).execute();
    await db.deleteFrom("entries").where("replica", "=", replica).where("seq", "<=", base).execute();
    await saveHead(db, { ...head, base });
  });
}
