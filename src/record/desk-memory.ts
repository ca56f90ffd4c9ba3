import type { Kysely } from "kysely";
import type { DeskMemory } from "../model/console-ports.js";
import type { Tables } from "./schema.js";

/** What may be kept of one kind: whoever signs in ends the oldest past it. */
const MOST = 5_000;

/** One change of the desk's memory, as it crosses to the writing thread. */
export type MemoryChange =
  | { readonly act: "put"; readonly id: string; readonly text: string; readonly until: number; readonly now: number }
  | { readonly act: "remove"; readonly id: string };

/** Carries out one change; what is past its time goes with it. */
export async function changeMemory(db: Kysely<Tables>, change: MemoryChange): Promise<void> {
  if (change.act === "remove") {
    await db.deleteFrom("desk_memory").where("id", "=", change.id).execute();
    return;
  }
  const { id, text, until, now } = change;
  await db.deleteFrom("desk_memory").where("until_at", "<=", now).execute();
  await db
    .insertInto("desk_memory")
    .values({ id, text, until_at: until })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ text, until_at: until }))
    .execute();
  const oldest = await db
    .selectFrom("desk_memory")
    .select("id")
    .orderBy("until_at", "desc")
    .orderBy("id")
    .offset(MOST)
    .limit(100)
    .execute();
  const ids = oldest.map((row) => row.id);
  if (ids.length > 0) await db.deleteFrom("desk_memory").where("id", "in", ids).execute();
}

/** The desk's memory over a store. */
export function deskMemory(read: () => Kysely<Tables>, change: (change: MemoryChange) => Promise<void>, now: () => number): DeskMemory {
  return {
    async get(id) {
      const row = await read().selectFrom("desk_memory").selectAll().where("id", "=", id).where("until_at", ">", now()).executeTakeFirst();
      return row?.text;
    },
    put: (id, text, until) => change({ act: "put", id, text, until, now: now() }),
    remove: (id) => change({ act: "remove", id }),
  };
}
