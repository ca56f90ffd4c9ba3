import { z } from "zod";
import { CASE_NAMES } from "../model/limited-case.js";
import type { TrafficSeen } from "../model/traffic-ledger.js";

const DAY_MS = 86_400_000;

/** Distinct things between two flushes, at some 300 bytes each; what is past them is counted as overflow of its case. */
const MOST_LINES = 20_000;

/** Forms that are counted whole between two flushes; taking them apart costs some 20 microseconds each. */
const MOST_FORMS = 500;

interface Form {
  readonly place: string;
  readonly eventKind: string | undefined;
  readonly outline: readonly string[];
  count: number;
  first: number;
  last: number;
}

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
  /** Exchanges of the same form, which nearly all are: counted whole, and taken apart once a flush. */
  #forms = new Map<string, Form>();
  /** The last form of each place and kind: the next one is most often the same, and to see that costs less than to spell out its key. */
  #lastForms = new Map<string, Form>();
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
    const kind = `${place}${eventKind ?? ""}\n`;
    const last = this.#lastForms.get(kind);
    if (last !== undefined && isSame(last.outline, outline)) return countIn(last, at);
    const key = `${kind}${outline.join("\n")}`;
    const known = this.#forms.get(key);
    if (known !== undefined) {
      this.#lastForms.set(kind, known);
      return countIn(known, at);
    }
    const form = { place, eventKind, outline, count: 1, first: at, last: at };
    if (this.#forms.size >= MOST_FORMS) return this.#takeApart(form);
    this.#forms.set(key, form);
    this.#lastForms.set(kind, form);
  }

  /** All of it, and begins anew. */
  take(): TrafficBatch {
    for (const form of this.#forms.values()) this.#takeApart(form);
    this.#forms = new Map();
    this.#lastForms = new Map();
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

  #takeApart({ place, eventKind, outline, count, first, last }: Form): void {
    const add = (what: string): void => {
      const key = place + what;
      const room = this.#lines.has(key) || this.#lines.size < MOST_LINES;
      this.#merge(room ? key : `${place.slice(0, place.indexOf("\n"))}\n\noverflow\n\n\n`, count, first, last);
    };
    add("destination\n\n\n");
    // A list of kinds tells of each; names hold no line feed once they are cleaned.
    if (eventKind !== undefined) for (const kind of eventKind.split(",")) add(`event\n${clean(kind)}\n\n`);
    for (const line of outline) add(`path\n${clean(line).replaceAll("\t", "\n")}`);
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

function isSame(lines: readonly string[], others: readonly string[]): boolean {
  if (lines.length !== others.length) return false;
  for (let at = 0; at < lines.length; at += 1) if (lines[at] !== others[at]) return false;
  return true;
}

function countIn(form: Form, at: number): void {
  form.count += 1;
  form.first = Math.min(form.first, at);
  form.last = Math.max(form.last, at);
}

function clean(text: string): string {
  return text.replace(/[\n\0]|\p{Surrogate}/gu, "\uFFFD");
}
