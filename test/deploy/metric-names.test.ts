import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MetricsRegistry } from "../../src/observe/metrics.js";
import { DASHBOARD, RULES } from "./prometheus.js";

test("every metric that the shipped rules and the dashboard ask for is one that the proxy exposes", async () => {
  const registry = new MetricsRegistry();
  const { body } = await registry.render("prometheus");
  const exposed = new Set(
    [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  );
  const rules = readFileSync(RULES, "utf8");
  const recorded = new Set([...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name));
  const asked = `${rules}${readFileSync(DASHBOARD, "utf8")}`.matchAll(
    /\b(?:egress_[a-z0-9_]+|egress:[a-z0-9_:]+|process_[a-z_]+|nodejs_[a-z0-9_]+)\b/g,
  );
  const names = new Set([...asked].map(([name]) => name));
  assert.ok(names.size > 25);
  for (const name of names) assert.ok(exposed.has(name) || recorded.has(name), `${name} is no metric of the proxy`);
});
