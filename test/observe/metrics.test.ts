import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CASE_NAMES } from "../../src/model/limited-case.js";
import { REASONS } from "../../src/model/reasons.js";
import { MetricsRegistry } from "../../src/observe/metrics.js";

async function series(registry: MetricsRegistry): Promise<Map<string, number>> {
  const { body } = await registry.render("prometheus");
  const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

describe("metrics", () => {
  it("has the same names in text before and after an OpenMetrics scrape", async () => {
    const registry = new MetricsRegistry();
    const before = (await series(registry)).has('egress_limited_total{case="support"}');
    await registry.render("openmetrics");
    assert.ok(before && (await series(registry)).has('egress_limited_total{case="support"}'));
  });

  it("names every metric that dashboards and alerts rely on, at start", async () => {
    const { body } = await new MetricsRegistry().render("prometheus");
    const names = new Set([...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => `${match[1]} ${match[2]}`));
    for (const name of [
      "egress_requests_total counter",
      "egress_blocked_total counter",
      "egress_findings_total counter",
      "egress_body_bytes_total counter",
      "egress_inspection_seconds histogram",
      "egress_request_seconds histogram",
      "egress_unexpected_transfers_total counter",
      "egress_unexpected_transfers_open gauge",
      "egress_case_state gauge",
      "egress_limited_total counter",
      "egress_policy_reload_total counter",
      "egress_upstream_errors_total counter",
      "egress_tls_failures_total counter",
      "egress_leaf_certificates_total counter",
      "egress_ca_expiry_timestamp_seconds gauge",
      "egress_records_spooled gauge",
      "egress_policy_info gauge",
      "process_cpu_seconds_total counter",
    ]) {
      assert.ok(names.has(name), name);
    }
  });

  it("holds every case and reason at zero before the first refusal", async () => {
    const all = await series(new MetricsRegistry({ processMetrics: false }));
    for (const caseName of CASE_NAMES) {
      for (const reason of REASONS) assert.equal(all.get(`egress_blocked_total{case="${caseName}",reason="${reason}"}`), 0);
      assert.equal(all.get(`egress_unexpected_transfers_total{case="${caseName}",transferred="true"}`), 0);
    }
    assert.equal(all.get("egress_records_spooled"), 0);
    assert.equal(all.get("egress_leaf_certificates_total"), 0);
  });

  it("counts what stages report", async () => {
    const registry = new MetricsRegistry({ processMetrics: false });
    registry.policyDestinations([{ name: "event-hub", caseName: "event-collection" }]);
    registry.request("event-collection", "event-hub", "block");
    registry.blocked("event-collection", "unexpected-data-transfer");
    registry.finding("pii/email", "block");
    registry.bodyBytes("in", 512);
    registry.inspectionSeconds(0.002);
    registry.requestSeconds(0.02);
    registry.unexpectedTransfer("event-collection", false);
    registry.limited("js-error-collection");
    registry.upstreamError("event-hub", "timeout");
    registry.tlsFailure("client", "unknown-ca");
    registry.leafCertificate();
    const all = await series(registry);
    assert.equal(all.get('egress_requests_total{case="event-collection",destination="event-hub",verdict="block"}'), 1);
    assert.equal(all.get('egress_requests_total{case="event-collection",destination="event-hub",verdict="allow"}'), 0);
    assert.equal(all.get('egress_blocked_total{case="event-collection",reason="unexpected-data-transfer"}'), 1);
    assert.equal(all.get('egress_findings_total{rule="pii/email",action="block"}'), 1);
    assert.equal(all.get('egress_body_bytes_total{direction="in"}'), 512);
    assert.equal(all.get('egress_inspection_seconds_bucket{le="0.001"}'), 0);
    assert.equal(all.get('egress_inspection_seconds_bucket{le="0.0025"}'), 1);
    assert.equal(all.get("egress_request_seconds_count"), 1);
    assert.equal(all.get('egress_unexpected_transfers_total{case="event-collection",transferred="false"}'), 1);
    assert.equal(all.get('egress_limited_total{case="js-error-collection"}'), 1);
    assert.equal(all.get('egress_upstream_errors_total{destination="event-hub",kind="timeout"}'), 1);
    assert.equal(all.get('egress_tls_failures_total{side="client",reason="unknown-ca"}'), 1);
    assert.equal(all.get("egress_leaf_certificates_total"), 1);
  });

  it("says exactly one state a case, and one policy digest", async () => {
    const registry = new MetricsRegistry({ processMetrics: false });
    registry.caseState("support", "limited");
    registry.caseState("support", "on");
    registry.policyInfo("aaaa");
    registry.policyInfo("bbbb");
    registry.caExpiry(new Date(1_800_000_000_000));
    const all = await series(registry);
    assert.equal(all.get('egress_case_state{case="support",state="on"}'), 1);
    assert.equal(all.get('egress_case_state{case="support",state="limited"}'), 0);
    assert.deepEqual(
      [...all.keys()].filter((name) => name.startsWith("egress_policy_info")),
      ['egress_policy_info{digest="bbbb"}'],
    );
    assert.equal(all.get("egress_ca_expiry_timestamp_seconds"), 1_800_000_000);
  });

  it("does not grow with the hosts, rules and TLS reasons that clients invent", async () => {
    const registry = new MetricsRegistry({ processMetrics: false });
    const before = (await series(registry)).size;
    for (let index = 0; index < 5_000; index += 1) {
      registry.request("none", `{${index.toString(16).padStart(8, "0")}}`, "block");
      registry.tlsFailure("client", `reason-${index}`);
    }
    const after = await series(registry);
    assert.ok(after.size - before < 100, `${after.size - before} new series`);
    assert.equal(after.get('egress_requests_total{case="none",destination="unnamed",verdict="block"}'), 5_000);
  });

  it("answers concurrent scrapes of both formats in their own", async () => {
    const registry = new MetricsRegistry({ processMetrics: false });
    const scrapes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => registry.render(index % 2 === 0 ? "prometheus" : "openmetrics")),
    );
    scrapes.forEach(({ contentType, body }, index) => {
      assert.equal(contentType.startsWith("application/openmetrics-text"), index % 2 === 1);
      assert.equal(body.trimEnd().endsWith("# EOF"), index % 2 === 1);
    });
  });
});
