import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { readLimits } from "../../src/config/policy-limits.js";
import { readRulesDir } from "../../src/config/rules-directory.js";
import { compileInspector } from "../../src/inspect/inspector.js";
import { findNestedViews } from "../../src/body/nested-view.js";
import { InspectionPool } from "../../src/inspection-pool.js";
import type { Inspection, Inspector } from "../../src/model/inspection.js";
import { isRefusal } from "../../src/model/refusal.js";
import { pseudonymsOf } from "../../src/record/installation-key.js";

const OPEN = {
  path: "schemas/open.yaml",
  text: "type: object\nx-identity: body\nx-sensitivity: free-json\nx-bounds: { depth: 32, keys: 100000, stringLength: 1000000, arrayLength: 100000, numbers: 100000, numberShare: 1 }\n",
};
const files = readRulesDir(join(packageRoot(), "rules"));
const key = randomBytes(32);
// Time enough on any machine: no test here is about the budget but the one that sets its own.
const limits = { ...readLimits(undefined, []), inspectionMs: 60_000 };
const schemas = [...files.schemas, OPEN];
const pseudonyms = pseudonymsOf(key);
const inspector = compileInspector({ rules: files.rules, schemas, limits, pseudonyms, findViews: findNestedViews });
const source = { rules: files.rules, schemas, limits, operatorEnums: {}, key };

function job(body: string) {
  const context = { schema: "open", querySchema: undefined, path: "/", query: undefined, headers: [], namedHeaders: [], now: Date.now() };
  return { body: Buffer.from(body), head: { contentType: "application/json", contentEncoding: undefined }, context };
}

/** An object of that many members, with an e-mail address in the last. */
function bodyOf(members: number): string {
  const entries = Array.from({ length: members }, (_, index) => `"k${index}": "step ${index} of the run ended"`);
  return `{${entries.join(",")}, "last": "ask ines.moreau@harbour-clinic.example"}`;
}

async function found(pool: InspectionPool, body: string): Promise<Inspection> {
  const inspection = await pool.inspect(job(body));
  assert.ok(!isRefusal(inspection));
  return inspection;
}

describe("InspectionPool", () => {
  const pools: InspectionPool[] = [];
  const make = (with_: Inspector, threads: number, own = source): InspectionPool => {
    const pool = new InspectionPool(with_, own, threads);
    pools.push(pool);
    return pool;
  };
  after(() => Promise.all(pools.map((pool) => pool.close())));

  it("finds the same in a large body on a thread as on the event loop, to the last HMAC", async () => {
    const body = bodyOf(4_000);
    assert.ok(body.length > 64 * 1024);
    const onThread = await found(make(inspector, 1), body);
    const inline = await found(make(inspector, 0), body);
    // Lazily keyed on the event loop, a member of its own from a thread.
    assert.deepEqual({ ...onThread }, { ...inline, identity: inline.identity });
    assert.equal(typeof onThread.identity, "string");
    assert.ok(onThread.findings.some((finding) => finding.rule === "pii/email" && /^\/\{[0-9a-f]{8}\}$/.test(finding.pointer)));
  });

  it("serves who waits for a thread in the order in which they came, and ends only when all have been", async () => {
    const pool = make(inspector, 1);
    await found(pool, bodyOf(4_000));
    const served: number[] = [];
    // As many as come over connections of their own, each of which asks again once it was answered.
    const client = async (number: number): Promise<void> => {
      for (let turn = 0; turn < 4; turn += 1) {
        await found(pool, bodyOf(2_500));
        served.push(number);
      }
    };
    await Promise.all([0, 1, 2, 3].map(client));
    assert.deepEqual(served, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    const last = [found(pool, bodyOf(2_500)), found(pool, bodyOf(2_500)), found(pool, bodyOf(2_500))];
    await pool.close();
    for (const inspection of await Promise.all(last)) assert.ok(inspection.findings.length > 0);
  });

  it("hands a small body that proves costly to a thread, which has the whole budget", async () => {
    // An inspector that is always late where it is given less than its full budget stands for a small hostile body.
    const late: Inspector = {
      ruleCount: inspector.ruleCount,
      actions: inspector.actions,
      inspect: (reading, context) => inspector.inspect(reading, context.budgetMs === undefined ? context : { ...context, budgetMs: -1 }),
    };
    const pool = make(late, 1);
    // A large body starts the thread.
    await found(pool, bodyOf(4_000));
    const inspection = await found(pool, bodyOf(3));
    assert.deepEqual(
      inspection.findings.map((finding) => finding.rule),
      ["pii/email"],
    );
  });

  it("goes on with the threads of the pool before where the rules are the same, and starts none of them anew", async () => {
    let started = 0;
    const count = (): void => {
      started += 1;
    };
    process.on("worker", count);
    try {
      const first = make(inspector, 1);
      await found(first, bodyOf(4_000));
      assert.equal(started, 1);
      const same = new InspectionPool(inspector, { ...source, rules: structuredClone(source.rules) }, 1, first);
      pools.push(same);
      await first.close();
      assert.ok((await found(same, bodyOf(4_000))).findings.some(({ rule }) => rule === "pii/email"));
      assert.equal(started, 1);
      const narrower = { ...source, limits: { ...limits, findings: limits.findings - 1 } };
      const other = new InspectionPool(inspector, narrower, 1, same);
      pools.push(other);
      await found(other, bodyOf(4_000));
      assert.equal(started, 2);
    } finally {
      process.off("worker", count);
    }
  });

  it("inspects what was still on its way when it was closed, by its own rules", async () => {
    const pool = make(inspector, 1);
    await found(pool, bodyOf(4_000));
    await pool.close();
    assert.ok((await found(pool, bodyOf(4_000))).findings.some(({ rule }) => rule === "pii/email"));
  });

  it("blocks what is late on the thread too", async () => {
    const pool = make(inspector, 1, { ...source, limits: { ...limits, inspectionMs: 0 } });
    const inspection = await found(pool, bodyOf(4_000));
    assert.equal(inspection.findings[0]?.reason, "inspection-late");
  });

  it("refuses rather than queues without bound", async () => {
    const pool = make(inspector, 1);
    const body = bodyOf(4_000);
    const outcomes = await Promise.all(Array.from({ length: 120 }, () => pool.inspect(job(body))));
    const refused = outcomes.filter((outcome) => isRefusal(outcome));
    assert.ok(refused.length > 0 && refused.length < 120);
    for (const outcome of refused) assert.equal(outcome.refused, "inspection-late");
  });
});
