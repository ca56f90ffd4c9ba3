import { randomBytes } from "node:crypto";
import type { ReportPort } from "../model/console-ports.js";
import type { DeskSealedBody, DeskStatusChange, DeskStatusOutcome, DeskTaking } from "../model/record-desk.js";
import type { Transfer, TransferLog, WriteOutcome } from "../model/transfer.js";
import type { Committed } from "./commit.js";
import type { Location } from "./database.js";
import { openDatabase } from "./database.js";
import { DeskInventory } from "./desk-inventory.js";
import { deskMemory } from "./desk-memory.js";
import { DeskReading, type Reading } from "./desk-reading.js";
import { lockFolder } from "./folder-lock.js";
import { Journal } from "./journal.js";
import { OverflowGate } from "./overflow-gate.js";
import type { Pruned } from "./prune.js";
import { openCounts } from "./record-counts.js";
import { locate } from "./record-location.js";
import type { RecordStoreOptions } from "./record-store-options.js";
import { RecordReader } from "./record-reader.js";
import { readReplicaName } from "./replica-name.js";
import { readSpool, Spool } from "./spool.js";
import type { Verification } from "./verify.js";
import { workerFolder } from "./worker-folder.js";
import { Writer } from "./writer.js";
import type { WriterAnswer, WriterRequest } from "./writer-message.js";

/** Some 5 MB an hour. */
const DISTINCT_PER_CLIENT = 2_000;

/** A start waits this long for a database, then goes on with the spool. */
const OPEN_PATIENCE_MS = 5_000;

/**
 * Opens the record. A store that does not answer is no reason to fail: what is written meanwhile goes to the spool.
 * @throws FaultsError where the data folder can't be used, is taken by another process, or the URL is wrong.
 */
export async function openRecordStore(options: RecordStoreOptions): Promise<RecordStore> {
  const { dataDir, worker } = options;
  const location = locate(dataDir, options.url);
  const ownDir = worker === undefined ? dataDir : workerFolder(dataDir, worker);
  const lock = lockFolder(ownDir);
  try {
    const first = options.replica ?? readReplicaName(dataDir);
    const named = worker === undefined ? first : `${first}-w${worker}`;
    const spool = await Spool.open(ownDir, options.logger);
    const store = new RecordStore({ ...options, location, ownDir, replica: named, spool, release: () => lock.release() });
    await store.open();
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export class RecordStore extends DeskReading implements TransferLog {
  readonly memory;
  readonly #options: RecordStoreOptions;
  readonly #location: Location;
  readonly #ownDir: string;
  readonly #replica: string;
  readonly #writer: Writer;
  readonly #journal: Journal;
  readonly #gate: OverflowGate;
  readonly #spool: Spool;
  readonly #release: () => void;
  readonly #checkpoints: NodeJS.Timeout;
  #reading: (Reading & { readonly close: () => Promise<void> }) | undefined;

  /** Made by `openRecordStore` only, which holds the lock. */
  constructor(
    setup: RecordStoreOptions & {
      readonly location: Location;
      readonly ownDir: string;
      readonly replica: string;
      readonly spool: Spool;
      readonly release: () => void;
    },
  ) {
    super();
    this.#options = setup;
    this.#location = setup.location;
    this.#ownDir = setup.ownDir;
    this.#replica = setup.replica;
    this.#spool = setup.spool;
    this.#release = setup.release;
    const deadlineMs = setup.deadlineMs ?? 1_000;
    this.#writer = new Writer({
      location: setup.location,
      dataDir: setup.ownDir,
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
    this.memory = deskMemory(
      () => this.reading().db,
      async (change) => void (await this.#asked({ kind: "memory", change })),
      () => setup.clock.now(),
    );
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
    return new Writer({
      location: this.#location,
      dataDir: this.#ownDir,
      replica: this.#replica,
      lockTimeoutMs: 5_000,
      recipients: [...recipients],
      sinks: [...(this.#options.sinks ?? [])],
    });
  }

  /** What has left the building. */
  inventory(): DeskInventory {
    return new DeskInventory(this.reading().db, async (by) => {
      const answer = await this.#asked({ kind: "accept", by });
      return answer.kind === "accepted" ? answer.changes : 0;
    });
  }

  /** When the record at this place, the newest first, was last seen; undefined where there are fewer. Milliseconds since the epoch. */
  lastSeenOfRank(rank: number) {
    return this.reading().reader.lastSeenOfRank(rank);
  }

  async openCounts() {
    return openCounts(this.reading().db);
  }

  /** See `verifyRecords`. @param offHost text that holds checkpoints kept elsewhere, such as a log. */
  verify(offHost = ""): Promise<Verification> {
    return this.#apart({ kind: "verify", offHost }, (answer) => (answer.kind === "verified" ? answer.verification : undefined));
  }

  /** A period's summary for an auditor, written out. */
  report({ since, until, format }: Parameters<ReportPort>[0]): Promise<string> {
    const request = { kind: "report", since, until, format, now: this.#options.clock.now() } as const;
    return this.#apart(request, (answer) => (answer.kind === "report" ? answer.text : undefined));
  }

  /** Erases records whose last occurrence is before that time, in milliseconds; see `prune`. */
  prune(before: number): Promise<Pruned> {
    const request = { kind: "prune", before, now: this.#options.clock.now() } as const;
    return this.#apart(request, (answer) => (answer.kind === "pruned" ? answer.pruned : undefined));
  }

  /**
   * Changes a record's status, for good once it resolves.
   * @throws Error where the store is away; nothing is spooled, since the person who asks can ask again.
   */
  async setStatus(id: string, change: DeskStatusChange): Promise<DeskStatusOutcome> {
    const answer = await this.#asked({ kind: "status", record: id, id: `status-${randomBytes(16).toString("hex")}`, change });
    if (answer.kind !== "changed") throw new Error("The record store gave no answer.");
    return answer;
  }

  async takeEvidence(id: string, exchange: string, by: DeskTaking): Promise<DeskSealedBody | undefined> {
    const answer = await this.#asked({ kind: "take", record: id, exchange, by });
    return answer.kind === "taken" ? answer.body : undefined;
  }

  /** Finishes what was begun, makes a last checkpoint, and gives the data folder free. */
  async close(): Promise<void> {
    clearInterval(this.#checkpoints);
    await this.#journal.close();
    await this.#checkpoint("close");
    await this.#writer.stop();
    await this.#reading?.close();
    await this.#spool.close();
    this.#release();
  }

  protected reading(): Reading {
    if (this.#reading === undefined) {
      const database = openDatabase(this.#location, { write: false, timeoutMs: 1_000 });
      const reader = new RecordReader(database.db, () => readSpool(this.#options.dataDir));
      this.#reading = { db: database.db, reader, close: () => database.close() };
    }
    return this.#reading;
  }

  async #checkpoint(kind: "checkpoint" | "close" = "checkpoint"): Promise<void> {
    if (kind === "checkpoint" && !this.#journal.storeAnswers) return;
    const answer = await this.#writer.ask({ kind, now: this.#options.clock.now() }).catch(() => undefined);
    if (answer?.kind === "checkpoint" && answer.line !== undefined) {
      this.#options.logger.info("Record checkpoint.", { checkpoint: answer.line });
    }
  }

  async #asked(request: WriterRequest): Promise<WriterAnswer> {
    const answer = await this.#writer.ask(request);
    if (answer.kind === "failed") throw new Error(`The record store is away: ${answer.message}`);
    return answer;
  }

  /** On a thread of its own, since it walks the whole record: SQLite answers on the thread that asks, and that one has the traffic. */
  async #apart<Result>(request: WriterRequest, resultOf: (answer: WriterAnswer) => Result | undefined): Promise<Result> {
    const thread = this.newWriter([]);
    try {
      const answer = await thread.ask(request);
      const result = resultOf(answer);
      if (result !== undefined) return result;
      throw new Error(answer.kind === "failed" ? `The record store is away: ${answer.message}` : "The record store gave no answer.");
    } finally {
      await thread.stop();
    }
  }

  #tell(outcome: Committed): void {
    if (outcome.incident !== undefined) this.#options.onIncident?.(outcome.incident.id, outcome.incident.change);
  }
}
