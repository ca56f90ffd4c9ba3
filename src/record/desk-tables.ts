import type { Kysely, Migration } from "kysely";

/** What the desk keeps beside the record: inventory, totals, policy history, sealed evidence, what is to be told elsewhere. */
export const deskTables: Migration = {
  async up(db: Kysely<unknown>) {
    let inventory = db.schema.createTable("inventory").addColumn("id", "text", (column) => column.primaryKey());
    for (const name of ["case_name", "destination", "kind", "path", "type", "length_class"]) {
      inventory = inventory.addColumn(name, "text", (column) => column.notNull());
    }
    for (const name of ["count", "first_seen", "last_seen", "change"])
      inventory = inventory.addColumn(name, "bigint", (column) => column.notNull());
    await inventory.addColumn("accepted_by", "text").addColumn("accepted_at", "bigint").execute();
    await db.schema.createIndex("inventory_seen").on("inventory").columns(["first_seen", "id"]).execute();
    await db.schema.createIndex("inventory_change").on("inventory").columns(["change", "first_seen", "id"]).execute();
    await db.schema.createIndex("inventory_path").on("inventory").columns(["path"]).execute();
    await db.schema
      .createTable("totals")
      .addColumn("day", "bigint", (column) => column.notNull())
      .addColumn("case_name", "text", (column) => column.notNull())
      .addColumn("verdict", "text", (column) => column.notNull())
      .addColumn("count", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("totals_key", ["day", "case_name", "verdict"])
      .execute();
    await db.schema
      .createTable("policies")
      .addColumn("replica", "text", (column) => column.notNull())
      .addColumn("at", "bigint", (column) => column.notNull())
      .addColumn("digest", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("policies_key", ["replica", "at"])
      .execute();
    await db.schema
      .createTable("evidence")
      .addColumn("exchange", "text", (column) => column.primaryKey())
      .addColumn("record", "text", (column) => column.notNull())
      .addColumn("at", "bigint", (column) => column.notNull())
      .addColumn("bytes", "bigint", (column) => column.notNull())
      .addColumn("digest", "text", (column) => column.notNull())
      .addColumn("sealed", "text", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("evidence_record").on("evidence").columns(["record", "at"]).execute();
    await db.schema
      .createTable("outbox")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("replica", "text", (column) => column.notNull())
      .addColumn("at", "bigint", (column) => column.notNull())
      .addColumn("sink", "text", (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("body", "text", (column) => column.notNull())
      .addColumn("next_at", "bigint", (column) => column.notNull())
      .addColumn("attempts", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("outbox_due").on("outbox").columns(["replica", "next_at"]).execute();
  },
};
