import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, sha256 } from "./canonical.js";
import { link } from "./chain.js";
import { readHead, saveHead } from "./commit.js";
import type { Database } from "./database.js";
import { syncFolder } from "./key-file.js";

/** `<time>_<record>_<exchange>_<bytes>.age`: all that the store needs to know of it. */
const NAME = /^(\d{1,15})_([\w-]{1,80})_([\w-]{1,80})_(\d{1,10})\.age$/;

/** Files that are taken into the store at once. */
const AT_ONCE = 50;

/**
 * Encrypts a body to the operator's recipients and puts it into the data folder's `evidence/`, synced, from where it goes into the store.
 * The proxy has no identity: it can't read it back. Throws where a recipient is none or the disk takes nothing.
 */
export async function sealEvidence(
  dataDir: string,
  recipients: readonly string[],
  { record, exchange, body, at }: { readonly record: string; readonly exchange: string; readonly body: Uint8Array; readonly at: number },
): Promise<void> {
  // Read here: few installations seal evidence, and its curves cost each start a tenth of a second.
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const sealed = await encrypter.encrypt(body);
  const folder = join(dataDir, "evidence");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${Math.trunc(at)}_${record}_${exchange}_${body.length}.age`);
  const handle = openSync(`${file}.new`, "w", 0o600);
  try {
    writeSync(handle, sealed);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
  syncFolder(folder);
}

/** Takes sealed files into the store and the chain, which holds their digests; a file goes only once it is there. */
export async function importEvidence(database: Database, replica: string, dataDir: string, now: number): Promise<void> {
  const folder = join(dataDir, "evidence");
  const names = filesIn(folder).slice(0, AT_ONCE);
  if (names.length === 0) return;
  await database.exclusively(async (db) => {
    for (const name of names) {
      const [, at, record, exchange, bytes] = NAME.exec(name) ?? [];
      if (at === undefined || record === undefined || exchange === undefined || bytes === undefined) continue;
      const id = `evidence-${exchange}`;
      const known = await db.selectFrom("entries").select("id").where("id", "=", id).executeTakeFirst();
      if (known !== undefined) continue;
      const sealed = readFileSync(join(folder, name)).toString("base64");
      const digest = sha256(sealed);
      await db
        .insertInto("evidence")
        .values({ exchange, record, at: Number(at), bytes: Number(bytes), digest, sealed })
        .execute();
      const head = await readHead(db, replica);
      const body = canonicalJson({ exchange, bytes: Number(bytes), sealed: digest });
      const entry = link({ id, kind: "evidence", at: now, record, body }, head);
      await db.insertInto("entries").values(entry).execute();
      await saveHead(db, { ...head, seq: entry.seq, hash: entry.hash, seen_at: now });
    }
  });
  for (const name of names) unlinkSync(join(folder, name));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .sort();
  } catch {
    return [];
  }
}
