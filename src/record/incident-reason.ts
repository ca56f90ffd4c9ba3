import type { Kysely, Migration } from "kysely";
import { sql } from "kysely";

/** Why the transfers of an incident were refused, which all of one have alike (`incidentId`); null where they were not. Older ones take their records'. */
export const incidentReason: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable("incidents").addColumn("reason", "text").execute();
    await sql`update incidents set reason = (select max(reason) from records where records.incident = incidents.id)`.execute(db);
  },
};
