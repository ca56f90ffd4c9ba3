import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { openDatabase } from "../../src/record/database.js";
import { openDeskBeside } from "../../src/record/desk-beside.js";
import { locate } from "../../src/record/record-location.js";
import { folder, opened, transfer, until } from "./sample.js";

const DAY = 86_400_000;

/** What the desk does with records, whatever database is under it. */
export function deskSuite(url: () => Promise<string | undefined>): void {
  test("a due date is kept from the report on, is moved by a reminder, and goes with the vendor's answer, which stays in the chain", async (context) => {
    const at = await url();
    const store = await opened(context, { dataDir: folder(context), url: at });
    const [sent, other] = [transfer({ verdict: "allow", reason: undefined, transferred: true }), transfer()];
    for (const one of [sent, other]) await store.write(one);
    const now = Date.now();
    const step = (status: "confirmed" | "reported" | "deleted", more: object = {}) =>
      store.setStatus(sent.id, { status, by: "kim", why: "Ticket 12.", at: now, ...more });
    await step("confirmed", { due: now + DAY });
    assert.equal((await store.get(sent.id))?.due, null, "only a report has a due date");
    await step("reported", { due: now + DAY });
    assert.equal((await store.get(sent.id))?.due, new Date(now + DAY).toISOString());
    assert.deepEqual(
      (await store.list({ dueBefore: now + 2 * DAY })).items.map(({ id }) => id),
      [sent.id],
    );
    assert.deepEqual((await store.list({ dueBefore: now })).items, []);
    assert.deepEqual(
      (await store.list({ transferred: false })).items.map(({ id }) => id),
      [other.id],
    );
    assert.deepEqual((await step("reported", { due: now + 3 * DAY })).outcome, "done", "a reminder");
    const counts = await store.counts(now + 4 * DAY);
    assert.deepEqual([counts.due, counts.overdue, counts.waiting.map(({ id }) => id)], [1, 1, [sent.id]]);
    assert.equal((await store.counts(now)).overdue, 0);
    await step("deleted", { confirmation: "Deleted on 2026-11-30.\nThe vendor." });
    assert.equal((await store.get(sent.id))?.due, null);
    const [last] = (await store.history(sent.id)).slice(-1);
    assert.deepEqual(last?.detail, {
      from: "reported",
      to: "deleted",
      by: "kim",
      why: "Ticket 12.",
      confirmation: "Deleted on 2026-11-30.\nThe vendor.",
    });
    assert.deepEqual((await store.verify()).faults, []);
  });

  test("the counts are the records', whatever happened to them: again, let out after all, decided, pruned", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    const day = Math.floor(Date.now() / DAY);
    const old = transfer({ at: Date.now() - 3 * DAY });
    const [stopped, another] = [transfer(), transfer({ caseName: "licensing", findings: [] })];
    await Promise.all([old, stopped, another].map((one) => store.write(one)));
    await store.write({ ...stopped, id: `${stopped.id}-again`, verdict: "allow", reason: undefined, transferred: true });
    await store.setStatus(another.id, { status: "dismissed", by: "kim", why: "x", at: 1 });
    const rows = async () =>
      (await store.counts(Date.now())).records
        .map((row) => [row.day - day, row.case, row.status, row.transferred, row.count].join(" "))
        .sort();
    assert.deepEqual(await rows(), ["-3 event-collection open false 1", "0 event-collection open true 1", "0 licensing dismissed false 1"]);
    assert.deepEqual((await store.counts(Date.now())).rules, [["pii/email", 2]]);
    assert.deepEqual(await store.openCounts(), { "event-collection": 2 });
    await store.prune(Date.now() - DAY);
    assert.deepEqual(await rows(), ["0 event-collection open true 1", "0 licensing dismissed false 1"]);
    assert.deepEqual((await store.verify()).faults, []);
  });

  test("incidents come page by page, without a gap and without one twice", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    // Of one time, as a burst is: then the id decides.
    const at = Date.now();
    await Promise.all(Array.from({ length: 25 }, (_, n) => store.write(transfer({ at: at - (n % 3), eventKind: `kind_${n}` }))));
    const seen: (string | null)[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.incidents({ limit: 7, cursor });
      seen.push(...page.items.map(({ eventKind }) => eventKind));
      cursor = page.next;
    } while (cursor !== undefined);
    assert.equal(seen.length, 25);
    assert.equal(new Set(seen).size, 25);
    await assert.rejects(store.incidents({ cursor: "bogus" }), RangeError);
  });

  test("a desk beside the writer tells of sealed bodies, and hands one out only with a name and a reason in the chain", async (context) => {
    const at = await url();
    const dataDir = folder(context);
    const store = await opened(context, { dataDir, url: at });
    const sent = transfer();
    await store.write(sent);
    const writer = store.newWriter([await identityToRecipient(await generateX25519Identity())]);
    context.after(() => writer.stop());
    const body = Buffer.from("{}");
    for (const exchange of [sent.id, `${sent.id}-b`]) await writer.ask({ kind: "seal", record: sent.id, exchange, body, at: Date.now() });
    await writer.ask({ kind: "evidence", now: Date.now() });
    const desk = await openDeskBeside(dataDir, at, { now: () => Date.now() });
    context.after(() => desk.close());
    const kept = await desk.evidence(sent.id);
    assert.deepEqual(kept.map(({ exchange, bytes }) => `${exchange} ${bytes}`).sort(), [`${sent.id} 2`, `${sent.id}-b 2`]);
    assert.equal(await desk.takeEvidence(sent.id, "no-such", { by: "kim", why: "Ticket 12.", at: 1 }), undefined);
    const taken = await desk.takeEvidence(sent.id, `${sent.id}-b`, { by: "kim", why: "Ticket 12.", at: Date.now() });
    assert.deepEqual([taken?.exchange, taken?.intact], [`${sent.id}-b`, true]);
    assert.match(taken?.file.toString("latin1") ?? "", /^age-encryption\.org\/v1\n/);
    const access = (await store.history(sent.id)).filter(({ kind }) => kind === "access");
    assert.deepEqual(
      access.map(({ detail }) => detail),
      [{ by: "kim", why: "Ticket 12.", file: [`${sent.id}-b`] }],
    );
    assert.deepEqual((await store.verify()).faults, []);
  });

  test("what consoles share is there for the other one, until its time, and goes when it is taken away", async (context) => {
    const at = await url();
    const dataDir = folder(context);
    const clock = { time: 1_000, now: () => clock.time };
    const store = await opened(context, { dataDir, url: at, clock });
    const desk = await openDeskBeside(dataDir, at, clock);
    context.after(() => desk.close());
    await store.memory.put("a", "one", 5_000);
    await desk.memory.put("b", "two", 2_000);
    await store.memory.put("a", "three", 6_000);
    assert.deepEqual([await desk.memory.get("a"), await store.memory.get("b")], ["three", "two"]);
    clock.time = 2_500;
    assert.equal(await store.memory.get("b"), undefined);
    await desk.memory.remove("a");
    assert.equal(await store.memory.get("a"), undefined);
  });

  test("a console that is there before any proxy sees what the proxy then writes", async (context) => {
    const at = await url();
    const dataDir = folder(context);
    const desk = await openDeskBeside(dataDir, at, { now: () => Date.now() });
    context.after(() => desk.close());
    assert.deepEqual((await desk.counts(Date.now())).records, []);
    const store = await opened(context, { dataDir, url: at });
    await store.write(transfer());
    await until(async () => (await desk.counts(Date.now())).records.length === 1, "the console sees it");
    assert.match(await desk.report({ since: 0, until: Date.now() + 1_000, format: "md" }), /1 Unexpected Data Transfer \(/);
  });

  test("a store that an older version wrote gets its counts and columns, and verifies", async (context) => {
    const at = await url();
    const dataDir = folder(context);
    const before = await opened(context, { dataDir, url: at });
    const leaked = transfer({ verdict: "allow", reason: undefined, transferred: true });
    for (const one of [transfer(), transfer({ caseName: "licensing" }), leaked]) await before.write(one);
    await before.setStatus(leaked.id, { status: "confirmed", by: "kim", why: "x", at: 1 });
    await before.close();
    const database = openDatabase(locate(dataDir, at), { write: true, timeoutMs: 5_000 });
    for (const statement of [
      "drop table record_counts",
      "drop table desk_memory",
      "drop index records_due",
      "drop index records_reached",
      "alter table records drop column due_at",
      "alter table records drop column due_told",
      // What came after it, since migrations are done in their order.
      "alter table records drop column via",
      "alter table incidents drop column reason",
      "delete from kysely_migration where name >= '004'",
    ])
      await sql.raw(statement).execute(database.db);
    await database.close();
    const store = await opened(context, { dataDir, url: at });
    assert.deepEqual((await store.verify()).faults, []);
    assert.deepEqual(
      (await store.counts(Date.now())).records.map((row) => [row.case, row.status, row.transferred, row.count].join(" ")).sort(),
      ["event-collection confirmed true 1", "event-collection open false 1", "licensing open false 1"],
    );
    assert.equal((await store.get(leaked.id))?.due, null);
    const reasons = (await store.incidents()).items.map((incident) => `${incident.case} ${incident.transferred} ${incident.reason}`).sort();
    assert.deepEqual(reasons, [
      "event-collection 0 unexpected-data-transfer",
      "event-collection 1 null",
      "licensing 0 unexpected-data-transfer",
    ]);
  });

  test("a period's pages end where the period does, also behind a cursor that is newer than it", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    for (const at of [1_000, 2_000, 3_000, 4_000]) await store.write(transfer({ at }));
    const all = (await store.list({ limit: 1 })).next;
    const read = async (cursor: string | undefined): Promise<readonly string[]> => {
      const { items, next } = await store.list({ since: 1_500, until: 3_500, limit: 1, cursor });
      const seen = items.map(({ lastSeen }) => lastSeen);
      return next === undefined ? seen : [...seen, ...(await read(next))];
    };
    const wanted = ["1970-01-01T00:00:03.000Z", "1970-01-01T00:00:02.000Z"];
    assert.deepEqual([await read(undefined), await read(all)], [wanted, wanted]);
  });

  test("an incident says why its transfers were refused, each reason for itself", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    await store.write(transfer({ findings: [], reason: "path-not-allowed" }));
    await store.write(transfer({ findings: [], reason: "destination-not-allowed" }));
    await store.write(transfer({ findings: [], reason: "destination-not-allowed" }));
    const { items } = await store.incidents();
    assert.deepEqual(items.map(({ reason, records }) => `${reason} ${records}`).sort(), [
      "destination-not-allowed 2",
      "path-not-allowed 1",
    ]);
  });
}
