import type { Kysely, Migration } from "kysely";

/** Which parent proxy resolves and dials for a record's destination; null where this proxy does, as it did for every older record. */
export const parentColumn: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable("records").addColumn("via", "text").execute();
  },
};
