import type { Clock, Logger } from "../model/ports.js";
import type { Transfer, TransferLog, WriteOutcome } from "../model/transfer.js";
import type { Committed } from "./commit.js";
import { RecentRecords } from "./recent-records.js";
import type { Spool } from "./spool.js";
import { storable } from "./transfer-text.js";
import type { Writer } from "./writer.js";

/** Transfers that may wait at once; past it a write fails closed, since memory is bounded and the disk is not keeping up. */
const MAX_WAITING = 20_000;

/** Transfers in one commit. */
const BATCH = 500;

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

export interface JournalOptions {
  readonly writer: Writer;
  readonly spool: Spool;
  readonly logger: Logger;
  readonly clock: Clock;
  /** How long a transfer waits for the store before it goes to the spool. */
  readonly deadlineMs: number;
  readonly onSpooled: (count: number) => void;
  readonly onCommitted: (outcome: Committed) => void;
}

interface Waiting {
  readonly transfer: Transfer;
  readonly resolve: (outcome: WriteOutcome) => void;
}

/**
 * Makes transfers durable: in the store while it answers, else in the spool, from where they follow in order once it answers again. As
 * long as anything is spooled, new transfers are spooled too, so that none overtakes an older one.
 */
export class Journal implements TransferLog {
  readonly #options: JournalOptions;
  readonly #recent = new RecentRecords();
  /** Until the store has answered once, it counts as away. */
  #mode: "store" | "spool" = "spool";
  #waiting: Waiting[] = [];
  #inFlight: Waiting[] | undefined;
  #late: Promise<unknown> = Promise.resolve();
  #spooling = false;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #closed = false;
  #wasAway = false;
  #idle: (() => void)[] = [];

  constructor(options: JournalOptions) {
    this.#options = options;
    options.onSpooled(options.spool.count);
  }

  /** Drains what a former process left. Resolves once the store takes writes, or after `patienceMs`; it is tried again by itself. */
  async open(patienceMs: number): Promise<void> {
    const patience = new Promise<void>((resolve) => setTimeout(resolve, patienceMs).unref());
    this.#tryDrain();
    await Promise.race([this.#draining, patience]);
    if (this.#mode === "spool") this.#options.logger.error("The record store is away; records go to the local spool.");
  }

  get spooledCount(): number {
    return this.#options.spool.count;
  }

  /** Whether writes reach the store itself. */
  get storeAnswers(): boolean {
    return this.#mode === "store";
  }

  write(transfer: Transfer): Promise<WriteOutcome> {
    if (this.#closed || this.#waiting.length >= MAX_WAITING) return Promise.resolve({ durability: "failed", record: transfer.id });
    return new Promise((resolve) => {
      this.#waiting.push({ transfer: storable(transfer), resolve });
      // A turn later, so that what arrives together is committed together.
      if (this.#waiting.length === 1) setImmediate(() => this.#pump());
    });
  }

  /** Takes nothing more, waits for what is under way, and drains as far as the store takes it at once. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#waiting.length > 0 || this.#inFlight !== undefined || this.#spooling) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    clearTimeout(this.#retryTimer);
    await this.#draining;
    if (this.#mode === "spool") await this.#drain().catch(() => undefined);
    clearTimeout(this.#retryTimer);
  }

  #pump(): void {
    if (this.#mode === "store") this.#commitNext();
    else this.#spoolNext();
    if (this.#waiting.length > 0 || this.#inFlight !== undefined || this.#spooling) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  #commitNext(): void {
    if (this.#inFlight !== undefined || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, BATCH);
    this.#inFlight = batch;
    const timer = setTimeout(
      () => this.#leaveStore(batch, `It did not answer within ${this.#options.deadlineMs} ms.`),
      this.#options.deadlineMs,
    );
    this.#late = this.#commit(batch.map((waiting) => waiting.transfer)).then(
      (outcomes) => {
        clearTimeout(timer);
        // Past the deadline the batch is in the spool as well; draining it there passes over what is committed.
        if (this.#inFlight !== batch) return;
        this.#inFlight = undefined;
        batch.forEach(({ transfer, resolve }, index) => resolve({ durability: "stored", record: outcomes[index]?.record ?? transfer.id }));
        this.#pump();
      },
      (error: unknown) => {
        clearTimeout(timer);
        this.#leaveStore(batch, error instanceof Error ? error.message : String(error));
      },
    );
  }

  async #commit(transfers: readonly Transfer[]): Promise<readonly Committed[]> {
    const answer = await this.#options.writer.ask({ kind: "commit", transfers, now: this.#options.clock.now() });
    if (answer.kind !== "committed") throw new Error(answer.kind === "failed" ? `${answer.code} ${answer.message}`.trim() : "No commit.");
    answer.outcomes.forEach((outcome, index) => {
      const transfer = transfers[index];
      if (transfer !== undefined) this.#recent.learn(transfer.identity, outcome.record);
      this.#options.onCommitted(outcome);
    });
    if (answer.checkpoint !== undefined) this.#options.logger.info("Record checkpoint.", { checkpoint: answer.checkpoint });
    return answer.outcomes;
  }

  #leaveStore(batch: Waiting[], cause: string): void {
    if (this.#inFlight !== batch) return;
    this.#inFlight = undefined;
    this.#waiting = [...batch, ...this.#waiting];
    this.#mode = "spool";
    this.#wasAway = true;
    this.#options.logger.error("The record store is away; records go to the local spool.", { cause });
    this.#retrySoon();
    this.#pump();
  }

  #spoolNext(): void {
    if (this.#spooling || this.#waiting.length === 0) return;
    this.#spooling = true;
    const batch = this.#waiting.splice(0, BATCH);
    const transfers = batch.map((waiting) => waiting.transfer);
    this.#options.spool.append(transfers).then(
      () => {
        for (const { transfer, resolve } of batch) {
          resolve({ durability: "spooled", record: this.#recent.recordOf(transfer.identity, transfer.id) });
        }
        this.#spooled();
      },
      (error: unknown) => {
        this.#options.logger.error("Neither the record store nor the spool takes records; exchanges with findings are refused.", {
          cause: error instanceof Error ? error.message : String(error),
        });
        for (const { transfer, resolve } of batch) resolve({ durability: "failed", record: transfer.id });
        this.#spooled();
      },
    );
  }

  #spooled(): void {
    this.#spooling = false;
    this.#options.onSpooled(this.#options.spool.count);
    this.#pump();
  }

  #retrySoon(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#tryDrain(), this.#retryMs);
    this.#retryTimer.unref();
  }

  #tryDrain(): void {
    if (this.#draining !== undefined) return;
    this.#draining = this.#drain().then(
      () => {
        this.#retryMs = FIRST_RETRY_MS;
        this.#draining = undefined;
      },
      (error: unknown) => {
        this.#options.logger.debug("The record store is still away.", { cause: error instanceof Error ? error.message : String(error) });
        this.#draining = undefined;
        this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
        if (!this.#closed) this.#retrySoon();
      },
    );
  }

  /** Brings the spool into the store, oldest first, and writes to the store again once it is empty. Rejects where the store is still away. */
  async #drain(): Promise<void> {
    const { spool, logger } = this.#options;
    // A commit that was given up may still be running; the thread answers one request at a time.
    await this.#late;
    const before = spool.count;
    // With nothing to drain this is the probe: it writes one row, so a full or read-only store is found out.
    await this.#commit([]);
    while (this.#mode === "spool") {
      const { transfers, upTo } = await spool.peek(BATCH);
      if (transfers.length > 0) {
        await this.#commit(transfers);
        spool.drained(upTo, transfers.length);
        this.#options.onSpooled(spool.count);
      } else if (!this.#spooling) {
        this.#spooling = true;
        await spool.reset().finally(() => {
          this.#spooling = false;
        });
        this.#mode = "store";
        if (this.#wasAway || before > 0) logger.info("The record store answers; the spool is drained.", { drained: before });
        this.#wasAway = false;
        this.#options.onSpooled(0);
        this.#pump();
      } else {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}
