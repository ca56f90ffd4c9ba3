import type { Kysely } from "kysely";
import type { Database } from "../database.js";
import type { OutboxRow } from "../desk-schema.js";
import type { Tables } from "../schema.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 3_600_000;
/** Messages that wait for one sink; past it the newest are not queued: the record has them. */
const MOST = 10_000;
const AT_ONCE = 20;

/** Queues a message for each sink, in the transaction of what it tells of: neither can be there without the other. */
export async function enqueue(
  db: Kysely<Tables>,
  sinks: readonly string[],
  message: { readonly id: string; readonly replica: string; readonly at: number; readonly kind: string; readonly body: string },
): Promise<void> {
  for (const sink of sinks) {
    const waiting = await db
      .selectFrom("outbox")
      .select((column) => column.fn.countAll().as("count"))
      .where("replica", "=", message.replica)
      .where("sink", "=", sink)
      .executeTakeFirst();
    if (Number(waiting?.count ?? 0) >= MOST) continue;
    await db
      .insertInto("outbox")
      .values({ ...message, id: `${sink}-${message.id}`, sink, next_at: message.at, attempts: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** What a replica has to send now, oldest first. */
export function due(database: Database, replica: string, now: number): Promise<OutboxRow[]> {
  return database.db
    .selectFrom("outbox")
    .selectAll()
    .where("replica", "=", replica)
    .where("next_at", "<=", now)
    .orderBy("next_at")
    .limit(AT_ONCE)
    .execute();
}

/** Takes out what arrived and puts off what did not, longer each time. */
export function settle(
  database: Database,
  sent: readonly string[],
  failed: readonly Pick<OutboxRow, "id" | "attempts">[],
  now: number,
): Promise<void> {
  return database.exclusively(async (db) => {
    if (sent.length > 0)
      await db
        .deleteFrom("outbox")
        .where("id", "in", [...sent])
        .execute();
    for (const { id, attempts } of failed) {
      const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts, 20), LONGEST_WAIT_MS);
      await db
        .updateTable("outbox")
        .set({ attempts: attempts + 1, next_at: now + wait })
        .where("id", "=", id)
        .execute();
    }
  });
}
