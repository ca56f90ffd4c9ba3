import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { openRecordRoom } from "../../src/record/record-room.js";
import { writeReport } from "../../src/record/report/report.js";
import { finding, folder, listener, transfer } from "./sample.js";

const DAY = 86_400_000;
const read = z.object({
  totals: z.array(z.object({ case: z.string(), allow: z.number(), redact: z.number(), block: z.number() })),
  transfers: z.number(),
  occurrences: z.number(),
  statuses: z.record(z.string(), z.number()),
  reached: z.record(z.string(), z.number()),
  incidents: z.array(z.object({ statuses: z.record(z.string(), z.number()) })),
  inventory: z.array(z.object({ path: z.string() })),
  changes: z.array(z.object({ path: z.string() })),
  policies: z.array(z.object({ digest: z.string() })),
  verification: z.object({ faults: z.array(z.unknown()) }),
});

/** What a report says, whatever database is under it. */
export function reportSuite(url: () => Promise<string | undefined>): void {
  test("a report tells of its period what the record, the inventory and the chain know", async (context) => {
    const at = await url();
    const dataDir = folder(context);
    let now = Date.UTC(2026, 8, 1);
    const evidence = { recipients: [], maxBytes: 1 };
    const metrics = { recordsSpooled: () => undefined, unexpectedTransfersOpen: () => undefined, materialChanges: () => undefined };
    const room = await openRecordRoom({
      dataDir,
      url: at,
      logger: listener(),
      clock: { now: () => now },
      evidence,
      keep: { days: 0, records: 0 },
      outgoing: { webhook: undefined, syslog: undefined, format: "ecs" },
      metrics,
    });
    const seen = { caseName: "event-collection", destination: "segment", eventKind: undefined } as const;
    room.policy("aa".repeat(32));
    room.note({ ...seen, at: now, verdict: "allow", outline: ["/old\tinteger\t"] });
    await room.store.write(transfer({ at: now, identity: "before" }));
    await room.flush();
    now += 40 * DAY;
    room.policy("aa".repeat(32));
    room.policy("bb".repeat(32));
    room.note({ ...seen, at: now, verdict: "allow", outline: ["/old\tinteger\t", "/new\tinteger\t"] });
    room.note({ ...seen, at: now, verdict: "block", outline: undefined });
    const stopped = transfer({ at: now, identity: "stopped" });
    const leaked = transfer({
      at: now,
      verdict: "allow",
      reason: undefined,
      transferred: true,
      path: "/<img src=x>|`x`",
      findings: [{ ...finding, rule: "pii/phone" }],
    });
    for (const one of [
      stopped,
      { ...stopped, id: "again" },
      leaked,
      transfer({ at: now, unexpected: false, reason: "case-limited", findings: [] }),
    ])
      await room.store.write(one);
    await room.store.setStatus(stopped.id, { status: "dismissed", by: "kim", why: "A test.", at: now });
    await room.close();
    const archive = await openRecordArchive(dataDir, at);
    context.after(() => archive.close());
    const facts = await archive.report({ since: now - 30 * DAY, until: now + 10 }, now);
    const json = read.parse(JSON.parse(writeReport(facts, "json")));
    assert.deepEqual(
      json.totals.find((row) => row.case === "event-collection"),
      { case: "event-collection", allow: 1, redact: 0, block: 1 },
    );
    assert.deepEqual([json.transfers, json.occurrences], [2, 3]);
    assert.deepEqual([json.statuses.open, json.statuses.dismissed, json.reached.open], [1, 1, 1]);
    assert.equal(json.incidents.length, 2);
    assert.deepEqual(
      json.inventory.map((item) => item.path),
      ["(destination)", "/new", "/old"],
    );
    assert.deepEqual(
      json.changes.map((item) => item.path),
      ["/new"],
    );
    assert.deepEqual(
      json.policies.map((one) => one.digest.slice(0, 2)),
      ["aa", "bb"],
      "the one from before the period that was still in force",
    );
    assert.deepEqual(json.verification.faults, []);
    const html = writeReport(facts, "html");
    assert.ok(!html.includes("<img"), "traffic writes no tags");
    assert.ok(!/(?:src|href)=|url\(|@import/.test(html), "nothing is asked of anyone");
    assert.match(html, /1 of them REACHED THE VENDOR; for 1 the deletion is not confirmed/);
    const markdown = writeReport(facts, "md");
    assert.ok(!markdown.includes("<img"));
    assert.match(markdown, /The record is whole/);
    assert.equal(writeReport(facts, "csv").trim().split("\n").length, 3);
  });
}
