import { canonicalJson } from "./canonical.js";
import { link } from "./chain.js";
import { readHead, saveHead } from "./commit.js";
import type { Database } from "./database.js";
import { isOpen } from "./projection.js";
import type { Status } from "./schema.js";
import type { StatusChange, WriterAnswer } from "./writer-message.js";

/** Where a status may go. A dismissal can be taken back; a deletion that the vendor confirmed stays. */
const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  open: ["confirmed", "dismissed"],
  confirmed: ["reported", "dismissed"],
  reported: ["deleted", "dismissed"],
  deleted: [],
  dismissed: ["open"],
};

/** Appends a status change and brings record and incident along. `id` makes a second call of the same change harmless. */
export function changeStatus(
  database: Database,
  replica: string,
  record: string,
  id: string,
  change: StatusChange,
): Promise<Extract<WriterAnswer, { kind: "changed" }>> {
  return database.exclusively(async (db) => {
    const known = await db.selectFrom("entries").select("id").where("id", "=", id).executeTakeFirst();
    if (known !== undefined) return { kind: "changed", outcome: "done" };
    const row = await db.selectFrom("records").select(["id", "status", "incident"]).where("id", "=", record).executeTakeFirst();
    if (row === undefined) return { kind: "changed", outcome: "no-record" };
    if (!NEXT[row.status].includes(change.status)) return { kind: "changed", outcome: "not-allowed", from: row.status };
    const head = await readHead(db, replica);
    const body = canonicalJson({ from: row.status, to: change.status, by: change.by, why: change.why });
    const entry = link({ id, kind: "status", at: change.at, record, body }, head);
    await db.insertInto("entries").values(entry).execute();
    await saveHead(db, { ...head, seq: entry.seq, hash: entry.hash, seen_at: change.at });
    await db.updateTable("records").set({ status: change.status }).where("id", "=", record).execute();
    const opened = Number(isOpen(change.status)) - Number(isOpen(row.status));
    if (opened !== 0) {
      await db
        .updateTable("incidents")
        .set((column) => ({ open_records: column("open_records", "+", opened) }))
        .where("id", "=", row.incident)
        .execute();
    }
    return { kind: "changed", outcome: "done", from: row.status };
  });
}
