import type { CaseName } from "../model/limited-case.js";
import type { Clock } from "../model/ports.js";
import type { DeskRecord, RecordDesk, TransferStatus } from "../model/record-desk.js";
import { TRANSFER_STATUSES } from "../model/record-desk.js";

/** What the overview shows. */
export interface Summary {
  readonly byCase: ReadonlyMap<CaseName, Readonly<Record<TransferStatus, number>>>;
  /** Most frequent first. */
  readonly rules: readonly (readonly [rule: string, count: number])[];
  /** Open records by age, youngest first. */
  readonly openAges: readonly (readonly [age: string, count: number])[];
  /** The last 14 days, oldest first: records first seen on each, by case. */
  readonly days: readonly { readonly day: string; readonly counts: ReadonlyMap<CaseName, number> }[];
  readonly reached: number;
  readonly records: number;
  /** False where there are more records than were counted. */
  readonly whole: boolean;
  /** When it was counted, milliseconds since the epoch. */
  readonly at: number;
}

/** Records that one summary counts, the newest first: enough for a desk, and bounded in time. */
const COUNTED = 5_000;
const FRESH_MS = 10_000;
const DAY_MS = 86_400_000;
const DAYS = 14;

const AGES: readonly (readonly [string, number])[] = [
  ["under a day", DAY_MS],
  ["1 to 7 days", 7 * DAY_MS],
  ["7 to 30 days", 30 * DAY_MS],
  ["over 30 days", Number.POSITIVE_INFINITY],
];

/** Counts records for the overview, at most once in ten seconds however many look at it. */
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
    const summary = summarise(this.#desk, now);
    this.#kept = { until: now + FRESH_MS, summary };
    summary.catch(() => (this.#kept = undefined));
    return summary;
  }

  /** After a change, so that whoever made it sees it. */
  forget(): void {
    this.#kept = undefined;
  }
}

async function summarise(desk: RecordDesk, now: number): Promise<Summary> {
  const byCase = new Map<CaseName, Record<TransferStatus, number>>();
  const rules = new Map<string, number>();
  const openAges = AGES.map(([name]) => [name, 0] as [string, number]);
  const days = Array.from({ length: DAYS }, (_, index) => ({
    day: new Date(now - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
    counts: new Map<CaseName, number>(),
  }));
  let [records, reached] = [0, 0];
  let whole = true;
  for await (const record of desk.exportAll({})) {
    if (records === COUNTED) {
      whole = false;
      break;
    }
    records += 1;
    if (record.transferred) reached += 1;
    const counts = byCase.get(record.case) ?? emptyCounts();
    byCase.set(record.case, counts);
    counts[record.status] += 1;
    for (const rule of record.rules) rules.set(rule, (rules.get(rule) ?? 0) + 1);
    const age = record.status === "open" ? openAges[ageIndex(record, now)] : undefined;
    if (age !== undefined) age[1] += 1;
    const day = days.find((candidate) => record.firstSeen.startsWith(candidate.day));
    day?.counts.set(record.case, (day.counts.get(record.case) ?? 0) + 1);
  }
  const top = [...rules].sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0])).slice(0, 8);
  return { byCase, rules: top, openAges, days, reached, records, whole, at: now };
}

function emptyCounts(): Record<TransferStatus, number> {
  return { open: 0, confirmed: 0, reported: 0, deleted: 0, dismissed: 0 };
}

function ageIndex(record: DeskRecord, now: number): number {
  const age = now - Date.parse(record.firstSeen);
  return AGES.findIndex(([, most]) => age < most);
}

export function total(counts: Readonly<Record<TransferStatus, number>>): number {
  return TRANSFER_STATUSES.reduce((sum, status) => sum + counts[status], 0);
}
