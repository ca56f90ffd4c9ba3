import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { readTraffic } from "../../src/cli/demo/played-request.js";
import { packageRoot } from "../../src/config/package-root.js";
import { expanded, readPanels } from "../deploy/dashboard.js";
import { type AnsweredPanel, drawDashboard } from "../deploy/dashboard-picture.js";
import { Prometheus, RULES } from "../deploy/prometheus.js";
import { attempt } from "../deploy/tools.js";
import { raiseStage, type Stage } from "../support/running-proxy.js";

const ROUNDS = 24;

/** Rules as the file has them. */
const FILE = z.object({
  groups: z.array(
    z.looseObject({ rules: z.array(z.looseObject({ alert: z.string().optional(), record: z.string().optional(), expr: z.string() })) }),
  ),
});
const rules = FILE.parse(parse(readFileSync(RULES, "utf8"))).groups.flatMap((group) => group.rules);

let stage: Stage;
let prometheus: Prometheus;
let exposed = "";

before(async () => {
  stage = await raiseStage();
  exposed = (await stage.metrics()).text;
  prometheus = await Prometheus.start(stage.proxy.addresses.metrics?.port ?? 0);
  // Scraped at zero first: a counter that Prometheus first sees at one has not risen, as far as it can tell.
  await seen(() => prometheus.now('up{job="diffgram-egress-proxy"} == 1'));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const request of readTraffic(join(packageRoot(), "demo", "traffic"), new Date())) await stage.post(request);
    await new Promise((resolve) => setTimeout(resolve, 800));
  }
  await seen(() => prometheus.now("egress:findings:rate5m > 0"));
});

after(async () => {
  await prometheus.close();
  await stage.close();
});

/** Waits for an answer that is not empty; a scrape and an evaluation come once a second. */
async function seen(ask: () => Promise<readonly unknown[]>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if ((await ask()).length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Prometheus never saw it.");
}

test("promtool finds nothing to improve in the proxy's own metrics", () => {
  const { stdout, stderr } = attempt("promtool", ["check", "metrics"], { input: exposed });
  // prom-client's own names for what Node has open are its business.
  const faults = `${stdout}${stderr}`.split("\n").filter((line) => line !== "" && !/^nodejs_active_\w+_total non-counter/.test(line));
  assert.deepEqual(faults, []);
});

test("every query of the dashboard has data, now and over time; the picture in docs is drawn from such answers", async () => {
  const answered: AnsweredPanel[] = [];
  for (const panel of readPanels()) {
    const answers = [];
    for (const { expr } of panel.targets) {
      assert.ok((await prometheus.now(expanded(expr))).length > 0, `${panel.title}: ${expr}`);
      const range = await prometheus.overTime(expanded(expr), 40);
      const points = Math.max(0, ...range.map(({ values }) => values?.length ?? 0));
      assert.ok(points > 5, `${panel.title}: ${points} points of ${expr}`);
      answers.push(range);
    }
    answered.push({ panel, answers });
  }
  assert.ok(answered.length > 30);
  const picture = await drawDashboard("Diffgram egress proxy · replayed traffic of demo/", answered);
  assert.ok(picture.length > 50_000 && picture.subarray(1, 4).toString() === "PNG");
  const keep = process.env["DASHBOARD_PICTURE"];
  if (keep !== undefined) writeFileSync(keep, picture);
});

test("every rule is evaluated without a fault, and every recording has data", async () => {
  const evaluated = await prometheus.rules();
  assert.equal(evaluated.length, rules.length);
  for (const { name, health, lastError } of evaluated) assert.equal(health, "ok", `${name}: ${lastError ?? ""}`);
  for (const { record } of rules) if (record !== undefined) assert.ok((await prometheus.now(record)).length > 0, record);
});

test("every series that an alert asks for exists, also where nothing has happened", async () => {
  for (const { alert, expr } of rules) {
    if (alert === undefined) continue;
    const selectors = expr.match(/\b(?:egress[a-z0-9_:]*|up|process_[a-z_]+)(?:\{[^}]*\})?/g) ?? [];
    assert.ok(selectors.length > 0, alert);
    for (const selector of selectors) {
      if (selector === "egress:upstream_errors:ratio5m") continue;
      assert.ok((await prometheus.now(selector)).length > 0, `${alert}: ${selector}`);
    }
  }
});

test("the replayed transfers raise the alert that they were stopped, and none that they were not", async () => {
  await seen(() => prometheus.now('ALERTS{alertname="EgressTransferBlocked",alertstate="firing"}'));
  const firing = (await prometheus.now('ALERTS{alertstate="firing"}')).map(({ metric }) => metric["alertname"]);
  assert.deepEqual([...new Set(firing)], ["EgressTransferBlocked"]);
});

test("a proxy that is gone is told within the time that the alert states", async () => {
  await stage.proxy.close();
  await seen(() => prometheus.now('ALERTS{alertname="EgressScrapeMissing",alertstate="pending"}'));
});
