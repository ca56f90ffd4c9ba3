import assert from "node:assert/strict";
import { test } from "node:test";
import { finding, folder, opened, transfer } from "./sample.js";

/** What a record store does whatever database is under it. `url` gives an empty database for each test. */
export function storeSuite(url: () => Promise<string | undefined>): void {
  test("a written transfer is listed with all that the analyst needs", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    const sent = transfer();
    assert.deepEqual(await store.write(sent), { durability: "stored", record: sent.id });
    const page = await store.list();
    assert.equal(page.next, undefined);
    const [view] = page.items;
    assert.ok(view);
    assert.equal(view.id, sent.id);
    assert.deepEqual(view.findings, [finding]);
    assert.equal(view.firstSeen, new Date(sent.at).toISOString());
    assert.deepEqual(
      [view.case, view.verdict, view.transferred, view.unexpected, view.status],
      ["event-collection", "block", false, true, "open"],
    );
  });

  test("five posts of one batch are one record with five occurrences, and every exchange id finds it", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
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
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    const sent = transfer();
    await store.write(sent);
    await store.write(sent);
    assert.equal((await store.get(sent.id))?.occurrences, 1);
  });

  test("a UDT that was stopped and later got through is shown as transferred", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    await store.write(transfer({ identity: "same" }));
    const through = transfer({ identity: "same", verdict: "allow", reason: undefined, transferred: true });
    await store.write(through);
    await store.write(transfer({ identity: "same" }));
    const view = await store.get(through.id);
    assert.deepEqual([view?.transferred, view?.verdict, view?.occurrences], [true, "allow", 3]);
  });

  test("the same cause is one incident, whatever the place in the list and the unnamed key", async (context) => {
    const incidents: string[] = [];
    const store = await opened(context, {
      dataDir: folder(context),
      url: await url(),
      onIncident: (id, change) => incidents.push(`${change} ${id}`),
    });
    const at = (pointer: string) => transfer({ findings: [{ ...finding, pointer }] });
    await store.write(at("/batch/0/properties/{0a1b2c3d}"));
    await store.write(at("/batch/17/properties/{99999999}"));
    await store.write(at("/batch/0/traits/email"));
    const { items } = await store.incidents();
    assert.deepEqual(
      items.map((incident) => incident.records).toSorted((a, b) => a - b),
      [1, 2],
    );
    assert.equal(incidents.length, 2);
  });

  test("an incident comes back when its cause does, after all of it was closed", async (context) => {
    const told: string[] = [];
    const store = await opened(context, { dataDir: folder(context), url: await url(), onIncident: (_id, change) => told.push(change) });
    const first = transfer();
    await store.write(first);
    await store.setStatus(first.id, { status: "dismissed", by: "kim", why: "Test data.", at: Date.now() });
    assert.deepEqual((await store.incidents({ open: true })).items.length, 0);
    await store.write(transfer());
    assert.deepEqual(told, ["new", "reopened"]);
    assert.equal((await store.incidents({ open: true })).items.length, 1);
  });

  test("a status goes its way, keeps who, when and why, and refuses a leap", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    const sent = transfer();
    await store.write(sent);
    const change = (status: "confirmed" | "deleted") =>
      store.setStatus(sent.id, { status, by: "kim", why: "Seen.", at: 1_800_000_000_000 });
    assert.equal((await change("deleted")).outcome, "not-allowed");
    assert.equal((await change("confirmed")).outcome, "done");
    assert.equal((await store.setStatus("nobody", { status: "confirmed", by: "kim", why: "x", at: 1 })).outcome, "no-record");
    assert.equal((await store.get(sent.id))?.status, "confirmed");
    const last = (await store.history(sent.id)).at(-1);
    assert.deepEqual(last?.detail, { by: "kim", from: "open", to: "confirmed", why: "Seen." });
  });

  test("filters, pages and hostile filter text", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    await Promise.all(
      Array.from({ length: 25 }, (_, n) => store.write(transfer({ at: 1_000 + n, path: n === 3 ? "/100%_odd" : "/v1/batch" }))),
    );
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

  test("text that a database refuses is made storable, so that nothing stops the drain", async (context) => {
    const store = await opened(context, { dataDir: folder(context), url: await url() });
    const odd = transfer({ path: "/a\0b\ud800c", structure: '{"\0":1}', findings: [{ ...finding, pointer: "/\0" }] });
    assert.equal((await store.write(odd)).durability, "stored");
    assert.equal((await store.get(odd.id))?.path, "/a\uFFFDb\uFFFDc");
  });
}
