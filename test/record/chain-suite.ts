import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { canonicalJson, sha256 } from "../../src/record/canonical.js";
import { entryHash, genesis } from "../../src/record/chain.js";
import type { Database } from "../../src/record/database.js";
import { openDatabase } from "../../src/record/database.js";
import { locate } from "../../src/record/record-location.js";
import type { RecordStore } from "../../src/record/record-store.js";
import { folder, listener, opened, transfer } from "./sample.js";

interface Case {
  readonly store: RecordStore;
  readonly db: Database["db"];
  readonly offHost: string;
}

/** On a machine that is busy elsewhere too every write is to reach the store itself, not the spool, which is drained later. */
const PATIENT_MS = 60_000;

/** What `verify` finds, whatever database is under it. */
export function chainSuite(url: () => Promise<string | undefined>): void {
  async function twelve(context: TestContext): Promise<Case> {
    const dataDir = folder(context);
    const at = await url();
    const logger = listener();
    const first = await opened(context, { dataDir, url: at, logger, deadlineMs: PATIENT_MS });
    for (let n = 0; n < 6; n += 1) await first.write(transfer({ identity: n % 2 === 0 ? `id-${n}` : `odd-${n}` }));
    await first.write(transfer({ identity: "id-0" }));
    await first.close();
    const store = await opened(context, { dataDir, url: at, logger, deadlineMs: PATIENT_MS });
    for (let n = 0; n < 5; n += 1) await store.write(transfer());
    const database = openDatabase(locate(dataDir, at), { write: true, timeoutMs: 1_000 });
    context.after(() => database.close());
    const offHost = logger.said.map((line) => JSON.stringify(line)).join("\n");
    return { store, db: database.db, offHost };
  }

  async function found({ store, offHost }: Case, outside = true): Promise<string[]> {
    const { faults } = await store.verify(outside ? offHost : "");
    return faults.map((fault) => `${fault.kind}@${fault.seq ?? "-"}`);
  }

  test("an untouched chain is whole, with twelve entries", async (context) => {
    const one = await twelve(context);
    const result = await one.store.verify(one.offHost);
    assert.deepEqual(result.faults, []);
    assert.equal(result.entries, 12);
    assert.equal(result.replicas[0]?.checkpoints, 3);
  });

  test("a changed entry is named", async (context) => {
    const one = await twelve(context);
    await sql`update entries set body = replace(body, 'segment', 'nothing') where seq = 3`.execute(one.db);
    assert.deepEqual(await found(one), ["changed@3"]);
  });

  test("a changed column of an entry is named", async (context) => {
    const one = await twelve(context);
    await one.db.updateTable("entries").set({ at: 1 }).where("seq", "=", 5).execute();
    assert.deepEqual(await found(one), ["changed@5"]);
  });

  test("a missing entry is named", async (context) => {
    const one = await twelve(context);
    await one.db.deleteFrom("entries").where("seq", "=", 7).execute();
    assert.ok((await found(one)).includes("missing@7"));
  });

  test("reordered entries are named, with the place where they belong", async (context) => {
    const one = await twelve(context);
    for (const [from, to] of [
      [4, 400],
      [5, 4],
      [400, 5],
    ] as const) {
      await one.db.updateTable("entries").set({ seq: to }).where("seq", "=", from).execute();
    }
    const faults = await found(one);
    assert.ok(faults.includes("reordered@4") && faults.includes("reordered@5"), faults.join());
  });

  test("a tail that was cut off is found by the head that the database keeps", async (context) => {
    const one = await twelve(context);
    await one.db.deleteFrom("entries").where("seq", ">", 9).execute();
    assert.ok((await found(one)).includes("cut-off@10"));
  });

  test("an attacker who cuts the tail, the head and the checkpoints is found by one that left the host", async (context) => {
    const one = await twelve(context);
    await one.db.deleteFrom("entries").where("seq", ">", 5).execute();
    const hash = (await one.db.selectFrom("entries").select("hash").where("seq", "=", 5).executeTakeFirst())?.hash ?? "";
    await one.db.updateTable("replicas").set({ seq: 5, hash }).execute();
    await one.db.deleteFrom("checkpoints").execute();
    assert.ok((await found(one)).includes("cut-off@6"));
  });

  test("an attacker who recomputes every hash is found by a checkpoint", async (context) => {
    const one = await twelve(context);
    const entries = await one.db.selectFrom("entries").selectAll().orderBy("seq").execute();
    let prev = genesis(entries[0]?.replica ?? "");
    for (const entry of entries) {
      const body = entry.seq === 2 ? (entry.body ?? "").replace("10.0.0.7", "10.0.0.8") : entry.body;
      const forged = { ...entry, prev, body, digest: sha256(body ?? "") };
      prev = entryHash(forged);
      await one.db
        .updateTable("entries")
        .set({ ...forged, hash: prev })
        .where("seq", "=", entry.seq)
        .execute();
    }
    await one.db.updateTable("replicas").set({ hash: prev }).execute();
    assert.ok((await found(one)).includes("rewritten@7"));
    await one.db.deleteFrom("checkpoints").execute();
    assert.ok((await found(one)).includes("rewritten@7"));
  });

  test("a forged checkpoint is named", async (context) => {
    const one = await twelve(context);
    await sql`update checkpoints set line = replace(line, '.7.', '.6.'), seq = 6`.execute(one.db);
    assert.ok((await found(one)).includes("checkpoint@6"));
  });

  test("a record that no longer tells what its entry tells is named", async (context) => {
    const one = await twelve(context);
    await one.db.updateTable("records").set({ findings: "[]" }).where("identity", "=", "odd-1").execute();
    await one.db.updateTable("records").set({ occurrences: 9 }).where("identity", "=", "id-0").execute();
    await one.db.updateTable("records").set({ status: "dismissed" }).where("identity", "=", "odd-3").execute();
    await one.db.deleteFrom("records").where("identity", "=", "odd-5").execute();
    assert.deepEqual((await found(one)).sort(), [
      // The status: the record, its incident, and both counts that it moved between; then the occurrences of another.
      ...Array.from({ length: 5 }, () => "record@-"),
      "record@2",
      "record@6",
    ]);
  });

  test("counts of the overview that are not the records' are named", async (context) => {
    const one = await twelve(context);
    await one.db.updateTable("record_counts").set({ count: 3 }).execute();
    const { faults } = await one.store.verify(one.offHost);
    assert.match(faults.map((fault) => fault.what).join(), /^The counts say 3 of "\d+ event-collection open 0 1", the records 11 /);
  });

  test("an incident whose sums are not its records' is named", async (context) => {
    const one = await twelve(context);
    await one.db.updateTable("incidents").set({ open_records: 0 }).execute();
    const { faults } = await one.store.verify(one.offHost);
    assert.match(faults.map((fault) => fault.what).join(), /^Incident inc-[0-9a-f]{24} counts 11 0 12 0, its records 11 11 12 0/);
  });

  test("pruning erases old records, leaves the chain whole, and keeps what reached the vendor", async (context) => {
    const dataDir = folder(context);
    const at = await url();
    const store = await opened(context, { dataDir, url: at });
    const old = transfer({ at: 1_000, identity: "old" });
    const leaked = transfer({ at: 1_001, transferred: true, verdict: "allow", reason: undefined });
    const later = transfer({ at: 1_002 });
    for (const one of [old, leaked, later, transfer({ at: 9_000 }), transfer({ at: 1_003, identity: "old" })]) await store.write(one);
    assert.deepEqual(await store.prune(5_000), { records: 2, entries: 3, kept: 1 });
    assert.equal(await store.get(old.id), undefined);
    assert.ok(await store.get(leaked.id));
    const result = await store.verify();
    assert.deepEqual(result.faults, []);
    assert.equal(result.replicas[0]?.first, 2);
    assert.equal(result.entries, 5);
    await store.setStatus(leaked.id, { status: "dismissed", by: "kim", why: "A test.", at: 2_000 });
    assert.deepEqual(await store.prune(10_000), { records: 2, entries: 3, kept: 0 });
    assert.deepEqual((await store.verify()).faults, []);
    await store.write(transfer());
    assert.deepEqual((await store.verify()).faults, []);
    assert.equal((await store.list()).items.length, 1);
    assert.equal((await store.incidents()).items.length, 1);
  });

  test("content that is gone without a tombstone is named", async (context) => {
    const one = await twelve(context);
    await one.db.updateTable("entries").set({ body: null }).where("seq", "=", 3).execute();
    assert.deepEqual(await found(one), ["erased@3"]);
  });

  test("canonical JSON has one spelling", () => {
    assert.equal(canonicalJson({ b: [1, null, "é\n"], a: { z: true, y: undefined } }), '{"a":{"z":true},"b":[1,null,"é\\n"]}');
    assert.throws(() => canonicalJson(Number.NaN), TypeError);
  });
}
