import type { Kysely, Migration } from "kysely";
import { Migrator } from "kysely";
import { deskCountTables } from "./desk-count-tables.js";
import { deskTables } from "./desk-tables.js";
import type { Tables } from "./schema.js";
import { incidentReason } from "./incident-reason.js";
import { parentColumn } from "./parent-column.js";
import { searchTables } from "./search-tables.js";

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("entries")
      .addColumn("replica", "text", (column) => column.notNull())
      .addColumn("seq", "bigint", (column) => column.notNull())
      .addColumn("id", "text", (column) => column.notNull().unique())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("at", "bigint", (column) => column.notNull())
      .addColumn("record", "text", (column) => column.notNull())
      .addColumn("body", "text")
      .addColumn("digest", "text", (column) => column.notNull())
      .addColumn("prev", "text", (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("entries_key", ["replica", "seq"])
      .execute();
    await db.schema.createIndex("entries_record").on("entries").columns(["record", "at"]).execute();
    await db.schema
      .createTable("replicas")
      .addColumn("replica", "text", (column) => column.primaryKey())
      .addColumn("seq", "bigint", (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull())
      .addColumn("base", "bigint", (column) => column.notNull())
      .addColumn("seen_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("checkpoints")
      .addColumn("replica", "text", (column) => column.notNull())
      .addColumn("seq", "bigint", (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull())
      .addColumn("at", "bigint", (column) => column.notNull())
      .addColumn("line", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("checkpoints_key", ["replica", "seq"])
      .execute();
    let records = db.schema
      .createTable("records")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("identity", "text", (column) => column.notNull().unique());
    for (const name of ["occurrences", "first_seen", "last_seen", "unexpected", "transferred", "port", "more_findings", "body_bytes"]) {
      records = records.addColumn(name, "bigint", (column) => column.notNull());
    }
    for (const name of RECORD_TEXTS) records = records.addColumn(name, "text", (column) => column.notNull());
    for (const name of ["event_kind", "reason", "structure"]) records = records.addColumn(name, "text");
    await records.execute();
    await db.schema.createIndex("records_seen").on("records").columns(["last_seen", "id"]).execute();
    await db.schema.createIndex("records_case").on("records").columns(["case_name", "last_seen", "id"]).execute();
    await db.schema.createIndex("records_status").on("records").columns(["status", "last_seen", "id"]).execute();
    await db.schema.createIndex("records_incident").on("records").columns(["incident", "last_seen", "id"]).execute();
    await db.schema
      .createTable("record_rules")
      .addColumn("rule", "text", (column) => column.notNull())
      .addColumn("record", "text", (column) => column.notNull())
      .addColumn("last_seen", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("record_rules_key", ["record", "rule"])
      .execute();
    await db.schema.createIndex("record_rules_seen").on("record_rules").columns(["rule", "last_seen", "record"]).execute();
    let incidents = db.schema.createTable("incidents").addColumn("id", "text", (column) => column.primaryKey());
    for (const name of ["case_name", "destination", "rules"]) incidents = incidents.addColumn(name, "text", (column) => column.notNull());
    incidents = incidents.addColumn("event_kind", "text");
    for (const name of ["records", "open_records", "occurrences", "transferred", "first_seen", "last_seen"]) {
      incidents = incidents.addColumn(name, "bigint", (column) => column.notNull());
    }
    await incidents.execute();
    await db.schema.createIndex("incidents_seen").on("incidents").columns(["last_seen", "id"]).execute();
  },
};

const RECORD_TEXTS = [
  "incident",
  "replica",
  "status",
  "case_name",
  "destination",
  "host",
  "method",
  "path",
  "client",
  "entry",
  "verdict",
  "findings",
  "rules",
  "body_hmac",
  "policy_digest",
  "search",
];

/** Brings the tables to the newest form. Kysely locks, so that two replicas may start at once. Throws the database's own error. */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: {
      getMigrations: async () => ({
        "001-chain-and-records": first,
        "002-desk": deskTables,
        "003-search": searchTables,
        "004-desk-counts": deskCountTables,
        "005-parent": parentColumn,
        "006-incident-reason": incidentReason,
      }),
    },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error("A migration failed.", { cause: error });
}
