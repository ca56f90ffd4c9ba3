import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import type { TrafficSeen } from "../../src/model/traffic-ledger.js";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { openRecordRoom, type RecordRoom } from "../../src/record/record-room.js";
import { folder, listener, transfer, until } from "./sample.js";

const seen = (over: Partial<TrafficSeen> = {}): TrafficSeen => ({
  at: 1_700_000_000_000,
  caseName: "event-collection",
  destination: "segment",
  verdict: "allow",
  eventKind: "identify,track",
  outline: ["/batch/*/event\tstring\t9-32", "/batch/*/messageId\tstring\t33-128"],
  ...over,
});

/** What stands beside the record, whatever database is under it. */
export function roomSuite(url: () => Promise<string | undefined>): void {
  async function room(context: TestContext, recipients: readonly string[] = [], dataDir = folder(context), at?: string) {
    const changes: string[] = [];
    const open: number[] = [];
    const made = await openRecordRoom({
      dataDir,
      url: at ?? (await url()),
      logger: listener(),
      clock: { now: () => Date.now() },
      evidence: { recipients, maxBytes: 1_000 },
      keep: { days: 0, records: 0 },
      outgoing: { webhook: undefined, syslog: undefined, format: "ecs" },
      metrics: {
        recordsSpooled: () => undefined,
        unexpectedTransfersOpen: (count) => void open.push(count),
        materialChanges: (caseName, count) => void changes.push(...Array.from({ length: count }, () => caseName)),
      },
    });
    let closing: Promise<void> | undefined;
    const close = made.close.bind(made);
    made.close = () => (closing ??= close());
    context.after(() => made.close());
    return { made, changes, open, dataDir };
  }

  const items = async (made: RecordRoom) =>
    (await made.store.inventory().all()).map((item) => [item.path, item.type, item.lengthClass, item.count, item.materialChange]);

  test("what was let out stands in the inventory once for each path, type and length, and is a change the first time", async (context) => {
    const { made, changes } = await room(context);
    made.note(seen());
    made.note(seen({ at: 1_700_000_005_000, eventKind: "track" }));
    await made.flush();
    assert.deepEqual(await items(made), [
      ["(destination)", "destination", "", 2, true],
      ["/batch/*/event", "string", "9-32", 2, true],
      ["/batch/*/messageId", "string", "33-128", 2, true],
      ["identify", "event kind", "", 1, true],
      ["track", "event kind", "", 2, true],
    ]);
    assert.equal(changes.length, 5);
    made.note(seen({ outline: ["/batch/*/event\tstring\t1-8", "/batch/*/event\tinteger\t"], eventKind: undefined }));
    await made.flush();
    assert.equal(changes.length, 6, "another type is a change, another length is none");
    const [first] = (await made.store.inventory().all()).filter((item) => item.path === "(destination)");
    assert.deepEqual([first?.firstSeen, first?.lastSeen], ["2023-11-14T22:13:20.000Z", "2023-11-14T22:13:25.000Z"]);
  });

  test("a refused exchange leaves nothing in the inventory, and is in the totals", async (context) => {
    const { made } = await room(context);
    made.note(seen({ verdict: "block", outline: undefined }));
    await made.flush();
    assert.deepEqual(await items(made), []);
  });

  test("changes are accepted by somebody, and pages have no gap", async (context) => {
    const at = await url();
    const { made, dataDir } = await room(context, [], folder(context), at);
    made.note(seen({ outline: Array.from({ length: 250 }, (_, n) => `/p${n}\tinteger\t`) }));
    await made.flush();
    const paths = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await made.store.inventory().list({ changes: true, limit: 40, cursor });
      for (const item of page.items) paths.add(item.path);
      cursor = page.next;
    } while (cursor !== undefined);
    assert.equal(paths.size, 253);
    await assert.rejects(made.store.inventory().list({ cursor: "bogus" }), RangeError);
    const archive = await openRecordArchive(dataDir, at);
    context.after(() => archive.close());
    assert.equal(await archive.acceptChanges({ by: "kim", at: 1 }), 253);
    assert.equal((await archive.inventory.all({ changes: true })).length, 0);
  });

  test("keys that are invented without end end in one overflow row", async (context) => {
    const { made } = await room(context);
    for (let round = 0; round < 7; round += 1) {
      made.note(
        seen({
          eventKind: undefined,
          outline: Array.from({ length: 900 }, (_, n) => `/{${(round * 900 + n).toString(16).padStart(8, "0")}}\tnull\t`),
        }),
      );
      await made.flush();
    }
    const all = await made.store.inventory().all();
    assert.equal(all.length, 5_001);
    assert.equal(all.find((item) => item.type === "overflow")?.count, 7 * 900 + 1 - 5_000);
  });

  test("evidence opens with the recipient's identity alone, is chained, and who took it stays in the history", async (context) => {
    const identity = await generateX25519Identity();
    const at = await url();
    const { made, dataDir } = await room(context, [await identityToRecipient(identity)], folder(context), at);
    const sent = transfer();
    await made.store.write(sent);
    const body = Buffer.from('{"email":"canary-7f3a@example.com"}');
    made.evidence.keep(sent.id, sent.id, body);
    made.evidence.keep(sent.id, "too-long", Buffer.alloc(1_001));
    const archive = await openRecordArchive(dataDir, at);
    context.after(() => archive.close());
    await until(async () => {
      await made.flush();
      return (await made.store.history(sent.id)).length === 2;
    }, "the evidence is stored");
    const taken = await archive.takeEvidence(sent.id, { by: "kim", why: "Ticket 12.", at: Date.now() });
    assert.equal(taken.length, 1);
    assert.ok(taken[0]?.intact);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    assert.deepEqual(Buffer.from(await decrypter.decrypt(taken[0].file)), body);
    assert.deepEqual(
      (await made.store.history(sent.id)).map((entry) => entry.kind),
      ["transfer", "evidence", "access"],
    );
    assert.deepEqual((await made.store.verify()).faults, []);
    await made.close();
    assert.deepEqual(readdirSync(join(dataDir, "evidence")), []);
    for (const name of readdirSync(dataDir)) {
      if (name !== "evidence") assert.ok(!readFileSync(join(dataDir, name)).includes("canary-7f3a"), name);
    }
  });

  test("open transfers are counted for the gauge at the start", async (context) => {
    const at = await url();
    const first = await room(context, [], folder(context), at);
    await first.made.store.write(transfer());
    await first.made.close();
    const second = await room(context, [], first.dataDir, at);
    await until(() => second.open.at(-1) === 1, "the gauge is set");
  });
}
