import { randomUUID } from "node:crypto";
import { canonicalJson, sha256 } from "./canonical.js";
import { link } from "./chain.js";
import { readHead, saveHead } from "./commit.js";
import type { Database } from "./database.js";

/** A body as an age file, for whoever holds a recipient's identity. */
export interface SealedBody {
  readonly exchange: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of the body before sealing. */
  readonly bytes: number;
  readonly file: Buffer;
  /** False where the stored file is not the one that the chain knows. */
  readonly intact: boolean;
}

/** Hands out the sealed bodies of a record, newest first; the chain keeps who took them and why, before they are handed out. */
export function takeEvidence(
  database: Database,
  replica: string,
  record: string,
  { by, why, at }: { readonly by: string; readonly why: string; readonly at: number },
): Promise<readonly SealedBody[]> {
  return database.exclusively(async (db) => {
    const rows = await db.selectFrom("evidence").selectAll().where("record", "=", record).orderBy("at", "desc").limit(20).execute();
    if (rows.length === 0) return [];
    const head = await readHead(db, replica);
    const body = canonicalJson({ by, why, file: rows.map((row) => row.exchange) });
    const entry = link({ id: `access-${randomUUID()}`, kind: "access", at, record, body }, head);
    await db.insertInto("entries").values(entry).execute();
    await saveHead(db, { ...head, seq: entry.seq, hash: entry.hash, seen_at: at });
    return rows.map((row) => ({
      exchange: row.exchange,
      at: row.at,
      bytes: row.bytes,
      file: Buffer.from(row.sealed, "base64"),
      intact: sha256(row.sealed) === row.digest,
    }));
  });
}
