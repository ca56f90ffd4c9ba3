import assert from "node:assert/strict";
import { test } from "node:test";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { prepareInstallation } from "../support/installation.js";
import { killUnderLoad, REPEATED } from "../support/kill-round.js";
import { runCli } from "../support/proxy-process.js";

const SPEND_MS = 30_000;
/** CHAOS_KILLS says how many at least; in CI thirty. A thousand, on both stores: bench/endurance/kills.ts. */
const KILLS = Number(process.env["CHAOS_KILLS"] ?? (process.env["CI"] === undefined ? "1" : "30"));

test("kill -9 at random moments under load: every refusal that a client saw is in the record, without a restart", async (context) => {
  const installation = await prepareInstallation({ settings: { log: { level: "error" } } });
  context.after(() => installation.remove());
  const seen: string[] = [];
  const repeated = Array.from({ length: REPEATED }, () => ({ sent: 0, told: 0, named: new Set<string>() }));
  const end = Date.now() + SPEND_MS;
  let rounds = 0;
  for (; rounds < KILLS || Date.now() < end; rounds += 1) {
    const round = await killUnderLoad(installation.settingsFile, installation.certs);
    seen.push(...round.seen);
    for (const [index, { sent, told, named }] of round.repeated) {
      const tally = repeated[index];
      assert.ok(tally !== undefined);
      tally.sent += sent;
      tally.told += told;
      for (const id of named) tally.named.add(id);
    }
    const archive = await openRecordArchive(installation.data, undefined);
    try {
      for (const id of seen) assert.equal((await archive.reader.get(id))?.occurrences, 1, `round ${rounds}: ${id}`);
      for (const { sent, told, named } of repeated) {
        const records = await Promise.all([...named].map((id) => archive.reader.get(id)));
        assert.ok(new Set(records.map((record) => record?.id)).size <= 1, `round ${rounds}: one body, one record`);
        const counted = records[0]?.occurrences ?? 0;
        // What was sent and not told was cut by the kill: it may have been counted.
        assert.ok(
          named.size === 0 || (told <= counted && counted <= sent),
          `round ${rounds}: ${sent} sent, ${told} told, ${counted} counted`,
        );
      }
    } finally {
      await archive.close();
    }
  }
  assert.equal(new Set(seen).size, seen.length);
  const verified = await runCli("records", "verify", "--data", installation.data);
  assert.equal(verified.code, 0, verified.stdout);
  const again = repeated.reduce((sum, { told }) => sum + told, 0);
  context.diagnostic(`${rounds} kills, ${seen.length + again} refusals seen, none lost, none counted twice`);
});
