import type { Database } from "./database.js";
import { overdueText } from "./outgoing/notice.js";
import { enqueue } from "./outgoing/outbox.js";
import type { RecordRow } from "./schema.js";

/** Records that one turn tells of; the next turn takes the rest. */
const AT_ONCE = 500;

/**
 * Queues one message an incident for the records whose vendor has not answered in time, each record once for each due date. In one
 * transaction with the mark that it was told, so that of several replicas one tells it.
 *
 * @returns how many records fell overdue
 */
export function tellOverdue(database: Database, replica: string, sinks: readonly string[], now: number): Promise<number> {
  return database.exclusively(async (db) => {
    const rows = await db
      .selectFrom("records")
      .selectAll()
      .where("due_at", "<", now)
      .where("due_told", "=", 0)
      .orderBy("due_at")
      .limit(AT_ONCE)
      .execute();
    if (rows.length === 0) return 0;
    const byIncident = new Map<string, [RecordRow, ...RecordRow[]]>();
    for (const row of rows) {
      const known = byIncident.get(row.incident);
      if (known === undefined) byIncident.set(row.incident, [row]);
      else known.push(row);
    }
    for (const records of byIncident.values()) {
      const id = `overdue-${records[0].id}-${records[0].due_at ?? 0}`;
      await enqueue(db, sinks, { id, replica, at: now, kind: "overdue", body: overdueText(records, replica, now) });
    }
    const ids = rows.map((row) => row.id);
    await db.updateTable("records").set({ due_told: 1 }).where("id", "in", ids).execute();
    return rows.length;
  });
}
