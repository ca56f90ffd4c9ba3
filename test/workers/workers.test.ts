import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { EVENT_HUB, type Installation, played, prepareInstallation, recordsOf, SEGMENT, wireBytes } from "../support/installation.js";
import { inTime, startLoad } from "../support/load.js";
import { type ProxyProcess, runCli, spawnProxy } from "../support/proxy-process.js";
import { type Metrics, scrape } from "../support/running-proxy.js";
import { openTunnel } from "../support/wire.js";

const BODY = z.object({ project_id: z.number() });

let installation: Installation;
let proxy: ProxyProcess;
let ca = "";
let last: Metrics;

/** Scrapes, and holds that no count ever falls: Prometheus would take it for a restart and count everything again. */
async function metrics(): Promise<Metrics> {
  const now = await scrape(proxy.metricsPort);
  const counts = now.text.split("\n").filter((line) => /^egress_\w+(_total|_count|_bucket)\b/.test(line));
  for (const line of counts) {
    const series = line.slice(0, line.lastIndexOf(" "));
    assert.ok((now.value(series) ?? 0) >= (last?.value(series) ?? 0), `${series} fell`);
  }
  last = now;
  return now;
}

async function status(request = played("clean-page-visit")): Promise<number> {
  const wire = await openTunnel({ port: proxy.port, to: `${request.host}:443`, ca });
  const answer = await wire.send(wireBytes(request)).answer();
  wire.close();
  return answer.status;
}

function workerPids(): number[] {
  const children = readFileSync(`/proc/${proxy.pid}/task/${proxy.pid}/children`, "utf8");
  return children.trim().split(" ").map(Number);
}

before(async () => {
  installation = await prepareInstallation({
    policy: (text) => `${text}\n`,
    settings: { workers: 2, reload: { every_ms: 0 }, log: { level: "error" } },
  });
  proxy = await spawnProxy(installation.settingsFile);
  ca = readFileSync(join(installation.certs, "ca.crt"), "utf8");
});

after(async () => {
  proxy.kill("SIGKILL");
  await proxy.exited;
  await installation.remove();
});

test("two workers serve one port, and one listener tells the numbers of both", async () => {
  assert.equal(workerPids().length, 2);
  for (let n = 0; n < 4; n += 1) assert.equal(await status(), 200);
  const seen = await metrics();
  assert.equal(seen.value(`egress_requests_total{case="event-collection",destination="event-hub",verdict="allow"}`), 4);
  assert.equal(seen.value("egress_workers_running"), 2);
  assert.equal(seen.value("egress_workers_wanted"), 2);
  assert.equal(seen.text.match(/^egress_policy_info\{/gm)?.length, 1);
  assert.equal(seen.value(`egress_case_state{case="event-collection",state="on"}`), 1, "a state is no sum");
  const ready = await fetch(`http://127.0.0.1:${proxy.metricsPort}/readyz`);
  assert.equal(ready.status, 200);
});

test("a reload is taken by all or by none", async () => {
  const policy = join(installation.rules ?? "", "policy.yaml");
  const shipped = readFileSync(policy, "utf8");
  const digest = (text: string): string[] => text.match(/^egress_policy_info\{.*$/gm) ?? [];
  const before = digest((await metrics()).text);
  writeFileSync(policy, `${shipped}\nnonsense: true\n`);
  proxy.kill("SIGHUP");
  await inTime("a refused reload", async () => (await metrics()).value(`egress_policy_reload_total{result="error"}`) === 1);
  assert.deepEqual(digest((await metrics()).text), before);
  assert.deepEqual([await status(), await status()], [200, 200]);
  writeFileSync(policy, shipped.replace(/event-collection:\n {4}enabled: true/, "event-collection:\n    enabled: false"));
  proxy.kill("SIGHUP");
  await inTime("a reload", async () => (await metrics()).value(`egress_policy_reload_total{result="ok"}`) === 1);
  assert.deepEqual([await status(), await status()], [403, 403]);
  const now = digest((await metrics()).text);
  assert.equal(now.length, 1, "both have the same policy");
  assert.notDeepEqual(now, before);
  writeFileSync(policy, shipped);
  proxy.kill("SIGHUP");
  await inTime("the first policy again", async () => (await metrics()).value(`egress_policy_reload_total{result="ok"}`) === 2);
  assert.deepEqual([await status(), await status()], [200, 200]);
});

test("a worker that is killed under load loses no event that was answered 200 and no record, and comes back", async (context) => {
  const load = startLoad([proxy.port], ca, 4);
  for (let kills = 1; kills <= 2; kills += 1) {
    const enough = load.told.refused.length + 20;
    await inTime("some load", () => load.told.refused.length > enough && load.told.let.length > enough);
    process.kill(workerPids()[kills % 2] ?? 0, "SIGKILL");
    await inTime("a worker missing", async () => (await metrics()).value("egress_workers_running") === 1);
    const meanwhile = load.told.let.length + 5;
    await inTime("the other one serving meanwhile", () => load.told.let.length > meanwhile);
    await inTime("both workers again", async () => (await metrics()).value("egress_workers_running") === 2);
    assert.equal((await metrics()).value("egress_worker_restarts_total"), kills);
  }
  await load.stop();
  const kept = new Set((await recordsOf(installation.data)).map(({ id }) => id));
  assert.deepEqual(
    load.told.refused.filter((id) => !kept.has(id)),
    [],
  );
  const reached = new Set(
    installation.vendor.received
      .filter(({ host }) => host === EVENT_HUB)
      .map(({ body }) => String(BODY.parse(JSON.parse(String(body))).project_id)),
  );
  assert.deepEqual(
    load.told.let.filter((mark) => !reached.has(mark)),
    [],
  );
  context.diagnostic(`${load.told.refused.length} refusals and ${load.told.let.length} events over two kills, none lost`);
});

test("SIGTERM ends all of it, and each worker's chain is whole", async () => {
  assert.equal(await status(played("udt-identify")), 403);
  const workers = workerPids();
  proxy.kill("SIGTERM");
  assert.equal((await proxy.exited).code, 0, proxy.written());
  for (const pid of workers) assert.throws(() => process.kill(pid, 0), /ESRCH/);
  const verified = await runCli("records", "verify", "--data", installation.data);
  assert.equal(verified.code, 0, verified.stdout);
  assert.match(verified.stdout, /-w0: \d+ entries/);
  assert.match(verified.stdout, /-w1: \d+ entries/);
  assert.ok(!installation.vendor.received.some(({ host }) => host === SEGMENT));
});

test("what a worker left that is no more is taken up by the next start", async () => {
  const few = await prepareInstallation({
    settings: { workers: 2, log: { level: "info" }, store: { url: "postgres://nobody@127.0.0.1:9/none" } },
  });
  try {
    const first = await spawnProxy(few.settingsFile);
    const pem = readFileSync(join(few.certs, "ca.crt"), "utf8");
    const load = startLoad([first.port], pem, 2);
    await inTime("refusals", () => load.told.refused.length >= 8);
    await load.stop();
    first.kill("SIGKILL");
    await first.exited;
    // The database never came; the same folder is now one process's, with SQLite.
    const settings = few.settings();
    writeFileSync(
      few.settingsFile,
      readFileSync(few.settingsFile, "utf8")
        .replace(/"store":\{[^}]*\}/, '"store":{"url":"sqlite"}')
        .replace('"workers":2', '"workers":1'),
    );
    const second = await spawnProxy(few.settingsFile);
    second.kill("SIGTERM");
    await second.exited;
    assert.match(second.written(), /Took up what a former worker left/);
    const kept = new Set((await recordsOf(settings.data)).map(({ id }) => id));
    assert.deepEqual(
      load.told.refused.filter((id) => !kept.has(id)),
      [],
    );
    const spools = [0, 1].map((number) => readFileSync(join(settings.data, "workers", String(number), "record.spool")).length);
    assert.deepEqual(spools, [0, 0]);
  } finally {
    await few.remove();
  }
});
