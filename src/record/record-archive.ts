import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { FaultsError } from "../model/fault.js";
import type { DeskSealedBody } from "../model/record-desk.js";
import { CheckpointKey, findCheckpoints } from "./checkpoint.js";
import type { Database } from "./database.js";
import { openDatabase } from "./database.js";
import { acceptChanges } from "./inventory-accept.js";
import { InventoryReader } from "./inventory-reader.js";
import { migrate } from "./migrations.js";
import { takeEvidence } from "./evidence-access.js";
import type { Pruned } from "./prune.js";
import { prune } from "./prune.js";
import { importRecords } from "./record-import.js";
import { RecordReader } from "./record-reader.js";
import { locate } from "./record-location.js";
import { readReplicaName } from "./replica-name.js";
import { gatherFacts, type Period, type ReportFacts } from "./report/facts.js";
import type { Tables } from "./schema.js";
import { readSpool } from "./spool.js";
import type { Verification } from "./verify.js";
import { verifyRecords } from "./verify.js";

/** The record as the command line opens it: beside a proxy that runs, without its lock. */
export interface RecordArchive {
  readonly db: Kysely<Tables>;
  readonly reader: RecordReader;
  readonly inventory: InventoryReader;
  /** Set where the store could not be read: then only what is in the spool is seen. */
  readonly warning: string | undefined;
  /** @param offHost text that holds checkpoints kept elsewhere, such as a log. */
  verify(offHost: string): Promise<Verification>;
  prune(before: number, now: number): Promise<Pruned>;
  /** What an auditor asks of a period; see `gatherFacts`. */
  report(period: Period, now: number): Promise<ReportFacts>;
  /** Brings an export into this store; see `importRecords`. */
  importRecords(
    text: string,
    by: { readonly by: string; readonly at: number },
  ): Promise<{ readonly imported: number; readonly present: number }>;
  /** Marks every change of now as seen by somebody. @returns how many */
  acceptChanges(by: { readonly by: string; readonly at: number; readonly case?: string | undefined }): Promise<number>;
  /** Hands out the sealed bodies of a record, newest first, and puts into the chain who took them and why. */
  takeEvidence(record: string, by: { readonly by: string; readonly why: string; readonly at: number }): Promise<readonly DeskSealedBody[]>;
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
  async function writing<Result>(work: (database: Database, replica: string) => Promise<Result>): Promise<Result> {
    const open = openDatabase(location, { write: true, timeoutMs: PATIENCE_MS });
    try {
      await migrate(open.db);
      return await work(open, replica ?? readReplicaName(dataDir));
    } finally {
      await open.close();
    }
  }
  const reader = new RecordReader(reading.db, () => readSpool(dataDir));
  const verify = (offHost: string): Promise<Verification> => {
    const kept = join(dataDir, "last-checkpoint");
    const { checkpoints, forged } = findCheckpoints(`${existsSync(kept) ? readFileSync(kept, "utf8") : ""}\n${offHost}`);
    return verifyRecords(reading.db, { checkpoints, forged });
  };
  return {
    db: reading.db,
    reader,
    inventory: new InventoryReader(reading.db),
    warning,
    verify,
    report: (period, now) => gatherFacts({ db: reading.db, reader, verify: () => verify("") }, period, now),
    prune: (before, now) =>
      writing((database, named) => prune(database, { replica: named, key: CheckpointKey.open(dataDir), before, now })),
    importRecords: (text, by) => writing((database, named) => importRecords(database, named, text, by)),
    acceptChanges: (by) => writing((database) => acceptChanges(database, by)),
    takeEvidence: (record, by) => writing((database, named) => takeEvidence(database, named, { record }, by)),
    close: () => reading.close(),
  };
}

async function emptyDatabase(): Promise<Database> {
  const database = openDatabase({ kind: "sqlite", file: ":memory:" }, { write: true, timeoutMs: PATIENCE_MS });
  await migrate(database.db);
  return database;
}
