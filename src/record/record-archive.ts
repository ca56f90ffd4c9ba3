import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FaultsError } from "../model/fault.js";
import { CheckpointKey, findCheckpoints } from "./checkpoint.js";
import type { Database } from "./database.js";
import { openDatabase } from "./database.js";
import { migrate } from "./migrations.js";
import type { Pruned } from "./prune.js";
import { prune } from "./prune.js";
import { RecordReader } from "./record-reader.js";
import { locate } from "./record-location.js";
import { readSpool } from "./spool.js";
import type { Verification } from "./verify.js";
import { verifyRecords } from "./verify.js";

/** The record as the command line opens it: beside a proxy that runs, without its lock. */
export interface RecordArchive {
  readonly reader: RecordReader;
  /** Set where the store could not be read: then only what is in the spool is seen. */
  readonly warning: string | undefined;
  /** @param offHost text that holds checkpoints kept elsewhere, such as a log. */
  verify(offHost: string): Promise<Verification>;
  prune(before: number, now: number): Promise<Pruned>;
  close(): Promise<void>;
}

const PATIENCE_MS = 5_000;

/**
 * @param replica whose chain takes a tombstone; by default the one that the data folder names.
 * @throws FaultsError where there is no such folder or the URL is wrong.
 */
export async function openRecordArchive(dataDir: string, url: string | undefined, replica?: string): Promise<RecordArchive> {
  const location = locate(dataDir, url);
  if (location.kind === "sqlite" && !existsSync(dataDir)) {
    throw new FaultsError("There is no record here.", [
      {
        where: dataDir,
        what: "The folder does not exist.",
        mend: "Name the proxy's data folder with --data, or its database with --store.",
      },
    ]);
  }
  const none = location.kind === "sqlite" && !existsSync(location.file);
  let warning: string | undefined;
  let database: Database | undefined;
  if (!none) {
    try {
      database = openDatabase(location, { write: false, timeoutMs: PATIENCE_MS });
      await database.db.selectFrom("replicas").select("replica").limit(1).execute();
    } catch (error) {
      await database?.close().catch(() => undefined);
      database = undefined;
      warning = `The record store can't be read (${error instanceof Error ? error.message : String(error)}); only what is still spooled is shown.`;
    }
  }
  const reading = database ?? (await emptyDatabase());
  return {
    reader: new RecordReader(reading.db, () => readSpool(dataDir)),
    warning,
    verify: (offHost) => {
      const kept = join(dataDir, "last-checkpoint");
      const { checkpoints, forged } = findCheckpoints(`${existsSync(kept) ? readFileSync(kept, "utf8") : ""}\n${offHost}`);
      return verifyRecords(reading.db, { checkpoints, forged });
    },
    prune: async (before, now) => {
      const writing = openDatabase(location, { write: true, timeoutMs: PATIENCE_MS });
      try {
        await migrate(writing.db);
        const named = replica ?? readFileSync(join(dataDir, "replica"), "utf8").trim();
        return await prune(writing, { replica: named, key: CheckpointKey.open(dataDir), before, now });
      } finally {
        await writing.close();
      }
    },
    close: () => reading.close(),
  };
}

async function emptyDatabase(): Promise<Database> {
  const database = openDatabase({ kind: "sqlite", file: ":memory:" }, { write: true, timeoutMs: PATIENCE_MS });
  await migrate(database.db);
  return database;
}
