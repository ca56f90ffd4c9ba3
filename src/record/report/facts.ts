import type { Kysely } from "kysely";
import { z } from "zod";
import type { InventoryItem } from "../../model/console-ports.js";
import { CASE_NAMES, type CaseName } from "../../model/limited-case.js";
import { type DeskIncident, type DeskRecord, TRANSFER_STATUSES, type TransferStatus } from "../../model/record-desk.js";
import { InventoryReader } from "../inventory-reader.js";
import type { RecordReader } from "../record-reader.js";
import { incidentView } from "../record-view.js";
import type { Tables } from "../schema.js";
import type { Verification } from "../verify.js";

const DAY_MS = 86_400_000;

/** Transfers that one report lists; it says how many more there are, and `records export` gives all. */
const LISTED = 10_000;

/** Milliseconds since the epoch; `until` is not part of it. */
export interface Period {
  readonly since: number;
  readonly until: number;
}

interface Incident extends DeskIncident {
  /** Its transfers of the period, by status. */
  readonly statuses: Readonly<Record<TransferStatus, number>>;
}

/** How the vendor confirmed a deletion, as whoever closed the record wrote it down. */
export interface Confirmation {
  readonly record: string;
  readonly at: string;
  readonly by: string;
  readonly why: string;
  /** The vendor's own words, where they were kept. */
  readonly answer: string | null;
}

/** What an auditor asks of a period. Holds no value that a rule caught: the record has none. */
export interface ReportFacts {
  readonly period: Period;
  readonly madeAt: number;
  /** Exchanges judged, by case; whole days (UTC) that the period touches. */
  readonly totals: readonly { readonly case: CaseName; readonly allow: number; readonly redact: number; readonly block: number }[];
  /** Transfers whose last occurrence lies in the period. */
  readonly transfers: number;
  readonly occurrences: number;
  readonly statuses: Readonly<Record<TransferStatus, number>>;
  /** Those that reached the vendor, by status. */
  readonly reached: Readonly<Record<TransferStatus, number>>;
  readonly incidents: readonly Incident[];
  readonly records: readonly DeskRecord[];
  readonly moreRecords: number;
  /** What closed those that are deleted, the newest first. */
  readonly confirmations: readonly Confirmation[];
  readonly inventory: readonly InventoryItem[];
  /** Of the inventory, what was first seen in the period. */
  readonly changes: readonly InventoryItem[];
  /** Which policy was in force where from when on; the first of a replica may be older than the period. */
  readonly policies: readonly { readonly replica: string; readonly from: string; readonly digest: string }[];
  readonly verification: Verification;
}

/** Gathers a report. Rejects where the store is away. */
export async function gatherFacts(
  { db, reader, verify }: { readonly db: Kysely<Tables>; readonly reader: RecordReader; readonly verify: () => Promise<Verification> },
  period: Period,
  madeAt: number,
): Promise<ReportFacts> {
  const records: DeskRecord[] = [];
  const statuses = noStatuses();
  const reached = noStatuses();
  const byIncident = new Map<string, Record<TransferStatus, number>>();
  let [transfers, occurrences] = [0, 0];
  for await (const record of reader.exportAll({ since: period.since, until: period.until })) {
    if (!record.unexpected) continue;
    transfers += 1;
    occurrences += record.occurrences;
    statuses[record.status] += 1;
    if (record.transferred) reached[record.status] += 1;
    const ofIncident = byIncident.get(record.incident) ?? noStatuses();
    ofIncident[record.status] += 1;
    byIncident.set(record.incident, ofIncident);
    if (records.length < LISTED) records.push(record);
  }
  const inventory = await new InventoryReader(db).all();
  const changes = inventory.filter((item) => within(Date.parse(item.firstSeen), period));
  return {
    period,
    madeAt,
    totals: await totalsOf(db, period),
    transfers,
    occurrences,
    statuses,
    reached,
    incidents: await incidentsOf(db, byIncident),
    records,
    moreRecords: transfers - records.length,
    confirmations: await confirmationsOf(db, period),
    inventory,
    changes,
    policies: await policiesOf(db, period),
    verification: await verify(),
  };
}

function within(time: number, { since, until }: Period): boolean {
  return time >= since && time < until;
}

function noStatuses(): Record<TransferStatus, number> {
  return { open: 0, confirmed: 0, reported: 0, deleted: 0, dismissed: 0 };
}

const closing = z.object({ to: z.literal("deleted"), by: z.string(), why: z.string(), confirmation: z.string().optional() });

async function confirmationsOf(db: Kysely<Tables>, { since, until }: Period): Promise<readonly Confirmation[]> {
  const rows = await db
    .selectFrom("records")
    .innerJoin("entries", "entries.record", "records.id")
    .select(["records.id", "entries.at", "entries.body"])
    .where("records.status", "=", "deleted")
    .where("records.last_seen", ">=", since)
    .where("records.last_seen", "<", until)
    .where("entries.kind", "=", "status")
    .orderBy("entries.at", "desc")
    .limit(LISTED)
    .execute();
  return rows.flatMap(({ id, at, body }) => {
    const read = closing.safeParse(body === null ? undefined : JSON.parse(body)).data;
    if (read === undefined) return [];
    return [{ record: id, at: new Date(at).toISOString(), by: read.by, why: read.why, answer: read.confirmation ?? null }];
  });
}

async function totalsOf(db: Kysely<Tables>, { since, until }: Period): Promise<ReportFacts["totals"]> {
  const rows = await db
    .selectFrom("totals")
    .select(["case_name", "verdict", (column) => column.fn.sum("count").as("sum")])
    .where("day", ">=", Math.floor(since / DAY_MS))
    .where("day", "<=", Math.floor((until - 1) / DAY_MS))
    .groupBy(["case_name", "verdict"])
    .execute();
  return CASE_NAMES.map((name) => {
    const count = (verdict: string): number => Number(rows.find((row) => row.case_name === name && row.verdict === verdict)?.sum ?? 0);
    return { case: name, allow: count("allow"), redact: count("redact"), block: count("block") };
  });
}

async function incidentsOf(
  db: Kysely<Tables>,
  byIncident: ReadonlyMap<string, Record<TransferStatus, number>>,
): Promise<readonly Incident[]> {
  const ids = [...byIncident.keys()];
  const found: Incident[] = [];
  for (let start = 0; start < ids.length; start += 500) {
    const rows = await db
      .selectFrom("incidents")
      .selectAll()
      .where("id", "in", ids.slice(start, start + 500))
      .execute();
    for (const row of rows) found.push({ ...incidentView(row), statuses: byIncident.get(row.id) ?? noStatuses() });
  }
  return found.sort((one, other) => other.occurrences - one.occurrences || (one.id < other.id ? -1 : 1));
}

async function policiesOf(db: Kysely<Tables>, { since, until }: Period): Promise<ReportFacts["policies"]> {
  const rows = await db.selectFrom("policies").selectAll().where("at", "<", until).orderBy("replica").orderBy("at").execute();
  // Of what was before the period, only what was still in force when it began; a restart with the same policy is no change.
  const inForce = rows.filter((row, index) => {
    const next = rows[index + 1];
    return row.at >= since || next === undefined || next.replica !== row.replica || next.at >= since;
  });
  return inForce
    .filter((row, index) => {
      const before = inForce[index - 1];
      return before === undefined || before.replica !== row.replica || before.digest !== row.digest;
    })
    .map((row) => ({ replica: row.replica, from: new Date(row.at).toISOString(), digest: row.digest }));
}

/** `open 3, dismissed 1`; the ones that are none are left out. */
export function statusText(statuses: Readonly<Record<TransferStatus, number>>): string {
  const named = TRANSFER_STATUSES.filter((status) => statuses[status] > 0).map((status) => `${status} ${statuses[status]}`);
  return named.length === 0 ? "none" : named.join(", ");
}
