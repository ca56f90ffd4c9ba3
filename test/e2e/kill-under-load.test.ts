import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareInstallation, recordsOf } from "../support/installation.js";
import { killUnderLoad, REPEATED } from "../support/kill-round.js";
import { runCli } from "../support/proxy-process.js";

const SPEND_MS = 30_000;
/** CHAOS_KILLS says how many at least; in CI thirty. A thousand, on both stores: bench/endurance/kills.ts. */
const KILLS = Number(process.env["CHAOS_KILLS"] ?? (process.env["CI"] === undefined ? "1" : "30"));

test("kill -9 at random moments under load: every refusal that a client saw is in the record, without a restart", async (context) => {
  const installation = await prepareInstallation({ settings: { log: { level: "error" } } });
  context.after(() => installation.remove());
  const seen: string[] = [];
  const repeated = Array.from({ length: REPEATED }, () => ({ sent: 0, told: 0, record: undefined as string | undefined }));
  const end = Date.now() + SPEND_MS;
  let rounds = 0;
  for (; rounds < KILLS || Date.now() < end; rounds += 1) {
    const round = await killUnderLoad(installation.settingsFile, installation.certs);
    seen.push(...round.seen);
    for (const [index, { sent, told, record }] of round.repeated) {
      const tally = repeated[index];
      assert.ok(tally !== undefined);
      tally.sent += sent;
      tally.told += told;
      if (record !== undefined) tally.record ??= record;
      if (record !== undefined) assert.equal(record, tally.record, "one body, one record");
    }
    const kept = new Map((await recordsOf(installation.data)).map(({ id, occurrences }) => [id, occurrences]));
    assert.deepEqual(
      seen.filter((id) => kept.get(id) !== 1),
      [],
      `round ${rounds}`,
    );
    for (const { sent, told, record } of repeated) {
      // What was sent and not told was cut by the kill: it may have been counted.
      const counted = record === undefined ? 0 : (kept.get(record) ?? 0);
      assert.ok(told <= counted && counted <= sent, `round ${rounds}: ${sent} sent, ${told} told, ${counted} counted`);
    }
  }
  assert.equal(new Set(seen).size, seen.length);
  const verified = await runCli("records", "verify", "--data", installation.data);
  assert.equal(verified.code, 0, verified.stdout);
  const again = repeated.reduce((sum, { told }) => sum + told, 0);
  context.diagnostic(`${rounds} kills, ${seen.length + again} refusals seen, none lost, none counted twice`);
});
