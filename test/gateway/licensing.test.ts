import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { loadRules } from "../../src/rules-in-force.js";
import { passingKey } from "../../src/record/passing-key.js";
import { prepareInstallation } from "../support/installation.js";
import { problemOf, type Stage, stageFor } from "../support/running-proxy.js";
import type { WireAnswer } from "../support/wire.js";
import { HOST, limitedOthers, named } from "./licensing-policy.js";

function licensing(context: TestContext, policy: (text: string) => string = named): Promise<Stage> {
  return stageFor(context, { hosts: [HOST], policy, settings: { inspection_threads: 0 } });
}

async function post(stage: Stage, path: string, value: unknown): Promise<WireAnswer> {
  const wire = await stage.tunnel(HOST);
  const body = JSON.stringify(value);
  try {
    return await wire
      .send(
        `POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
      .answer();
  } finally {
    wire.close();
  }
}

const STATUS = { license_id: "lic_8842", diffgram_version: "1.17.3", status: "active" };
const USAGE = { license_id: "lic_8842", period: "2026-11", usage: { users: 14, annotations: 120_400, storage_bytes: 9_000_000_000 } };

test("licence status and usage counts reach the host that the operator named", async (context) => {
  const stage = await licensing(context);
  assert.equal((await post(stage, "/v1/status", STATUS)).status, 200);
  assert.equal((await post(stage, "/v1/usage", USAGE)).status, 200);
  assert.deepEqual(
    stage.installation.vendor.received.map(({ body }) => JSON.parse(body.toString("utf8"))),
    [STATUS, USAGE],
  );
  assert.equal((await stage.metrics()).value('egress_case_state{case="licensing",state="on"}'), 1);
});

test("a licence payload with a name in it, a person's address or any field beside counts is refused, with a record", async (context) => {
  const stage = await licensing(context);
  for (const [path, value] of [
    ["/v1/status", { ...STATUS, licensee: "Ines Moreau" }],
    ["/v1/status", { ...STATUS, contact_email: "ines.moreau@harbour-clinic.example" }],
    ["/v1/usage", { ...USAGE, usage: { "Ines Moreau": 14 } }],
    ["/v1/usage", { ...USAGE, usage: { users: "Ines Moreau, Dana Whitfield" } }],
    ["/v1/usage", { ...USAGE, usage: { users: 3_120_123_456_789 } }],
    ["/v1/usage", { ...USAGE, usage: { users: 14.5 } }],
  ] as const) {
    const told = problemOf(await post(stage, path, value));
    assert.equal(told.case, "licensing");
    assert.ok(told.findings.length > 0 && told.record !== null);
  }
  assert.equal(stage.installation.vendor.received.length, 0);
  const records = await stage.records();
  // One licence and one period are one transfer, however often it is tried.
  assert.equal(
    records.reduce((sum, record) => sum + record.occurrences, 0),
    6,
  );
  assert.doesNotMatch(JSON.stringify(records), /Moreau|harbour-clinic|Whitfield/);
});

test("licensing stays up where every other case is limited", async (context) => {
  const stage = await licensing(context, limitedOthers);
  assert.equal((await post(stage, "/v1/usage", USAGE)).status, 200);
});

test("licensing can't be switched off, and without a host it is shown as unconfigured", async (context) => {
  const off = await prepareInstallation({ policy: (text) => text.replace("  licensing:\n", "  licensing:\n    enabled: false\n") });
  context.after(() => off.remove());
  assert.throws(() => loadRules(off.settings(), passingKey()), /licensing can't be switched off/);
  const stage = await stageFor(context, { settings: { inspection_threads: 0 } });
  assert.equal((await stage.metrics()).value('egress_case_state{case="licensing",state="unconfigured"}'), 1);
});

test("clean licensing goes on while the record store is away", async (context) => {
  const stage = await stageFor(context, {
    hosts: [HOST],
    policy: named,
    // Nothing listens there: the store never answers.
    settings: { inspection_threads: 0, store: { url: "postgres://nobody@127.0.0.1:9/none" } },
  });
  assert.equal((await post(stage, "/v1/usage", USAGE)).status, 200);
  const refused = problemOf(await post(stage, "/v1/usage", { ...USAGE, usage: { "Ines Moreau": 1 } }));
  assert.equal(refused.code, "unexpected-data-transfer");
  assert.ok(existsSync(stage.installation.data));
});
