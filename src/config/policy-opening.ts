import type { Fault } from "../model/fault.js";
import { readText } from "./tree-reader.js";
import type { FaultSink, Members } from "./tree-reader.js";
import type { Tree } from "./yaml-tree.js";

/** Who let what out, why, and until when (invariant 11). */
export interface OpeningTerms {
  readonly until: Date;
  readonly reason: string;
  readonly author: string;
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 30;

/**
 * Reads `until`, `reason` and `author` of an opening. All three are needed, and `until` may be 30 days ahead at most; one in the past is a
 * warning and not a fault, since openings close by themselves and must not keep the proxy from starting.
 */
export function readOpeningTerms(
  members: Members,
  owner: Tree,
  what: string,
  now: number,
  faults: FaultSink,
  warnings: Fault[],
): OpeningTerms | undefined {
  const missing = ["until", "reason", "author"].filter((key) => !members.has(key));
  if (missing.length > 0) {
    faults.push({
      where: owner.where,
      what: `${what} lets findings out and lacks ${missing.join(", ")}.`,
      mend: `Add ${missing.join(", ")}: openings are dated (${MOST_DAYS} days at most), reasoned and signed.`,
    });
  }
  const untilTree = members.get("until")?.value;
  const until = untilTree === undefined ? undefined : readUntil(untilTree, what, now, faults, warnings);
  const reasonTree = members.get("reason")?.value;
  const reason = reasonTree === undefined ? undefined : readText(reasonTree, `${what}: reason`, faults);
  const authorTree = members.get("author")?.value;
  const author = authorTree === undefined ? undefined : readText(authorTree, `${what}: author`, faults);
  return until === undefined || reason === undefined || author === undefined ? undefined : { until, reason, author };
}

function readUntil(tree: Tree, what: string, now: number, faults: FaultSink, warnings: Fault[]): Date | undefined {
  const until = tree.kind === "scalar" && typeof tree.value === "string" ? readDate(tree.value) : undefined;
  if (until === undefined) {
    faults.push({
      where: tree.where,
      what: `${what}: until is no date.`,
      mend: "Write 2026-12-31 (its first moment, UTC) or 2026-12-31T17:00:00Z.",
    });
    return undefined;
  }
  const latest = now + MOST_DAYS * DAY_MS;
  if (until.getTime() > latest) {
    const last = new Date(latest).toISOString().slice(0, 10);
    faults.push({
      where: tree.where,
      what: `${what}: until is over ${MOST_DAYS} days ahead.`,
      mend: `Write ${last} or earlier, and renew it when it is still needed.`,
    });
    return undefined;
  }
  if (until.getTime() <= now) {
    warnings.push({ where: tree.where, what: `${what}: its opening ended, so it is enforced again.`, mend: "Remove it, or date it anew." });
  }
  return until;
}

/** ISO 8601 date, or date and time in UTC; a day that no calendar has (2026-02-30) is none. */
export function readDate(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z)?$/.test(text)) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text.slice(0, 10) ? undefined : date;
}
