import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { holdHostileClients } from "../support/hostile-clients.js";
import { EVENT_HUB, played, prepareInstallation, wireBytes } from "../support/installation.js";
import { type ProxyProcess, spawnProxy } from "../support/proxy-process.js";
import { scrape } from "../support/running-proxy.js";
import { openTunnel } from "../support/wire.js";

/* What a healthy client feels of a thousand slow ones, and what two thousand hostile ones cost in memory. */

/** Seconds that the slow ones are held. */
const SECONDS = Number(process.env["SLOW_SECONDS"] ?? "60");
const ROUNDS = 5;
const REQUESTS = 200;
const visit = wireBytes(played("clean-page-visit"));

interface Running {
  readonly proxy: ProxyProcess;
  readonly ca: string;
}

async function raise(context: TestContext, settings: Readonly<Record<string, unknown>>): Promise<Running> {
  const timeouts = { handshake_ms: 120_000, headers_ms: 120_000, body_ms: 600_000, idle_ms: 600_000 };
  const installation = await prepareInstallation({ settings: { timeouts, log: { level: "error" }, ...settings } });
  const proxy = await spawnProxy(installation.settingsFile);
  context.after(async () => {
    proxy.kill("SIGKILL");
    await proxy.exited;
    await installation.remove();
  });
  return { proxy, ca: readFileSync(join(installation.certs, "ca.crt"), "utf8") };
}

/** The 99th percentile of a round, in milliseconds: half of the requests by a connection an event, as Diffgram's clients do. */
async function round({ proxy, ca }: Running, requests = REQUESTS): Promise<number> {
  const to = `${EVENT_HUB}:443`;
  const took: number[] = [];
  let wire = await openTunnel({ port: proxy.port, to, ca });
  for (let n = 0; n < requests; n += 1) {
    const started = performance.now();
    if (n % 2 === 0) {
      wire.close();
      wire = await openTunnel({ port: proxy.port, to, ca });
    }
    assert.equal((await wire.send(visit).answer()).status, 200);
    took.push(performance.now() - started);
  }
  wire.close();
  took.sort((a, b) => a - b);
  return took[Math.floor(took.length * 0.99)] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

test(`1,000 slow clients held for ${SECONDS} s do not double a healthy client's p99`, {
  timeout: SECONDS * 1_000 + 300_000,
}, async (context) => {
  const running = await raise(context, {});
  await round(running);
  const alone: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) alone.push(await round(running));
  const slow = await holdHostileClients({
    port: running.proxy.port,
    ca: running.ca,
    count: 1_000,
    habits: ["silent", "slow-connect", "slow-handshake", "slow-head", "slow-body"],
    everyMs: 10_000,
  });
  const beside: number[] = [];
  for (const end = Date.now() + SECONDS * 1_000; Date.now() < end || beside.length < ROUNDS; ) beside.push(await round(running));
  assert.equal(slow.held(), 1_000, "all of them were held to the end");
  await slow.leave();
  // What else the machine did meanwhile is in both.
  for (let n = 0; n < ROUNDS; n += 1) alone.push(await round(running));
  const ratio = median(beside) / median(alone);
  context.diagnostic(
    `p99 alone ${median(alone).toFixed(1)} ms (${alone.length} rounds), beside 1,000 slow clients ${median(beside).toFixed(1)} ms (${beside.length} rounds): ratio ${ratio.toFixed(2)}`,
  );
  assert.ok(ratio <= 2, `the ratio is ${ratio.toFixed(2)}`);
});

test("2,000 hostile connections take a bounded piece of memory, give it back to the next 2,000, and leave room for a healthy client", {
  timeout: 400_000,
}, async (context) => {
  const bodies = 67_108_864;
  const running = await raise(context, { limits: { connections: 2_100, body_memory_bytes: bodies } });
  const { proxy, ca } = running;
  await round(running, 20);
  const resident = async (): Promise<number> => (await scrape(proxy.metricsPort)).value("process_resident_memory_bytes") ?? Number.NaN;
  const before = await resident();
  const peaks: number[] = [];
  for (let wave = 0; wave < 2; wave += 1) {
    const hostile = await holdHostileClients({
      port: proxy.port,
      ca,
      count: 2_000,
      habits: ["slow-connect", "slow-handshake", "slow-body", "big-body", "endless-head"],
      everyMs: 2_000,
    });
    let peak = 0;
    for (let n = 0; n < 4; n += 1) {
      await round(running, 20);
      peak = Math.max(peak, await resident());
    }
    peaks.push(peak);
    await hostile.leave();
  }
  const mebibytes = [before, ...peaks].map((bytes) => Math.round(bytes / 1_048_576));
  context.diagnostic(`resident: ${mebibytes[0]} MiB before, ${mebibytes[1]} and ${mebibytes[2]} MiB at the peaks of two waves of 2,000`);
  const [first = Number.NaN, second = Number.NaN] = peaks;
  // Twice what bodies may hold, since they are copied once, and 100 kB a connection for its TLS session and what is read of a head.
  assert.ok(first - before < 2 * bodies + 2_000 * 100_000, `${mebibytes.join(", ")} MiB`);
  assert.ok(second < 1.25 * first, `${mebibytes.join(", ")} MiB`);
});
