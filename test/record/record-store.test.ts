import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import Sqlite from "better-sqlite3";
import { FaultsError } from "../../src/model/fault.js";
import { chainSuite } from "./chain-suite.js";
import { deskSuite } from "./desk-suite.js";
import { folder, listener, opened, transfer, until } from "./sample.js";
import { storeSuite } from "./store-suite.js";

storeSuite(async () => undefined);
chainSuite(async () => undefined);
deskSuite(async () => undefined);

test("what arrives together is committed together, and all of it is there", async (context) => {
  const dataDir = folder(context);
  // What is asked is not how fast: a machine that is busy with something else takes longer than the usual deadline.
  const store = await opened(context, { dataDir, deadlineMs: 60_000 });
  const sent = Array.from({ length: 2_000 }, () => transfer());
  const outcomes = await Promise.all(sent.map((one) => store.write(one)));
  assert.ok(outcomes.every((outcome) => outcome.durability === "stored"));
  await store.close();
  const db = new Sqlite(join(dataDir, "records.db"), { readonly: true });
  assert.deepEqual(db.prepare("select count(*) as n, max(seq) as top from entries").get(), { n: 2_000, top: 2_000 });
  db.close();
});

test("a store that is busy past the deadline: the spool takes over, is read at once, and is drained in order", async (context) => {
  const dataDir = folder(context);
  const counts: number[] = [];
  const logger = listener();
  const store = await opened(context, { dataDir, deadlineMs: 200, logger, onSpooled: (count) => counts.push(count) });
  await store.write(transfer({ identity: "old" }));
  const blocker = new Sqlite(join(dataDir, "records.db"));
  blocker.exec("begin immediate");
  const first = transfer({ identity: "new" });
  const again = transfer({ identity: "new" });
  const known = transfer({ identity: "old" });
  assert.deepEqual(await store.write(first), { durability: "spooled", record: first.id });
  assert.deepEqual(await store.write(again), { durability: "spooled", record: first.id });
  assert.equal((await store.write(known)).durability, "spooled");
  assert.equal(store.spooledCount, 3);
  assert.equal((await store.get(again.id))?.id, first.id);
  assert.equal((await store.get(known.id))?.occurrences, 2);
  assert.equal((await store.list()).items.length, 2);
  blocker.exec("commit");
  blocker.close();
  await until(() => store.storeAnswers, "the spool is drained");
  assert.equal(store.spooledCount, 0);
  assert.equal(statSync(join(dataDir, "record.spool")).size, 0);
  assert.equal((await store.get(again.id))?.occurrences, 2);
  assert.equal((await store.write(transfer())).durability, "stored");
  const db = new Sqlite(join(dataDir, "records.db"), { readonly: true });
  const order = db.prepare("select id from entries order by seq").pluck().all();
  db.close();
  assert.deepEqual(order.slice(1, 4), [first.id, again.id, known.id]);
  assert.equal(counts.at(-1), 0);
});

test("a store that is no database: records are spooled, and follow once it is mended", async (context) => {
  const dataDir = folder(context);
  writeFileSync(join(dataDir, "records.db"), "not a database at all, and longer than a hundred bytes ".repeat(20));
  const store = await opened(context, { dataDir });
  const sent = transfer();
  assert.equal((await store.write(sent)).durability, "spooled");
  truncateSync(join(dataDir, "records.db"));
  await until(() => store.storeAnswers, "the spool is drained");
  assert.equal((await store.get(sent.id))?.spooled, false);
});

test("a spool that a killed process left is drained, its torn tail set aside, its damage stepped over", async (context) => {
  const dataDir = folder(context);
  writeFileSync(join(dataDir, "records.db"), "no database ".repeat(50));
  const before = await opened(context, { dataDir });
  const sent = [transfer(), transfer(), transfer()];
  for (const one of sent) assert.equal((await before.write(one)).durability, "spooled");
  await before.close();
  const file = join(dataDir, "record.spool");
  const bytes = readFileSync(file);
  const second = bytes.indexOf(sent[1]?.id ?? "");
  bytes[second] = (bytes[second] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  appendFileSync(file, bytes.subarray(0, 300));
  truncateSync(join(dataDir, "records.db"));
  const logger = listener();
  const store = await opened(context, { dataDir, logger });
  await until(() => store.storeAnswers, "the spool is drained");
  const ids = (await store.list()).items.map((item) => item.id);
  assert.deepEqual(new Set(ids), new Set([sent[0]?.id, sent[2]?.id]));
  const told = logger.said.find((line) => line.fields["aside"] !== undefined);
  assert.equal(told?.fields["damagedRanges"], 1);
  assert.equal(told?.fields["tornBytes"], 300);
  assert.match(readFileSync(String(told?.fields["aside"]), "utf8"), /api\.segment\.io/);
});

test("a second process on the same folder is told so", async (context) => {
  const dataDir = folder(context);
  await opened(context, { dataDir });
  await assert.rejects(opened(context, { dataDir }), (error) => error instanceof FaultsError && /Another egress-proxy/.test(error.message));
});

test("a closed store fails closed", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  await store.close();
  assert.equal((await store.write(transfer())).durability, "failed");
});

test("a data folder that can't be one says how to mend it", async (context) => {
  const file = join(folder(context), "file");
  writeFileSync(file, "");
  await assert.rejects(opened(context, { dataDir: join(file, "data") }), /Give the proxy's user this folder/);
  await assert.rejects(opened(context, { dataDir: folder(context), url: "mysql://x" }), /Write postgres:/);
});
