import type { Kysely } from "kysely";
import type { Entry } from "./chain.js";
import { entryHash, genesis } from "./chain.js";
import { sha256 } from "./canonical.js";
import type { Checkpoint } from "./checkpoint.js";
import { findCheckpoints, fingerprint } from "./checkpoint.js";
import { erasedBy } from "./prune.js";
import type { ReplicaRow, Tables } from "./schema.js";
import { type ChainFault, verifyContent, verifyProjections } from "./verify-projections.js";

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
  await verifyProjections(db, faults);
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

function groupBySeq(checkpoints: readonly Checkpoint[]): Map<number, Checkpoint[]> {
  const groups = new Map<number, Checkpoint[]>();
  for (const checkpoint of checkpoints) groups.set(checkpoint.seq, [...(groups.get(checkpoint.seq) ?? []), checkpoint]);
  return groups;
}
