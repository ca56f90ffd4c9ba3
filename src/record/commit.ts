import type { Kysely } from "kysely";
import type { Transfer } from "../model/transfer.js";
import type { Database } from "./database.js";
import { canonicalJson } from "./canonical.js";
import type { Entry } from "./chain.js";
import { genesis, link } from "./chain.js";
import { evened } from "./kept-statements.js";
import { incidentText } from "./outgoing/notice.js";
import { enqueue } from "./outgoing/outbox.js";
import { countRecords } from "./record-counts.js";
import { incidentId, isOpen, newIncident, newRecord, timesOf, withOccurrence } from "./projection.js";
import type { IncidentRow, RecordRow, ReplicaRow, Tables } from "./schema.js";
import { transferText } from "./transfer-text.js";

/** What one committed transfer became. */
export interface Committed {
  readonly record: string;
  /** Set where it opened its incident, or opened it again. */
  readonly incident?: { readonly id: string; readonly change: "new" | "reopened" };
}

export interface CommitResult {
  /** In the order of the transfers. */
  readonly outcomes: readonly Committed[];
  readonly head: { readonly seq: number; readonly hash: string };
}

/**
 * Appends transfers to the replica's chain and brings records and incidents along, in one transaction: all of it is synced when this
 * resolves, or none; what is to be told to `sinks` is queued with it. A transfer whose id is already in the chain is passed over, so committing twice changes nothing.
 */
export function commitTransfers(
  database: Database,
  replica: string,
  transfers: readonly Transfer[],
  now: number,
  sinks: readonly string[] = [],
): Promise<CommitResult> {
  return database.exclusively(async (db) => {
    const head = await readHead(db, replica);
    const batch = await loadBatch(db, transfers);
    const entries: Entry[] = [];
    const outcomes: Committed[] = [];
    let tip = { replica, seq: head.seq, hash: head.hash };
    for (const transfer of transfers) {
      const known = batch.recordOf.get(transfer.id);
      if (known !== undefined) {
        outcomes.push({ record: known });
        continue;
      }
      const { kind, record, incident, whole } = project(batch, transfer, replica);
      const body = whole ? transferText(transfer) : occurrenceText(transfer);
      const entry = link({ id: transfer.id, kind, at: transfer.at, record: record.id, body }, tip);
      tip = entry;
      entries.push(entry);
      batch.recordOf.set(transfer.id, record.id);
      if (incident !== undefined) {
        const text = incidentText(incident.change, record, transfer, replica);
        await enqueue(db, sinks, { id: transfer.id, replica, at: now, kind: "incident", body: text });
      }
      outcomes.push(incident === undefined ? { record: record.id } : { record: record.id, incident });
    }
    await saveBatch(db, batch, entries, (rows) => groups(rows, database));
    await saveHead(db, { ...head, seq: tip.seq, hash: tip.hash, seen_at: now });
    return { outcomes, head: { seq: tip.seq, hash: tip.hash } };
  });
}

interface Batch {
  /** By entry id: the record of entries that are already in the chain. */
  readonly recordOf: Map<string, string>;
  readonly records: Map<string, RecordRow>;
  /** As they were before, by identity. */
  readonly stored: ReadonlyMap<string, RecordRow>;
  readonly incidents: Map<string, IncidentRow>;
  readonly fresh: Set<string>;
  readonly changed: Set<string>;
}

/** The head of a replica's chain; a replica that writes for the first time starts at its genesis. */
export async function readHead(db: Kysely<Tables>, replica: string): Promise<ReplicaRow> {
  const row = await db.selectFrom("replicas").selectAll().where("replica", "=", replica).executeTakeFirst();
  return row ?? { replica, seq: 0, hash: genesis(replica), base: 0, seen_at: 0 };
}

export async function saveHead(db: Kysely<Tables>, head: ReplicaRow): Promise<void> {
  await db
    .insertInto("replicas")
    .values(head)
    .onConflict((conflict) => conflict.column("replica").doUpdateSet({ ...head }))
    .execute();
}

async function loadBatch(db: Kysely<Tables>, transfers: readonly Transfer[]): Promise<Batch> {
  if (transfers.length === 0)
    return { recordOf: new Map(), records: new Map(), stored: new Map(), incidents: new Map(), fresh: new Set(), changed: new Set() };
  const ids = transfers.map((transfer) => transfer.id);
  const entries = await db.selectFrom("entries").select(["id", "record"]).where("id", "in", evened(ids)).execute();
  const identities = [...new Set(transfers.map((transfer) => transfer.identity))];
  const records = await db.selectFrom("records").selectAll().where("identity", "in", evened(identities)).execute();
  const stored = new Map(records.map((row) => [row.identity, row]));
  const causes = [...new Set(transfers.map(incidentId).concat(records.map((row) => row.incident)))];
  const incidents = await db.selectFrom("incidents").selectAll().where("id", "in", evened(causes)).execute();
  return {
    recordOf: new Map(entries.map((row) => [row.id, row.record])),
    records: new Map(stored),
    stored,
    incidents: new Map(incidents.map((row) => [row.id, row])),
    fresh: new Set(),
    changed: new Set(),
  };
}

function project(batch: Batch, transfer: Transfer, replica: string) {
  const before = batch.records.get(transfer.identity);
  const record = before === undefined ? newRecord(transfer, replica) : withOccurrence(before, transfer);
  batch.records.set(record.identity, record);
  (before === undefined ? batch.fresh : batch.changed).add(record.identity);
  const incident = batch.incidents.get(record.incident);
  if (incident === undefined) {
    batch.incidents.set(record.incident, newIncident(record));
    return { kind: "transfer" as const, record, whole: true, incident: { id: record.incident, change: "new" as const } };
  }
  batch.incidents.set(incident.id, {
    ...incident,
    records: incident.records + (before === undefined ? 1 : 0),
    open_records: incident.open_records + (before === undefined ? 1 : 0),
    occurrences: incident.occurrences + timesOf(transfer),
    transferred: incident.transferred + record.transferred - (before?.transferred ?? 0),
    first_seen: Math.min(incident.first_seen, transfer.at),
    last_seen: Math.max(incident.last_seen, transfer.bundle?.last ?? transfer.at),
  });
  const reopened = before === undefined && incident.open_records === 0 && isOpen(record.status);
  return {
    kind: before === undefined ? ("transfer" as const) : ("occurrence" as const),
    record,
    whole: before === undefined || before.transferred !== record.transferred,
    incident: reopened ? { id: incident.id, change: "reopened" as const } : undefined,
  };
}

/** An occurrence keeps what may differ from the first; findings and structure only where it tells of the first that got through. */
function occurrenceText(transfer: Transfer): string {
  const { at, client, entry, verdict, reason, transferred, unexpected, bodyBytes, bodyHmac, policyDigest, bundle } = transfer;
  return canonicalJson({
    ...(bundle && { bundle: { ...bundle } }),
    at,
    client,
    entry,
    verdict,
    reason: reason ?? null,
    transferred,
    unexpected,
    bodyBytes,
    bodyHmac,
    policyDigest,
  });
}

async function saveBatch(
  db: Kysely<Tables>,
  batch: Batch,
  entries: readonly Entry[],
  groups: <Row>(rows: readonly Row[]) => Row[][],
): Promise<void> {
  for (const rows of groups(entries)) await db.insertInto("entries").values(rows).execute();
  if (entries.length === 0) return;
  const touched = [...batch.records.values()].filter((row) => batch.fresh.has(row.identity) || batch.changed.has(row.identity));
  for (const rows of groups(touched)) {
    await db
      .insertInto("records")
      .values(rows)
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((excluded) => ({
          occurrences: excluded.ref("excluded.occurrences"),
          first_seen: excluded.ref("excluded.first_seen"),
          last_seen: excluded.ref("excluded.last_seen"),
          unexpected: excluded.ref("excluded.unexpected"),
          transferred: excluded.ref("excluded.transferred"),
          client: excluded.ref("excluded.client"),
          entry: excluded.ref("excluded.entry"),
          verdict: excluded.ref("excluded.verdict"),
          reason: excluded.ref("excluded.reason"),
          findings: excluded.ref("excluded.findings"),
          more_findings: excluded.ref("excluded.more_findings"),
          rules: excluded.ref("excluded.rules"),
          body_bytes: excluded.ref("excluded.body_bytes"),
          body_hmac: excluded.ref("excluded.body_hmac"),
          structure: excluded.ref("excluded.structure"),
          policy_digest: excluded.ref("excluded.policy_digest"),
        })),
      )
      .execute();
  }
  await countRecords(
    db,
    touched.map((row) => ({ before: batch.stored.get(row.identity), after: row })),
  );
  const searches = new Map(touched.map((row) => [row.search_key, { key: row.search_key, text: row.search }]));
  for (const rows of groups([...searches.values()])) {
    await db
      .insertInto("searches")
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  const rules = touched.flatMap((row) =>
    row.rules === "" ? [] : row.rules.split(" ").map((rule) => ({ rule, record: row.id, last_seen: row.last_seen })),
  );
  for (const rows of groups(rules)) {
    await db
      .insertInto("record_rules")
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(["record", "rule"]).doUpdateSet((excluded) => ({ last_seen: excluded.ref("excluded.last_seen") })),
      )
      .execute();
  }
  for (const rows of groups([...batch.incidents.values()])) {
    await db
      .insertInto("incidents")
      .values(rows)
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((excluded) => ({
          records: excluded.ref("excluded.records"),
          open_records: excluded.ref("excluded.open_records"),
          occurrences: excluded.ref("excluded.occurrences"),
          transferred: excluded.ref("excluded.transferred"),
          first_seen: excluded.ref("excluded.first_seen"),
          last_seen: excluded.ref("excluded.last_seen"),
        })),
      )
      .execute();
  }
}

function groups<Row>(rows: readonly Row[], { rowsOfStatement }: Pick<Database, "rowsOfStatement">): Row[][] {
  const result: Row[][] = [];
  for (let start = 0; start < rows.length; ) {
    const end = start + rowsOfStatement(rows.length - start);
    result.push(rows.slice(start, end));
    start = end;
  }
  return result;
}
