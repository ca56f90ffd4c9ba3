import type { Kysely, Migration } from "kysely";
import { sql } from "kysely";

const DAY_MS = 86_400_000;

/** Due dates, the overview's counts, and what consoles share. */
export const deskCountTables: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable("records").addColumn("due_at", "bigint").execute();
    await db.schema
      .alterTable("records")
      .addColumn("due_told", "bigint", (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.createIndex("records_reached").on("records").columns(["transferred", "last_seen", "id"]).execute();
    await db.schema.createIndex("records_due").on("records").columns(["due_at", "id"]).execute();
    await db.schema
      .createTable("record_counts")
      .addColumn("day", "bigint", (column) => column.notNull())
      .addColumn("case_name", "text", (column) => column.notNull())
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("transferred", "bigint", (column) => column.notNull())
      .addColumn("unexpected", "bigint", (column) => column.notNull())
      .addColumn("count", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("record_counts_key", ["day", "case_name", "status", "transferred", "unexpected"])
      .execute();
    await sql`insert into record_counts (day, case_name, status, transferred, unexpected, count)
      select first_seen / ${sql.lit(DAY_MS)}, case_name, status, transferred, unexpected, count(*) from records
      group by 1, 2, 3, 4, 5`.execute(db);
    await db.schema
      .createTable("desk_memory")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("text", "text", (column) => column.notNull())
      .addColumn("until_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("desk_memory_until").on("desk_memory").columns(["until_at", "id"]).execute();
  },
};
