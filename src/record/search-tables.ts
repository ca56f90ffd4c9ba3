import type { Kysely, Migration } from "kysely";
import { sql } from "kysely";
import { sha256 } from "./canonical.js";

const AT_ONCE = 1_000;

/**
 * A table of distinct search texts, so that looking for a word reads some thousand of them and not a million records: what traffic repeats,
 * it repeats in the same words.
 */
export const searchTables: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("searches")
      .addColumn("key", "text", (column) => column.primaryKey())
      .addColumn("text", "text", (column) => column.notNull())
      .execute();
    await db.schema
      .alterTable("records")
      .addColumn("search_key", "text", (column) => column.notNull().defaultTo(""))
      .execute();
    await db.schema.createIndex("records_search").on("records").columns(["search_key", "last_seen", "id"]).execute();
    for (;;) {
      const { rows } = await sql<{
        id: string;
        search: string;
      }>`select id, search from records where search_key = '' limit ${sql.lit(AT_ONCE)}`.execute(db);
      if (rows.length === 0) return;
      for (const { id, search } of rows) {
        const text = search.startsWith(`${id} `) ? search.slice(id.length + 1) : search;
        const key = searchKey(text);
        await sql`insert into searches (key, text) values (${key}, ${text}) on conflict do nothing`.execute(db);
        await sql`update records set search_key = ${key} where id = ${id}`.execute(db);
      }
    }
  },
};

export function searchKey(text: string): string {
  return sha256(text).slice(0, 24);
}
