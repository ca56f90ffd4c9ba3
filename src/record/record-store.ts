import { randomBytes } from "node:crypto";
import type { ReportPort } from "../model/console-ports.js";
import type { Clock, Logger } from "../model/ports.js";
import type { Transfer, TransferLog, WriteOutcome } from "../model/transfer.js";
import type { Committed } from "./commit.js";
import type { Database, Location } from "./database.js";
import { openDatabase } from "./database.js";
import { lockFolder } from "./folder-lock.js";
import { InventoryReader } from "./inventory-reader.js";
import { Journal } from "./journal.js";
import { OverflowGate } from "./overflow-gate.js";
import type { Pruned } from "./prune.js";
import type { RecordArchive } from "./record-archive.js";
import { openRecordArchive } from "./record-archive.js";
import type { RecordFilter } from "./record-filter.js";
import { locate } from "./record-location.js";
import { RecordReader } from "./record-reader.js";
import { readReplicaName } from "./replica-name.js";
import { writeReport } from "./report/report.js";
import { readSpool, Spool } from "./spool.js";
import type { Verification } from "./verify.js";
import { Writer } from "./writer.js";
import type { StatusChange, WriterAnswer } from "./writer-message.js";

export interface RecordStoreOptions {
  /** Holds the SQLite file, the spool, the keys and the lock. Created where it is missing. */
  readonly dataDir: string;
  /** `postgres://…`; without it the store is `records.db` in the data folder. */
  readonly url?: string | undefined;
  /** This writer's name in the chain; by default one that is made up at first use and kept in the data folder. */
  readonly replica?: string | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Milliseconds that a write waits for the store before it goes to the spool. Default 1,000. */
  readonly deadlineMs?: number | undefined;
  /** Milliseconds between checkpoints in quiet times. Default 60,000. */
  readonly checkpointMs?: number | undefined;
  /** Names of what incidents and checkpoints are told to; see `Courier`. */
  readonly sinks?: readonly string[] | undefined;
  /** Distinct refused bodies of one client an hour that get a record of their own. Default 2,000. */
  readonly distinctPerClient?: number | undefined;
  /** Told of every change in the number of spooled transfers. */
  readonly onSpooled?: (count: number) => void;
  /** Told once of each incident that is new, or comes back after it was closed. */
  readonly onIncident?: (id: string, change: "new" | "reopened") => void;
}

/** Some 5 MB an hour. */
const DISTINCT_PER_CLIENT = 2_000;

/** A start waits this long for a database, then goes on with the spool. */
const OPEN_PATIENCE_MS = 5_000;

/**
 * Opens the record. A store that does not answer is no reason to fail: what is written meanwhile goes to the spool.
 * @throws FaultsError where the data folder can't be used, is taken by another process, or the URL is wrong.
 */
export async function openRecordStore(options: RecordStoreOptions): Promise<RecordStore> {
  const location = locate(options.dataDir, options.url);
  const lock = lockFolder(options.dataDir);
  try {
    const named = options.replica ?? readReplicaName(options.dataDir);
    const spool = await Spool.open(options.dataDir, options.logger);
    const store = new RecordStore({ ...options, location, replica: named, spool, release: () => lock.release() });
    await store.open();
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export class RecordStore implements TransferLog {
  readonly #options: RecordStoreOptions;
  readonly #location: Location;
  readonly #replica: string;
  readonly #writer: Writer;
  readonly #journal: Journal;
  readonly #gate: OverflowGate;
  readonly #spool: Spool;
  readonly #release: () => void;
  readonly #checkpoints: NodeJS.Timeout;
  #reading: { readonly database: Database; readonly reader: RecordReader } | undefined;

  /** Made by `openRecordStore` only, which holds the lock. */
  constructor(
    setup: RecordStoreOptions & {
      readonly location: Location;
      readonly replica: string;
      readonly spool: Spool;
      readonly release: () => void;
    },
  ) {
    this.#options = setup;
    this.#location = setup.location;
    this.#replica = setup.replica;
    this.#spool = setup.spool;
    this.#release = setup.release;
    const deadlineMs = setup.deadlineMs ?? 1_000;
    this.#writer = new Writer({
      location: setup.location,
      dataDir: setup.dataDir,
      replica: setup.replica,
      lockTimeoutMs: Math.ceil(deadlineMs * 0.8),
      recipients: [],
      sinks: [...(setup.sinks ?? [])],
    });
    this.#journal = new Journal({
      writer: this.#writer,
      spool: setup.spool,
      logger: setup.logger,
      clock: setup.clock,
      deadlineMs,
      onSpooled: (count) => setup.onSpooled?.(count),
      onCommitted: (outcome) => this.#tell(outcome),
    });
    this.#gate = new OverflowGate(this.#journal, setup.distinctPerClient ?? DISTINCT_PER_CLIENT);
    this.#checkpoints = setInterval(() => void this.#checkpoint(), setup.checkpointMs ?? 60_000);
    this.#checkpoints.unref();
  }

  /** Waits for the store to answer, for a start's patience at most. Called by `openRecordStore`. */
  open(): Promise<void> {
    return this.#journal.open(OPEN_PATIENCE_MS);
  }

  write(transfer: Transfer): Promise<WriteOutcome> {
    return this.#gate.write(transfer);
  }

  /** Transfers in the spool that the store has not taken yet. */
  get spooledCount(): number {
    return this.#journal.spooledCount;
  }

  /** Whether the store itself takes writes, for health. */
  get storeAnswers(): boolean {
    return this.#journal.storeAnswers;
  }

  /** Another writing thread, for what may not hold up the record's own. */
  newWriter(recipients: readonly string[]): Writer {
    const { dataDir } = this.#options;
    return new Writer({
      location: this.#location,
      dataDir,
      replica: this.#replica,
      lockTimeoutMs: 5_000,
      recipients: [...recipients],
      sinks: [],
    });
  }

  /** What has left the building. */
  inventory(): InventoryReader {
    this.#reader();
    const database = this.#reading?.database;
    if (database === undefined) throw new Error("The record store can't be read.");
    return new InventoryReader(database.db);
  }

  list(filter: RecordFilter = {}) {
    return this.#reader().list(filter);
  }

  get(id: string) {
    return this.#reader().get(id);
  }

  history(id: string) {
    return this.#reader().history(id);
  }

  incidents(filter: { readonly open?: boolean; readonly limit?: number } = {}) {
    return this.#reader().incidents(filter);
  }

  /** When the record at this place, the newest first, was last seen; undefined where there are fewer. Milliseconds since the epoch. */
  lastSeenOfRank(rank: number) {
    return this.#reader().lastSeenOfRank(rank);
  }

  openCounts() {
    return this.#reader().openCounts();
  }

  exportAll(filter: RecordFilter = {}) {
    return this.#reader().exportAll(filter);
  }

  /** See `verifyRecords`. @param offHost text that holds checkpoints kept elsewhere, such as a log. */
  verify(offHost = ""): Promise<Verification> {
    return this.#inArchive((archive) => archive.verify(offHost));
  }

  /** A period's summary for an auditor, written out. */
  report({ since, until, format }: Parameters<ReportPort>[0]): Promise<string> {
    return this.#inArchive(async (archive) => writeReport(await archive.report({ since, until }, this.#options.clock.now()), format));
  }

  /** Erases records whose last occurrence is before that time, in milliseconds; see `prune`. */
  prune(before: number): Promise<Pruned> {
    return this.#inArchive((archive) => archive.prune(before, this.#options.clock.now()));
  }

  /**
   * Changes a record's status, for good once it resolves.
   * @throws Error where the store is away; nothing is spooled, since the person who asks can ask again.
   */
  async setStatus(id: string, change: StatusChange): Promise<Extract<WriterAnswer, { kind: "changed" }>> {
    const answer = await this.#writer.ask({ kind: "status", record: id, id: `status-${randomBytes(16).toString("hex")}`, change });
    if (answer.kind === "changed") return answer;
    throw new Error(answer.kind === "failed" ? `The record store is away: ${answer.message}` : "The record store gave no answer.");
  }

  /** Finishes what was begun, makes a last checkpoint, and gives the data folder free. */
  async close(): Promise<void> {
    clearInterval(this.#checkpoints);
    await this.#journal.close();
    await this.#checkpoint("close");
    await this.#writer.stop();
    await this.#reading?.database.close();
    await this.#spool.close();
    this.#release();
  }

  async #checkpoint(kind: "checkpoint" | "close" = "checkpoint"): Promise<void> {
    if (kind === "checkpoint" && !this.#journal.storeAnswers) return;
    const answer = await this.#writer.ask({ kind, now: this.#options.clock.now() }).catch(() => undefined);
    if (answer?.kind === "checkpoint" && answer.line !== undefined) {
      this.#options.logger.info("Record checkpoint.", { checkpoint: answer.line });
    }
  }

  async #inArchive<Result>(work: (archive: RecordArchive) => Promise<Result>): Promise<Result> {
    const archive = await openRecordArchive(this.#options.dataDir, this.#options.url, this.#replica);
    try {
      return await work(archive);
    } finally {
      await archive.close();
    }
  }

  #reader(): RecordReader {
    if (this.#reading === undefined) {
      const database = openDatabase(this.#location, { write: false, timeoutMs: 1_000 });
      this.#reading = { database, reader: new RecordReader(database.db, () => readSpool(this.#options.dataDir)) };
    }
    return this.#reading.reader;
  }

  #tell(outcome: Committed): void {
    if (outcome.incident !== undefined) this.#options.onIncident?.(outcome.incident.id, outcome.incident.change);
  }
}
