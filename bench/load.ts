import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, prepareArena, startGenerator } from "./load/arena.js";
import { chart } from "./load/chart.js";
import {
  type Contender,
  cpuSeconds,
  residentMib,
  startBare,
  startHaproxy,
  startMitmproxy,
  startOurs,
  startSquid,
  startVendor,
} from "./load/contenders.js";
import { type Scenario, SCENARIOS } from "./load/scenarios.js";

/**
 * Side by side in one run: ours with everything on, a bare undici proxy that reads nothing, Squid with ssl_bump and no inspection, mitmproxy,
 * HAProxy re-encrypting. Proxy on core 0, generator and upstream on core 1; rounds interleaved; medians. The main figure is the proxy's CPU a
 * request from /proc, children included.
 *
 *   npm run bench -- load        BENCH_ROUNDS=5 BENCH_SCALE=1 BENCH_ONLY=keep-alive BENCH_WITH='ours,bare undici' BENCH_OUT=docs/performance
 *   BENCH_PROFILE=/tmp/profiles writes V8's CPU profiles of ours there, one a thread
 *   BENCH_MOST=4 exits 1 where ours takes more than four times the bare undici proxy's CPU: the guard in .ci/run, loose enough not to flake
 */
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const SCALE = Number(process.env["BENCH_SCALE"] ?? 1);

interface Figure {
  readonly cpuMicros: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly mib: number;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "egress-bench-"));
  const arena = prepareArena(folder);
  const vendor = await startVendor(arena);
  const caPem = readFileSync(arena.upstreamCa, "utf8");
  const generator = startGenerator();
  const contenders: Contender[] = [];
  const figures = new Map<string, Map<string, Figure[]>>();
  try {
    const starts: readonly (readonly [string, () => Promise<Contender | undefined>])[] = [
      ["ours", () => startOurs(arena, 23_128)],
      ["bare undici", () => startBare(arena, 23_138)],
      ["Squid", () => startSquid(arena, 23_148)],
      ["mitmproxy", () => startMitmproxy(arena, 23_158)],
      ["HAProxy", () => startHaproxy(arena, 23_168)],
    ];
    const wanted = process.env["BENCH_WITH"]?.split(",");
    const chosen = starts.filter(([name]) => wanted?.includes(name) ?? true);
    for (const start of await Promise.allSettled(chosen.map(([, begin]) => begin()))) {
      if (start.status === "rejected") throw start.reason;
      if (start.value !== undefined) contenders.push(start.value);
    }
    for (const scenario of SCENARIOS.filter(
      ({ name }) => process.env["BENCH_ONLY"] === undefined || name.includes(process.env["BENCH_ONLY"]),
    )) {
      const direct = { name: "direct", host: arena.upstreamAddress, port: arena.upstreamPort, viaConnect: false, process: vendor, caPem };
      const taking = [direct, ...contenders].filter(({ name }) => scenario.only?.includes(name) ?? name !== "direct");
      for (const contender of taking)
        await load(generator, contender, { ...scenario, requests: Math.min(300, scenario.requests), idle: 0, rate: 0 });
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const contender of taking) {
          const figure = await measure(generator, contender, scenario);
          const row = figures.get(scenario.name) ?? new Map<string, Figure[]>();
          row.set(contender.name, [...(row.get(contender.name) ?? []), figure]);
          figures.set(scenario.name, row);
          process.stderr.write(
            `${scenario.name} · ${contender.name} · round ${round + 1}: ${figure.cpuMicros.toFixed(0)} µs CPU, ${figure.rate.toFixed(0)}/s\n`,
          );
        }
      }
    }
  } finally {
    // A profile is written at the end of a process that ends by itself.
    if (process.env["BENCH_PROFILE"] !== undefined) await Promise.all(contenders.map(({ process: child }) => ended(child)));
    for (const { process: child } of contenders) child.kill("SIGKILL");
    vendor.kill("SIGKILL");
    generator.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    // What Squid shares with itself outlives a kill.
    for (const name of existsSync("/dev/shm") ? readdirSync("/dev/shm") : [])
      if (name.startsWith(`bench${process.pid}-`)) rmSync(join("/dev/shm", name));
  }
  const report = table(figures);
  process.stdout.write(`${report}\n`);
  guard(figures);
  const out = process.env["BENCH_OUT"];
  if (out === undefined) return;
  writeFileSync(
    `${out}.json`,
    JSON.stringify(Object.fromEntries([...figures].map(([name, row]) => [name, Object.fromEntries(row)])), null, 2),
  );
  const compared = [...figures].filter(([, row]) => row.size > 2 && !row.has("direct"));
  const medians = compared.map(
    ([name, row]) => [name, new Map([...row].map(([proxy, rounds]) => [proxy, median(rounds.map(({ cpuMicros }) => cpuMicros))]))] as const,
  );
  writeFileSync(`${out}.svg`, chart(new Map(medians), "CPU a request, microseconds (logarithmic)"));
}

function ended(child: ChildProcess): Promise<unknown> {
  child.kill("SIGTERM");
  return new Promise((resolve) => child.once("exit", resolve));
}

async function measure(generator: ChildProcess, contender: Contender, scenario: Scenario): Promise<Figure> {
  // At mitmproxy's speed the others would wait for it.
  const slow = contender.name === "mitmproxy" ? 0.1 : 1;
  const requests = Math.max(100, Math.round(scenario.requests * SCALE * slow));
  const pid = contender.process.pid ?? 0;
  const before = cpuSeconds(pid);
  const { seconds, latencies, statuses } = await load(generator, contender, { ...scenario, requests });
  const cpu = cpuSeconds(pid) - before;
  const wanted = contender.name === "ours" ? (scenario.refused ?? 0) : 0;
  const refused = (statuses["403"] ?? 0) / requests;
  // Of a mixture each connection begins with its own body, so that a short run is a little off.
  const isOff = Math.abs(refused - wanted) > (wanted > 0 && wanted < 1 ? 0.02 : 0);
  if (isOff || (statuses["200"] ?? 0) + (statuses["403"] ?? 0) !== requests)
    throw new Error(
      `${contender.name} answered ${JSON.stringify(statuses)} to "${scenario.name}", of which it was to refuse ${wanted * 100} %.`,
    );
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { cpuMicros: (cpu * 1e6) / requests, rate: requests / seconds, p50: at(0.5), p99: at(0.99), mib: residentMib(pid) };
}

function table(figures: ReadonlyMap<string, ReadonlyMap<string, readonly Figure[]>>): string {
  const lines: string[] = [];
  for (const [scenario, row] of figures) {
    const ours = median((row.get("ours") ?? []).map((figure) => figure.cpuMicros));
    lines.push(
      "",
      `### ${scenario}`,
      "",
      "| proxy | CPU µs a request | ours ÷ it | requests/s | p50 ms | p99 ms | RSS MiB |",
      "|---|---|---|---|---|---|---|",
    );
    for (const [name, rounds] of row) {
      const of = (pick: (figure: Figure) => number): number => median(rounds.map(pick));
      const cpu = of((figure) => figure.cpuMicros);
      lines.push(
        `| ${name} | ${cpu.toFixed(0)} | ${(ours / cpu).toFixed(2)} | ${of((figure) => figure.rate).toFixed(0)} | ${of((figure) => figure.p50).toFixed(2)} | ${of((figure) => figure.p99).toFixed(2)} | ${of((figure) => figure.mib).toFixed(0)} |`,
      );
    }
  }
  return lines.join("\n");
}

/** Fails where a change made ours dearer than the floor in Node allows. */
function guard(figures: ReadonlyMap<string, ReadonlyMap<string, readonly Figure[]>>): void {
  const most = Number(process.env["BENCH_MOST"] ?? Number.POSITIVE_INFINITY);
  for (const [scenario, row] of figures) {
    const [ours, bare] = ["ours", "bare undici"].map((name) => median((row.get(name) ?? []).map(({ cpuMicros }) => cpuMicros)));
    const ratio = (ours ?? Number.NaN) / (bare ?? Number.NaN);
    if (ratio <= most || Number.isNaN(ratio)) continue;
    process.stderr.write(
      `${scenario}: ours takes ${ratio.toFixed(2)} times the CPU of a proxy that reads nothing; at most ${most} is agreed.\n`,
    );
    process.exitCode = 1;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Whatever was started and not yet known when another start failed ends with us.
process.exit();
