import type { Kysely } from "kysely";
import { z } from "zod";
import type { Entry } from "./chain.js";
import { entryHash, genesis } from "./chain.js";
import { sha256 } from "./canonical.js";
import type { Checkpoint } from "./checkpoint.js";
import { findCheckpoints, fingerprint } from "./checkpoint.js";
import { newRecord } from "./projection.js";
import { erasedBy } from "./prune.js";
import type { ReplicaRow, Tables } from "./schema.js";
import { bundleSchema, parseTransfer } from "./transfer-text.js";

/** One thing that is wrong with the record, and where. */
export interface ChainFault {
  readonly replica: string;
  /** Sequence number of the entry; undefined where the fault is in a record or a whole chain. */
  readonly seq: number | undefined;
  readonly kind: "changed" | "missing" | "reordered" | "cut-off" | "rewritten" | "erased" | "checkpoint" | "record";
  readonly what: string;
}

export interface Verification {
  readonly entries: number;
  readonly replicas: readonly {
    readonly replica: string;
    readonly entries: number;
    readonly first: number;
    readonly last: number;
    readonly checkpoints: number;
    /** Fingerprints of the keys that signed its checkpoints. */
    readonly keys: readonly string[];
  }[];
  readonly faults: readonly ChainFault[];
}

/** What is known from outside the database. */
export interface Witness {
  /** Checkpoints from the data folder, logs or another host. */
  readonly checkpoints: readonly Checkpoint[];
  /** Lines among them whose signature does not hold. */
  readonly forged: number;
}

const PAGE = 500;

/**
 * Walks every chain from its start or its signed base, and holds it against every checkpoint in the database and outside it. A writer with
 * full access to the database can make a consistent chain, but neither the checkpoints' signatures nor those that left the host.
 */
export async function verifyRecords(db: Kysely<Tables>, witness: Witness): Promise<Verification> {
  const faults: ChainFault[] = [];
  if (witness.forged > 0) {
    faults.push({
      replica: "",
      seq: undefined,
      kind: "checkpoint",
      what: `${witness.forged} of the given checkpoints have no valid signature.`,
    });
  }
  const heads = await db.selectFrom("replicas").selectAll().orderBy("replica").execute();
  const present = await db.selectFrom("entries").select("replica").distinct().execute();
  const rows = new Map(heads.map((head) => [head.replica, head]));
  for (const { replica } of [...present, ...witness.checkpoints]) {
    if (!rows.has(replica)) rows.set(replica, { replica, seq: 0, hash: genesis(replica), base: 0, seen_at: 0 });
  }
  const erased = await tombstones(db);
  const replicas: Verification["replicas"][number][] = [];
  for (const head of rows.values()) replicas.push(await verifyChain(db, head, witness, erased.get(head.replica) ?? [], faults));
  await verifyCounts(db, faults);
  await verifyIncidents(db, faults);
  return { entries: replicas.reduce((sum, { entries }) => sum + entries, 0), replicas, faults };
}

type Ranges = readonly (readonly [number, number])[];

async function tombstones(db: Kysely<Tables>): Promise<Map<string, Ranges>> {
  const all = new Map<string, [number, number][]>();
  for (const { body } of await db.selectFrom("entries").select("body").where("kind", "=", "prune").execute()) {
    if (body === null) continue;
    for (const [replica, ranges] of Object.entries(erasedBy(body))) {
      const known = all.get(replica) ?? [];
      for (const [from, to] of ranges) known.push([from, to]);
      all.set(replica, known);
    }
  }
  return all;
}

async function verifyChain(db: Kysely<Tables>, head: ReplicaRow, witness: Witness, erased: Ranges, faults: ChainFault[]) {
  const { replica } = head;
  const fault = (seq: number | undefined, kind: ChainFault["kind"], what: string) => void faults.push({ replica, seq, kind, what });
  const checkpoints = await checkpointsOf(db, replica, witness, fault);
  const wanted = groupBySeq(checkpoints);
  let last = { seq: head.base, hash: head.base === 0 ? genesis(replica) : "" };
  if (head.base > 0) {
    const base = wanted.get(head.base)?.[0];
    if (base === undefined)
      fault(head.base, "missing", `Entries up to ${head.base} are gone, and no signed checkpoint says that they were pruned.`);
    else last = { seq: base.seq, hash: base.hash };
  }
  const changed: Entry[] = [];
  let entries = 0;
  for (;;) {
    const page = await db
      .selectFrom("entries")
      .selectAll()
      .where("replica", "=", replica)
      .where("seq", ">", last.seq)
      .orderBy("seq")
      .limit(PAGE)
      .execute();
    for (const entry of page) {
      entries += 1;
      const gap = entry.seq - last.seq - 1;
      if (gap > 0) fault(last.seq + 1, "missing", gap === 1 ? "The entry is gone." : `The ${gap} entries up to ${entry.seq - 1} are gone.`);
      if (entryHash(entry) !== entry.hash) changed.push(entry);
      else if (gap === 0 && last.hash !== "" && entry.prev !== last.hash)
        fault(entry.seq, "rewritten", "It does not follow the entry before it.");
      if (entry.body === null) {
        if (!erased.some(([from, to]) => from <= entry.seq && entry.seq <= to))
          fault(entry.seq, "erased", "Its content is gone, and no tombstone says so.");
      } else if (sha256(entry.body) !== entry.digest) fault(entry.seq, "changed", `The content of entry ${entry.id} was changed.`);
      for (const checkpoint of wanted.get(entry.seq) ?? []) {
        if (checkpoint.hash !== entry.hash)
          fault(entry.seq, "rewritten", `A checkpoint of ${new Date(checkpoint.at).toISOString()} says otherwise.`);
      }
      last = { seq: entry.seq, hash: entry.hash };
    }
    await verifyContent(db, page, fault);
    if (page.length < PAGE) break;
  }
  for (const entry of changed) {
    const place = changed.find((other) => other.seq !== entry.seq && entryHash({ ...entry, seq: other.seq }) === entry.hash);
    if (place === undefined) fault(entry.seq, "changed", `Entry ${entry.id} was changed.`);
    else fault(entry.seq, "reordered", `Entry ${entry.id} belongs at ${place.seq}.`);
  }
  const promised = Math.max(head.seq, ...checkpoints.map((checkpoint) => checkpoint.seq));
  if (promised > last.seq) fault(last.seq + 1, "cut-off", `The chain ends at ${last.seq}, and once reached ${promised}.`);
  const keys = [...new Set(checkpoints.map((checkpoint) => fingerprint(checkpoint.key)))];
  return { replica, entries, first: head.base + 1, last: last.seq, checkpoints: checkpoints.length, keys };
}

/** Checkpoints whose signature holds; where an outside one shows a replica's key, the database's must be by the same. */
async function checkpointsOf(
  db: Kysely<Tables>,
  replica: string,
  witness: Witness,
  fault: (seq: number | undefined, kind: ChainFault["kind"], what: string) => void,
): Promise<readonly Checkpoint[]> {
  const outside = witness.checkpoints.filter((checkpoint) => checkpoint.replica === replica);
  const keys = new Set(outside.map((checkpoint) => checkpoint.key));
  const rows = await db.selectFrom("checkpoints").selectAll().where("replica", "=", replica).orderBy("seq").execute();
  const inside = rows.flatMap((row) => {
    const [found] = findCheckpoints(row.line).checkpoints;
    if (found === undefined || found.seq !== row.seq || found.hash !== row.hash || found.replica !== replica) {
      fault(row.seq, "checkpoint", "The checkpoint's signature does not hold.");
      return [];
    }
    if (keys.size > 0 && !keys.has(found.key)) {
      fault(row.seq, "checkpoint", `The checkpoint is signed by another key (${fingerprint(found.key)}).`);
      return [];
    }
    return [found];
  });
  return [...inside, ...outside];
}

/** A record must still tell what its entry tells. */
async function verifyContent(
  db: Kysely<Tables>,
  page: readonly Entry[],
  fault: (seq: number, kind: ChainFault["kind"], what: string) => void,
): Promise<void> {
  const firsts = page.filter((entry) => entry.kind === "transfer" && entry.body !== null && sha256(entry.body) === entry.digest);
  if (firsts.length === 0) return;
  const ids = firsts.map((entry) => entry.record);
  const rows = new Map((await db.selectFrom("records").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  for (const { seq, record, body, replica } of firsts) {
    const row = rows.get(record);
    if (row === undefined) {
      fault(seq, "record", `Record ${record} is gone.`);
      continue;
    }
    const wanted = newRecord(parseTransfer(body ?? ""), replica);
    const names = ["identity", "incident", "case_name", "destination", "host", "port", "method", "path"] as const;
    // A record that later got through tells of that occurrence.
    const judged = row.transferred === wanted.transferred ? (["verdict", "reason", "findings", "structure", "client"] as const) : [];
    const differ = [...names, ...judged].filter((name) => row[name] !== wanted[name]);
    if (differ.length > 0) fault(seq, "record", `Record ${record} was changed: ${differ.join(", ")}.`);
  }
}

/** Occurrences and status of each record against its entries. */
async function verifyCounts(db: Kysely<Tables>, faults: ChainFault[]): Promise<void> {
  const counted = await db
    .selectFrom("records")
    .leftJoin(
      (from) =>
        from
          .selectFrom("entries")
          .select(["record", (column) => column.fn.countAll<number>().as("seen")])
          .where("kind", "in", ["transfer", "occurrence"])
          .groupBy("record")
          .as("counted"),
      (join) => join.onRef("counted.record", "=", "records.id"),
    )
    .select(["records.id", "records.replica", "records.occurrences", "counted.seen"])
    .where((column) => column.or([column("counted.seen", "is", null), column("counted.seen", "!=", column.ref("records.occurrences"))]))
    .execute();
  for (const row of counted) {
    // An entry may stand for many exchanges, and says for how many.
    const bodies = await db
      .selectFrom("entries")
      .select("body")
      .where("record", "=", row.id)
      .where("kind", "in", ["transfer", "occurrence"])
      .where("body", "like", '%"bundle":%')
      .execute();
    const seen = (row.seen ?? 0) + bodies.reduce((sum, { body }) => sum + timesIn(body) - 1, 0);
    if (seen === row.occurrences) continue;
    const what = `Record ${row.id} says ${row.occurrences} occurrences, the chain ${seen}.`;
    faults.push({ replica: row.replica, seq: undefined, kind: "record", what });
  }
  const changes = await db.selectFrom("entries").select(["record", "body"]).where("kind", "=", "status").orderBy("at").execute();
  const told = new Map(changes.map((change) => [change.record, statusOf(change.body)]));
  for (const row of await db.selectFrom("records").select(["id", "replica", "status"]).where("status", "!=", "open").execute()) {
    if (!told.has(row.id)) told.set(row.id, "open");
  }
  for (const [record, status] of told) {
    const row = await db.selectFrom("records").select(["status", "replica"]).where("id", "=", record).executeTakeFirst();
    if (row === undefined || status === undefined || row.status === status) continue;
    faults.push({
      replica: row.replica,
      seq: undefined,
      kind: "record",
      what: `Record ${record} says ${row.status}, the chain ${status}.`,
    });
  }
}

/** A body that was tampered with may be anything; that is told elsewhere. */
function parsed(body: string | null): unknown {
  try {
    return body === null ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Each incident's sums against its records. */
async function verifyIncidents(db: Kysely<Tables>, faults: ChainFault[]): Promise<void> {
  const sums = await db
    .selectFrom("records")
    .select([
      "incident",
      (column) => column.fn.countAll().as("records"),
      (column) => column.fn.sum("occurrences").as("occurrences"),
      (column) => column.fn.sum("transferred").as("transferred"),
      (column) => column.fn.sum(column.case().when("status", "in", ["deleted", "dismissed"]).then(0).else(1).end()).as("open"),
    ])
    .groupBy("incident")
    .execute();
  const byId = new Map(sums.map((row) => [row.incident, [row.records, row.open, row.occurrences, row.transferred].map(Number).join(" ")]));
  const rows = await db.selectFrom("incidents").select(["id", "records", "open_records", "occurrences", "transferred"]).execute();
  const told = new Map(rows.map((row) => [row.id, [row.records, row.open_records, row.occurrences, row.transferred].join(" ")]));
  for (const id of new Set([...byId.keys(), ...told.keys()])) {
    if (byId.get(id) === told.get(id)) continue;
    const what = `Incident ${id} counts ${told.get(id) ?? "nothing"}, its records ${byId.get(id) ?? "nothing"} (records, open, occurrences, transferred).`;
    faults.push({ replica: "", seq: undefined, kind: "record", what });
  }
}

const bundledBody = z.object({ bundle: bundleSchema.exactOptional() });

function timesIn(body: string | null): number {
  const read = bundledBody.safeParse(parsed(body));
  return read.data?.bundle?.count ?? 1;
}

function statusOf(body: string | null): string | undefined {
  const read = parsed(body);
  return typeof read === "object" && read !== null && "to" in read && typeof read.to === "string" ? read.to : undefined;
}

function groupBySeq(checkpoints: readonly Checkpoint[]): Map<number, Checkpoint[]> {
  const groups = new Map<number, Checkpoint[]>();
  for (const checkpoint of checkpoints) groups.set(checkpoint.seq, [...(groups.get(checkpoint.seq) ?? []), checkpoint]);
  return groups;
}
