import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import type { DeskEvidence, DeskSealedBody, DeskTaking } from "../model/record-desk.js";
import { canonicalJson, sha256 } from "./canonical.js";
import { link } from "./chain.js";
import { readHead, saveHead } from "./commit.js";
import type { Database } from "./database.js";
import type { Tables } from "./schema.js";

/** Sealed bodies of one record that are told of and handed out, the newest first. */
const MOST = 20;

/** The sealed bodies of a record, newest first; tells of them only. */
export async function listEvidence(db: Kysely<Tables>, record: string): Promise<readonly DeskEvidence[]> {
  const rows = await db
    .selectFrom("evidence")
    .select(["exchange", "at", "bytes"])
    .where("record", "=", record)
    .orderBy("at", "desc")
    .limit(MOST)
    .execute();
  return rows.map(({ exchange, at, bytes }) => ({ exchange, at: new Date(at).toISOString(), bytes }));
}

/**
 * Hands out the sealed bodies of a record, newest first, or the one of an exchange; the chain keeps who took them and why, before they are
 * handed out.
 */
export function takeEvidence(
  database: Database,
  replica: string,
  { record, exchange }: { readonly record: string; readonly exchange?: string | undefined },
  { by, why, at }: DeskTaking,
): Promise<readonly DeskSealedBody[]> {
  return database.exclusively(async (db) => {
    let query = db.selectFrom("evidence").selectAll().where("record", "=", record);
    if (exchange !== undefined) query = query.where("exchange", "=", exchange);
    const rows = await query.orderBy("at", "desc").limit(MOST).execute();
    if (rows.length === 0) return [];
    const head = await readHead(db, replica);
    const body = canonicalJson({ by, why, file: rows.map((row) => row.exchange) });
    const entry = link({ id: `access-${randomUUID()}`, kind: "access", at, record, body }, head);
    await db.insertInto("entries").values(entry).execute();
    await saveHead(db, { ...head, seq: entry.seq, hash: entry.hash, seen_at: at });
    return rows.map((row) => ({
      exchange: row.exchange,
      at: new Date(row.at).toISOString(),
      bytes: row.bytes,
      file: Buffer.from(row.sealed, "base64"),
      intact: sha256(row.sealed) === row.digest,
    }));
  });
}
