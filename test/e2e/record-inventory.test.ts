import assert from "node:assert/strict";
import { test } from "node:test";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { played } from "../support/installation.js";
import { stageFor } from "../support/running-proxy.js";
import { until } from "../record/sample.js";

test("what the proxy lets out stands in the inventory and the report, what it refuses in the totals, and the policy in the history", async (context) => {
  const stage = await stageFor(context, {});
  assert.equal((await stage.post(played("clean-page-visit"))).status, 200);
  assert.equal((await stage.post(played("clean-page-visit"))).status, 200);
  assert.equal((await stage.post(played("udt-track-email"))).status, 403);
  const archive = await openRecordArchive(stage.installation.data, undefined);
  context.after(() => archive.close());
  await until(async () => (await archive.inventory.all()).length > 0, "the inventory is written");
  const items = await archive.inventory.all();
  assert.ok(items.every((item) => item.destination === "event-hub" && item.count === 2 && item.materialChange));
  const paths = items.map((item) => item.path);
  for (const path of ["(destination)", "/kind", "/install_fingerprint", "user_visit"]) assert.ok(paths.includes(path), path);
  const now = Date.now();
  const facts = await archive.report({ since: now - 3_600_000, until: now + 1 }, now);
  assert.deepEqual(
    facts.totals.filter((row) => row.allow + row.block > 0),
    [{ case: "event-collection", allow: 2, redact: 0, block: 1 }],
  );
  assert.deepEqual([facts.transfers, facts.policies.length, facts.verification.faults.length], [1, 1, 0]);
  assert.match(facts.policies[0]?.digest ?? "", /^[0-9a-f]{64}$/);
});
