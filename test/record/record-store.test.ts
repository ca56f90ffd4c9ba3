import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import Sqlite from "better-sqlite3";
import { FaultsError } from "../../src/model/fault.js";
import { finding, folder, listener, opened, transfer, until } from "./sample.js";

test("a written transfer is listed with all that the analyst needs", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  const sent = transfer();
  assert.deepEqual(await store.write(sent), { durability: "stored", record: sent.id });
  const page = await store.list();
  assert.equal(page.next, undefined);
  const [view] = page.items;
  assert.ok(view);
  assert.equal(view.id, sent.id);
  assert.deepEqual(view.findings, [finding]);
  assert.equal(view.firstSeen, new Date(sent.at).toISOString());
  assert.deepEqual([view.case, view.verdict, view.transferred, view.unexpected, view.status], ["event-collection", "block", false, true, "open"]);
});

test("five posts of one batch are one record with five occurrences, and every exchange id finds it", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  const posts = [0, 1, 2, 3, 4].map((n) => transfer({ identity: "same", at: 1_700_000_000_000 + n }));
  const outcomes = await Promise.all(posts.map((post) => store.write(post)));
  const first = posts[0]?.id;
  assert.deepEqual(new Set(outcomes.map((outcome) => outcome.record)), new Set([first]));
  for (const post of posts) {
    const view = await store.get(post.id);
    assert.equal(view?.id, first);
    assert.equal(view?.occurrences, 5);
    assert.deepEqual([view?.firstSeen, view?.lastSeen], ["2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.004Z"]);
  }
  assert.equal((await store.list()).items.length, 1);
});

test("an entry that is written twice counts once", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  const sent = transfer();
  await store.write(sent);
  await store.write(sent);
  assert.equal((await store.get(sent.id))?.occurrences, 1);
});

test("a UDT that was stopped and later got through is shown as transferred", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  await store.write(transfer({ identity: "same" }));
  const through = transfer({ identity: "same", verdict: "allow", reason: undefined, transferred: true });
  await store.write(through);
  await store.write(transfer({ identity: "same" }));
  const view = await store.get(through.id);
  assert.deepEqual([view?.transferred, view?.verdict, view?.occurrences], [true, "allow", 3]);
});

test("the same cause is one incident, whatever the place in the list and the unnamed key", async (context) => {
  const incidents: string[] = [];
  const store = await opened(context, { dataDir: folder(context), onIncident: (id, change) => incidents.push(`${change} ${id}`) });
  const at = (pointer: string) => transfer({ findings: [{ ...finding, pointer }] });
  await store.write(at("/batch/0/properties/{0a1b2c3d}"));
  await store.write(at("/batch/17/properties/{99999999}"));
  await store.write(at("/batch/0/traits/email"));
  const list = await store.incidents();
  assert.deepEqual(list.map((incident) => incident.records).sort(), [1, 2]);
  assert.equal(incidents.length, 2);
});

test("an incident comes back when its cause does, after all of it was closed", async (context) => {
  const told: string[] = [];
  const store = await opened(context, { dataDir: folder(context), onIncident: (_id, change) => told.push(change) });
  const first = transfer();
  await store.write(first);
  await store.setStatus(first.id, { status: "dismissed", by: "kim", why: "Test data.", at: Date.now() });
  assert.deepEqual((await store.incidents({ open: true })).length, 0);
  await store.write(transfer());
  assert.deepEqual(told, ["new", "reopened"]);
  assert.equal((await store.incidents({ open: true })).length, 1);
});

test("a status goes its way, keeps who, when and why, and refuses a leap", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  const sent = transfer();
  await store.write(sent);
  const change = (status: "confirmed" | "deleted") => store.setStatus(sent.id, { status, by: "kim", why: "Seen.", at: 1_800_000_000_000 });
  assert.equal((await change("deleted")).outcome, "not-allowed");
  assert.equal((await change("confirmed")).outcome, "done");
  assert.equal((await store.setStatus("nobody", { status: "confirmed", by: "kim", why: "x", at: 1 })).outcome, "no-record");
  assert.equal((await store.get(sent.id))?.status, "confirmed");
  const last = (await store.history(sent.id)).at(-1);
  assert.deepEqual(last?.detail, { by: "kim", from: "open", to: "confirmed", why: "Seen." });
});

test("filters, pages and hostile filter text", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  await Promise.all(Array.from({ length: 25 }, (_, n) => store.write(transfer({ at: 1_000 + n, path: n === 3 ? "/100%_odd" : "/v1/batch" }))));
  await store.write(transfer({ caseName: "licensing", at: 5_000, findings: [{ ...finding, rule: "secret/aws-key" }] }));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ limit: 10, cursor });
    seen.push(...page.items.map((item) => item.id));
    cursor = page.next;
  } while (cursor !== undefined);
  assert.equal(new Set(seen).size, 26);
  assert.equal(seen.length, 26);
  const count = async (filter: Parameters<typeof store.list>[0]) => (await store.list({ ...filter, limit: 100 })).items.length;
  assert.equal(await count({ case: "licensing" }), 1);
  assert.equal(await count({ rule: "pii" }), 25);
  assert.equal(await count({ rule: "secret/aws-key" }), 1);
  assert.equal(await count({ since: 1_010, until: 1_020 }), 10);
  assert.equal(await count({ text: "100%_ODD" }), 1);
  assert.equal(await count({ text: "%" }), 1);
  assert.equal(await count({ text: "' or 1=1 --" }), 0);
  assert.equal(await count({ status: "confirmed" }), 0);
  await assert.rejects(store.list({ cursor: "bogus" }), RangeError);
  assert.deepEqual(await store.openCounts(), { "event-collection": 25, licensing: 1 });
});

test("what arrives together is committed together, and all of it is there", async (context) => {
  const dataDir = folder(context);
  const store = await opened(context, { dataDir });
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
  assert.deepEqual(ids.sort(), [sent[0]?.id, sent[2]?.id].sort());
  const told = logger.said.find((line) => line.fields["aside"] !== undefined);
  assert.equal(told?.fields["damagedRanges"], 1);
  assert.equal(told?.fields["tornBytes"], 300);
  assert.match(readFileSync(String(told?.fields["aside"]), "utf8"), /api\.segment\.io/);
});

test("text that a database refuses is made storable, so that nothing stops the drain", async (context) => {
  const store = await opened(context, { dataDir: folder(context) });
  const odd = transfer({ path: "/a\0b\ud800c", structure: '{"\0":1}', findings: [{ ...finding, pointer: "/\0" }] });
  assert.equal((await store.write(odd)).durability, "stored");
  assert.equal((await store.get(odd.id))?.path, "/a\uFFFDb\uFFFDc");
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
