import type { EvidenceKeeper } from "../model/evidence.js";
import type { CaseName } from "../model/limited-case.js";
import type { TrafficLedger, TrafficSeen } from "../model/traffic-ledger.js";
import { type EvidenceSettings, EvidenceRoom } from "./evidence-room.js";
import { keepWithin, type KeepSettings } from "./housekeeping.js";
import { Courier, type OutgoingSettings, sinksOf } from "./outgoing/courier.js";
import type { RecordStore } from "./record-store.js";
import { openRecordStore } from "./record-store.js";
import type { RecordStoreOptions } from "./record-store-options.js";
import { TrafficTally } from "./traffic-tally.js";
import type { Writer } from "./writer.js";

const FLUSH_MS = 2_000;
const OPEN_COUNT_MS = 15_000;
const HOUSEKEEPING_MS = 3_600_000;
const OVERDUE_MS = 60_000;
/** Changes that are told one by one; a new version of the product brings dozens at once, the inventory lists all. */
const TOLD = 20;

export interface RecordRoomOptions extends RecordStoreOptions {
  readonly evidence: EvidenceSettings;
  readonly keep: KeepSettings;
  readonly outgoing: OutgoingSettings;
  readonly metrics: RoomMetrics;
}

/** What the record tells Prometheus. */
interface RoomMetrics {
  recordsSpooled(count: number): void;
  unexpectedTransfersOpen(count: number): void;
  materialChanges(caseName: CaseName, count: number): void;
}

/**
 * The record and what the desk keeps beside it: totals, inventory, policy history and sealed evidence. These are written every two seconds
 * by a thread of their own, so that traffic never waits for them; a crash loses those seconds of counts, and no record.
 *
 * @throws FaultsError as `openRecordStore`
 */
export async function openRecordRoom(options: RecordRoomOptions): Promise<RecordRoom> {
  const { metrics } = options;
  const store = await openRecordStore({
    ...options,
    sinks: sinksOf(options.outgoing),
    onSpooled: (count) => metrics.recordsSpooled(count),
  });
  return new RecordRoom(options, store);
}

export class RecordRoom implements TrafficLedger {
  readonly store: RecordStore;
  readonly evidence: EvidenceKeeper;
  readonly #options: RecordRoomOptions;
  readonly #writer: Writer;
  readonly #evidence: EvidenceRoom;
  readonly #courier: Courier;
  #closing = false;
  #delivering: Promise<void> | undefined;
  readonly #tally = new TrafficTally();
  readonly #timers: readonly NodeJS.Timeout[];
  #policies: { readonly digest: string; readonly at: number }[] = [];
  #flushing: Promise<void> | undefined;

  /** Made by `openRecordRoom` only. */
  constructor(options: RecordRoomOptions, store: RecordStore) {
    this.store = store;
    this.#options = options;
    this.#writer = store.newWriter(options.evidence.recipients);
    this.#evidence = new EvidenceRoom(options.evidence, this.#writer, options);
    this.evidence = this.#evidence;
    this.#courier = new Courier(options.outgoing, this.#writer, options);
    this.#timers = [setInterval(() => void this.flush(), FLUSH_MS), ...(this.#isFirst ? this.#startDuties() : [])];
    for (const timer of this.#timers) timer.unref();
  }

  /** What one of several writers does for all of them: it counts what is open, tidies up, keeps the policy's history, and delivers. */
  get #isFirst(): boolean {
    return this.#options.worker === undefined;
  }

  #startDuties(): NodeJS.Timeout[] {
    const { keep: within, clock, logger } = this.#options;
    const keep = (): void => void keepWithin(this.store, within, clock.now(), logger);
    keep();
    void this.#countOpen();
    return [
      setInterval(() => void this.#countOpen(), OPEN_COUNT_MS),
      setInterval(keep, HOUSEKEEPING_MS),
      setInterval(() => void this.tellOverdue(), OVERDUE_MS),
    ];
  }

  note(seen: TrafficSeen): void {
    this.#tally.add(seen);
  }

  /** A policy came into force. */
  policy(digest: string): void {
    if (!this.#isFirst) return;
    // A store that is away for days must not gather a reload loop's digests without bound.
    const at = Math.max(this.#options.clock.now(), (this.#policies.at(-1)?.at ?? 0) + 1);
    this.#policies = [...this.#policies.slice(-99), { digest, at }];
  }

  /** Writes what was counted; where the store is away, it stays counted. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  /** Tells once of each record whose vendor has not answered in time. */
  async tellOverdue(): Promise<void> {
    if (!this.store.storeAnswers || this.#closing) return;
    const answer = await this.#writer.ask({ kind: "overdue", now: this.#options.clock.now() }).catch(() => undefined);
    if (answer?.kind !== "overdue" || answer.records === 0) return;
    this.#options.logger.warn("The vendor has not answered in time; the console lists these as overdue.", { records: answer.records });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#closing = true;
    await this.#flushing;
    await this.#delivering;
    await this.#evidence.settle();
    await this.flush();
    await this.#writer.stop();
    await this.store.close();
  }

  async #flush(): Promise<void> {
    if (!this.store.storeAnswers) return;
    await this.#flushPolicies();
    await this.#flushTraffic();
    await this.#evidence.store();
    if (this.#closing || !this.#isFirst) return;
    // A receiver that is slow to answer holds up no inventory.
    this.#delivering ??= this.#courier.deliver().finally(() => (this.#delivering = undefined));
  }

  async #flushPolicies(): Promise<void> {
    for (let next = this.#policies[0]; next !== undefined; next = this.#policies[0]) {
      const answer = await this.#writer.ask({ kind: "policy", ...next }).catch(() => undefined);
      if (answer?.kind !== "done") return;
      this.#policies = this.#policies.filter((policy) => policy !== next);
    }
  }

  async #flushTraffic(): Promise<void> {
    if (this.#tally.empty) return;
    const batch = this.#tally.take();
    const answer = await this.#writer.ask({ kind: "traffic", batch }).catch(() => undefined);
    if (answer?.kind !== "traffic") {
      this.#tally.giveBack(batch);
      return;
    }
    const { logger, metrics } = this.#options;
    for (const { caseName } of answer.changes) metrics.materialChanges(caseName, 1);
    for (const { caseName, destination, kind, path, type } of answer.changes.slice(0, TOLD)) {
      logger.warn("Material change: this left the building for the first time.", { case: caseName, destination, kind, path, type });
    }
    const rest = answer.changes.length - TOLD;
    if (rest > 0) logger.warn("More material changes; `egress-proxy inventory changes` lists them.", { count: rest });
  }

  async #countOpen(): Promise<void> {
    if (!this.store.storeAnswers) return;
    const counts = await this.store.openCounts().catch(() => undefined);
    if (counts !== undefined) this.#options.metrics.unexpectedTransfersOpen(Object.values(counts).reduce((sum, count) => sum + count, 0));
  }
}
