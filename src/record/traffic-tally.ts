import { z } from "zod";
import { CASE_NAMES } from "../model/limited-case.js";
import type { TrafficSeen } from "../model/traffic-ledger.js";

const DAY_MS = 86_400_000;

/** Distinct things between two flushes, at some 300 bytes each; what is past them is counted as overflow of its case. */
const MOST_LINES = 20_000;

const seen = z.object({ count: z.number(), first: z.number(), last: z.number() });

/** What crosses to the writing thread. Keys are joined by line feeds: case, destination, kind, path, type, length class; day, case, verdict. */
export const trafficBatch = z.object({ lines: z.map(z.string(), seen), totals: z.map(z.string(), z.number()) });

export type TrafficBatch = z.infer<typeof trafficBatch>;

export const lineKey = z.tuple([
  z.enum(CASE_NAMES),
  z.string(),
  z.enum(["path", "event", "destination", "overflow"]),
  z.string(),
  z.string(),
  z.string(),
]);
export const totalKey = z.tuple([z.coerce.number(), z.enum(CASE_NAMES), z.enum(["allow", "redact", "block"])]);

/** Adds up exchanges in memory until the writing thread takes them. */
export class TrafficTally {
  #lines: TrafficBatch["lines"] = new Map();
  #totals: TrafficBatch["totals"] = new Map();

  get empty(): boolean {
    return this.#totals.size === 0;
  }

  add({ at, caseName, destination, verdict, eventKind, outline }: TrafficSeen): void {
    const total = `${Math.floor(at / DAY_MS)}\n${caseName}\n${verdict}`;
    this.#totals.set(total, (this.#totals.get(total) ?? 0) + 1);
    if (outline === undefined) return;
    const place = `${caseName}\n${destination}\n`;
    this.#line(place, "destination\n\n\n", at);
    // A list of kinds tells of each; names hold no line feed once they are cleaned.
    if (eventKind !== undefined) for (const kind of eventKind.split(",")) this.#line(place, `event\n${clean(kind)}\n\n`, at);
    for (const line of outline) this.#line(place, `path\n${clean(line).replaceAll("\t", "\n")}`, at);
  }

  /** All of it, and begins anew. */
  take(): TrafficBatch {
    const batch = { lines: this.#lines, totals: this.#totals };
    this.#lines = new Map();
    this.#totals = new Map();
    return batch;
  }

  /** Puts back what could not be written. */
  giveBack(batch: TrafficBatch): void {
    for (const [key, { count, first, last }] of batch.lines) this.#merge(key, count, first, last);
    for (const [key, count] of batch.totals) this.#totals.set(key, (this.#totals.get(key) ?? 0) + count);
  }

  #line(place: string, what: string, at: number): void {
    const key = place + what;
    if (this.#lines.has(key) || this.#lines.size < MOST_LINES) this.#merge(key, 1, at, at);
    else this.#merge(`${place.slice(0, place.indexOf("\n"))}\n\noverflow\n\n\n`, 1, at, at);
  }

  #merge(key: string, count: number, first: number, last: number): void {
    const known = this.#lines.get(key);
    if (known === undefined) this.#lines.set(key, { count, first, last });
    else {
      known.count += count;
      known.first = Math.min(known.first, first);
      known.last = Math.max(known.last, last);
    }
  }
}

function clean(text: string): string {
  return text.replace(/[\n\0]|\p{Surrogate}/gu, "\uFFFD");
}
