import { type DeskStatusChange, type DeskStatusOutcome, NEXT_STATUSES } from "../model/record-desk.js";
import { canonicalJson } from "./canonical.js";
import { link } from "./chain.js";
import { readHead, saveHead } from "./commit.js";
import type { Database } from "./database.js";
import { isOpen } from "./projection.js";
import { countRecords } from "./record-counts.js";

/** Appends a status change and brings record and incident along. `id` makes a second call of the same change harmless. */
export function changeStatus(
  database: Database,
  replica: string,
  record: string,
  id: string,
  change: DeskStatusChange,
): Promise<DeskStatusOutcome> {
  return database.exclusively(async (db) => {
    const known = await db.selectFrom("entries").select("id").where("id", "=", id).executeTakeFirst();
    if (known !== undefined) return { outcome: "done" };
    const row = await db.selectFrom("records").selectAll().where("id", "=", record).executeTakeFirst();
    if (row === undefined) return { outcome: "no-record" };
    if (!NEXT_STATUSES[row.status].includes(change.status)) return { outcome: "not-allowed", from: row.status };
    const head = await readHead(db, replica);
    const due = change.status === "reported" ? (change.due ?? null) : null;
    const body = canonicalJson({
      from: row.status,
      to: change.status,
      by: change.by,
      why: change.why,
      ...(due !== null && { due }),
      ...(change.confirmation !== undefined && { confirmation: change.confirmation }),
    });
    const entry = link({ id, kind: "status", at: change.at, record, body }, head);
    await db.insertInto("entries").values(entry).execute();
    await saveHead(db, { ...head, seq: entry.seq, hash: entry.hash, seen_at: change.at });
    const changed = { status: change.status, due_at: due, due_told: 0 };
    await db.updateTable("records").set(changed).where("id", "=", record).execute();
    await countRecords(db, [{ before: row, after: { ...row, ...changed } }]);
    const opened = Number(isOpen(change.status)) - Number(isOpen(row.status));
    if (opened !== 0) {
      await db
        .updateTable("incidents")
        .set((column) => ({ open_records: column("open_records", "+", opened) }))
        .where("id", "=", row.incident)
        .execute();
    }
    return { outcome: "done", from: row.status };
  });
}
