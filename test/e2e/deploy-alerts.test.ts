import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import { RULES } from "../deploy/prometheus.js";
import { DEPLOY, run } from "../deploy/tools.js";

const UNIT_TESTS = join(DEPLOY, "prometheus", "alerts.test.yaml");
const FILE = z.object({
  groups: z.array(
    z.looseObject({
      rules: z.array(
        z.looseObject({
          alert: z.string().optional(),
          labels: z.record(z.string(), z.string()).optional(),
          annotations: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
});
const TESTS = z.looseObject({
  tests: z.array(z.looseObject({ alert_rule_test: z.array(z.looseObject({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })) })),
});
const alerts = FILE.parse(parse(readFileSync(RULES, "utf8")))
  .groups.flatMap((group) => group.rules)
  .filter((rule) => rule.alert !== undefined);

test("promtool finds no fault in the rules, and every unit test of an alert holds", () => {
  run("promtool", ["check", "rules", RULES]);
  run("promtool", ["check", "config", join(DEPLOY, "prometheus", "prometheus.yml")]);
  run("promtool", ["test", "rules", UNIT_TESTS]);
});

test("every alert has a unit test in which it fires, and one in which it must not", () => {
  const cases = TESTS.parse(parse(readFileSync(UNIT_TESTS, "utf8"))).tests.flatMap((each) => each.alert_rule_test);
  for (const { alert } of alerts) {
    const own = cases.filter((each) => each.alertname === alert);
    assert.ok(
      own.some((each) => each.exp_alerts.length > 0),
      `${alert ?? ""} never fires`,
    );
    assert.ok(
      own.some((each) => each.exp_alerts.length === 0),
      `${alert ?? ""} always fires`,
    );
  }
});

test("every alert names its runbook page, and the page says whether it can wait, what it means, what to look at, what to do, and when it ends", () => {
  const index = readFileSync(join(packageRoot(), "docs", "operations", "alerts", "README.md"), "utf8");
  for (const { alert, annotations, labels } of alerts) {
    assert.equal(annotations?.["runbook"], `docs/operations/alerts/${alert ?? ""}.md`);
    const page = join(packageRoot(), annotations["runbook"]);
    assert.ok(existsSync(page), page);
    const text = readFileSync(page, "utf8");
    for (const heading of [`# ${alert ?? ""}`, "**Tonight?**", "## What it means", "## Look", "## Do", "## It ends"])
      assert.ok(text.includes(`\n${heading}`) || text.startsWith(heading), `${page} lacks ${heading}`);
    assert.ok(index.includes(`[${alert ?? ""}](${alert ?? ""}.md)`), `README.md of the pages lacks ${alert ?? ""}`);
    const severity = new RegExp(`\\[${alert ?? ""}\\]\\S+ *\\| ${labels?.["severity"] ?? "?"} `);
    assert.match(index, severity);
    assert.ok(text.includes(`\nSeverity: ${labels?.["severity"] ?? "?"}.`), `${page} states another severity`);
  }
});
