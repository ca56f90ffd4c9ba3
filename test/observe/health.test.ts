import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HealthState } from "../../src/observe/health.js";

describe("health", () => {
  it("is ready when every check is, and names each", async () => {
    const health = new HealthState();
    health.check("record", () => ({ ok: true, detail: "12 records" }));
    health.check("ca", () => Promise.resolve({ ok: true }));
    assert.deepEqual(await health.readiness(), { status: "ok", checks: { record: { ok: true, detail: "12 records" }, ca: { ok: true } } });
  });

  it("is alive but not ready when a check fails, throws, or never answers", async () => {
    const health = new HealthState();
    health.check("fails", () => ({ ok: false, detail: "away" }));
    health.check("throws", () => {
      throw new Error("password=hunter2");
    });
    health.check("hangs", () => new Promise(() => undefined));
    const report = await health.readiness();
    assert.equal(report.status, "failing");
    assert.equal(report.checks["throws"]?.ok, false);
    assert.equal(report.checks["hangs"]?.ok, false);
    assert.doesNotMatch(JSON.stringify(report), /hunter2/, "an error's message is not shown");
    assert.equal(health.liveness().status, "ok");
  });

  it("is not ready while it stops, whatever the checks say", async () => {
    const health = new HealthState();
    health.stopping();
    assert.equal((await health.readiness()).status, "stopping");
  });
});
