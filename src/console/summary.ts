import type { CaseName } from "../model/limited-case.js";
import type { Clock } from "../model/ports.js";
import type { DeskCounts, DeskRecord, RecordDesk, TransferStatus } from "../model/record-desk.js";
import { TRANSFER_STATUSES } from "../model/record-desk.js";

/** What the overview shows; exact, over every record of the store. */
export interface Summary {
  readonly byCase: ReadonlyMap<CaseName, Readonly<Record<TransferStatus, number>>>;
  /** Most frequent first. */
  readonly rules: readonly (readonly [rule: string, count: number])[];
  /** Open records by the days since they were first seen (UTC), youngest first. */
  readonly openAges: readonly (readonly [age: string, count: number])[];
  /** The last 14 days, oldest first: records first seen on each, by case. */
  readonly days: readonly { readonly day: string; readonly counts: ReadonlyMap<CaseName, number> }[];
  readonly reached: number;
  /** Of those, what is neither deleted there nor dismissed. */
  readonly reachedOpen: number;
  readonly records: number;
  /** Records that wait for the vendor's answer, and those of them that are past their date. */
  readonly due: number;
  readonly overdue: number;
  /** The first of them to fall due. */
  readonly waiting: readonly DeskRecord[];
  /** When it was counted, milliseconds since the epoch. */
  readonly at: number;
}

const FRESH_MS = 10_000;
const DAY_MS = 86_400_000;
const DAYS = 14;

/** Days since the first sight, below which a record is of that age. */
const AGES: readonly (readonly [string, number])[] = [
  ["today", 1],
  ["1 to 6 days", 7],
  ["7 to 29 days", 30],
  ["30 days and more", Number.POSITIVE_INFINITY],
];

/** Reads the counts for the overview, at most once in ten seconds however many look at it. */
export class Summaries {
  readonly #desk: RecordDesk;
  readonly #clock: Clock;
  #kept: { readonly until: number; readonly summary: Promise<Summary> } | undefined;

  constructor(desk: RecordDesk, clock: Clock) {
    this.#desk = desk;
    this.#clock = clock;
  }

  current(): Promise<Summary> {
    const now = this.#clock.now();
    if (this.#kept !== undefined && this.#kept.until > now) return this.#kept.summary;
    const summary = this.#desk.counts(now).then((counts) => summarise(counts, now));
    this.#kept = { until: now + FRESH_MS, summary };
    summary.catch(() => (this.#kept = undefined));
    return summary;
  }

  /** After a change, so that whoever made it sees it. */
  forget(): void {
    this.#kept = undefined;
  }
}

function summarise({ records: rows, rules, due, overdue, waiting }: DeskCounts, now: number): Summary {
  const today = Math.floor(now / DAY_MS);
  const byCase = new Map<CaseName, Record<TransferStatus, number>>();
  const openAges = AGES.map(([name]) => [name, 0] as [string, number]);
  const days = Array.from({ length: DAYS }, (_, index) => ({
    day: new Date((today - (DAYS - 1 - index)) * DAY_MS).toISOString().slice(0, 10),
    counts: new Map<CaseName, number>(),
  }));
  let [records, reached, reachedOpen] = [0, 0, 0];
  for (const { day, case: caseName, status, transferred, count } of rows) {
    records += count;
    if (transferred) reached += count;
    if (transferred && status !== "deleted" && status !== "dismissed") reachedOpen += count;
    const counts = byCase.get(caseName) ?? emptyCounts();
    byCase.set(caseName, counts);
    counts[status] += count;
    const age = status === "open" ? openAges[AGES.findIndex(([, most]) => today - day < most)] : undefined;
    if (age !== undefined) age[1] += count;
    const ofDay = days[day - (today - (DAYS - 1))]?.counts;
    ofDay?.set(caseName, (ofDay.get(caseName) ?? 0) + count);
  }
  return { byCase, rules, openAges, days, reached, reachedOpen, records, due, overdue, waiting, at: now };
}

function emptyCounts(): Record<TransferStatus, number> {
  return { open: 0, confirmed: 0, reported: 0, deleted: 0, dismissed: 0 };
}

export function total(counts: Readonly<Record<TransferStatus, number>>): number {
  return TRANSFER_STATUSES.reduce((sum, status) => sum + counts[status], 0);
}
