import assert from "node:assert/strict";
import { test } from "node:test";
import { keepWithin } from "../../src/record/housekeeping.js";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { finding, folder, listener, opened, transfer } from "./sample.js";

/** Floods, bounds and imports, whatever database is under it. */
export function floodSuite(url: () => Promise<string | undefined>): void {
  test("past a client's quota distinct refusals are one record that counts them, each answered with its id; other clients are not touched", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url(), distinctPerClient: 3 });
    const at = 1_800_000_000_000;
    const first = transfer({ at });
    await store.write(first);
    for (let n = 0; n < 2; n += 1) await store.write(transfer({ at }));
    const flood = Array.from({ length: 400 }, (_, n) => transfer({ at: at + n, findings: [finding, { ...finding, rule: "pii/phone" }] }));
    const outcomes = await Promise.all(
      [...flood, transfer({ at, client: "10.0.0.8" }), { ...first, id: "again" }].map((one) => store.write(one)),
    );
    const ids = new Set(outcomes.slice(0, 400).map((outcome) => outcome.record));
    assert.equal(ids.size, 1, "one overflow record");
    assert.ok(outcomes.every((outcome) => outcome.durability === "stored"));
    assert.equal(outcomes.at(-1)?.record, first.id, "a repetition of a known one stays an occurrence");
    await store.write(transfer({ at: at + 500 }));
    const overflow = await store.get([...ids][0] ?? "");
    assert.deepEqual([overflow?.destination, overflow?.occurrences, overflow?.rules], ["(overflow)", 401, ["pii/email", "pii/phone"]]);
    assert.equal(overflow?.lastSeen, new Date(at + 500).toISOString());
    const history = await store.history(overflow?.id ?? "");
    assert.equal(history.length, 2, "400 refusals are one entry");
    assert.equal((await store.list()).items.length, 5);
    assert.deepEqual((await store.verify()).faults, []);
    const leaked = transfer({ at, verdict: "allow", reason: undefined, transferred: true });
    assert.equal((await store.write(leaked)).record, leaked.id, "what got through is never bundled");
  });

  test("past a client's quota repetitions are entries of their own record that count them, each answered with its id", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url(), distinctPerClient: 6 });
    const at = 1_800_000_000_000;
    const known = Array.from({ length: 6 }, (_, n) => transfer({ at, identity: `known ${n}` }));
    for (const one of known) await store.write(one);
    const again = (n: number, ofRecord: number) => transfer({ at: at + n, identity: `known ${ofRecord}`, client: known[0]?.client ?? "" });
    for (let n = 0; n < 6; n += 1) await store.write(again(n, 0));
    const outcomes = await Promise.all(Array.from({ length: 400 }, (_, n) => store.write(again(100 + n, 0))));
    assert.ok(outcomes.every(({ durability, record }) => durability === "stored" && record === known[0]?.id));
    const record = await store.get(known[0]?.id ?? "");
    assert.deepEqual([record?.occurrences, record?.lastSeen], [407, new Date(at + 499).toISOString()]);
    assert.equal((await store.history(known[0]?.id ?? "")).length, 8, "the first, six more, and 400 as one");
    // By turns: four of them are gathered for themselves, the rest together.
    const mixed = await Promise.all(Array.from({ length: 300 }, (_, n) => store.write(again(600 + n, n % 6))));
    assert.ok(mixed.every(({ durability }) => durability === "stored"));
    const records = (await store.list()).items;
    assert.equal(
      records.reduce((sum, { occurrences }) => sum + occurrences, 0),
      6 + 6 + 400 + 300,
    );
    assert.equal(records.find(({ destination }) => destination === "(overflow)")?.occurrences, 100);
    assert.deepEqual((await store.verify()).faults, []);
    // Somebody else's repetitions are its own.
    const other = transfer({ at: at + 1_000, identity: "known 0", client: "10.0.0.8" });
    assert.equal((await store.write(other)).record, known[0]?.id);
  });

  test("an export brought into another store keeps counts, times and states, and a second time changes nothing", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    const one = transfer({ at: 1_000, identity: "same" });
    await store.write(one);
    await store.write(transfer({ at: 9_000, identity: "same" }));
    await store.write(transfer({ at: 2_000 }));
    for (const status of ["confirmed", "reported"] as const) await store.setStatus(one.id, { status, by: "kim", why: "x", at: 9_500 });
    const lines: string[] = [];
    for await (const record of store.exportAll()) lines.push(JSON.stringify(record));
    const target = folder(context);
    const at = await url();
    const archive = await openRecordArchive(target, at);
    const by = { by: "kim", at: 10_000 };
    assert.deepEqual(await archive.importRecords(lines.join("\n"), by), { imported: 2, present: 0 });
    assert.deepEqual(await archive.importRecords(`[${lines.join(",")}]`, by), { imported: 0, present: 2 });
    await assert.rejects(archive.importRecords("{}", by), /no export of records/);
    await archive.close();
    const copy = await openRecordArchive(target, at);
    context.after(() => copy.close());
    const view = await copy.reader.get(one.id);
    assert.deepEqual(
      [view?.occurrences, view?.status, view?.firstSeen, view?.lastSeen],
      [2, "reported", "1970-01-01T00:00:01.000Z", "1970-01-01T00:00:09.000Z"],
    );
    assert.deepEqual((await copy.verify("")).faults, []);
  });

  test("records past their number or their days are pruned, but for what reached the vendor", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    const day = 86_400_000;
    for (let n = 0; n < 10; n += 1)
      await store.write(transfer({ at: n * day, ...(n === 0 && { verdict: "allow", reason: undefined, transferred: true }) }));
    await keepWithin(store, { days: 0, records: 6 }, 10 * day, listener());
    assert.deepEqual(
      (await store.list()).items.map((item) => Date.parse(item.lastSeen) / day),
      [9, 8, 7, 6, 5, 4, 3, 0],
    );
    await keepWithin(store, { days: 3, records: 0 }, 10 * day, listener());
    assert.deepEqual(
      (await store.list()).items.map((item) => Date.parse(item.lastSeen) / day),
      [9, 8, 7, 0],
    );
    assert.deepEqual((await store.verify()).faults, []);
  });
}
