import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRecordStore } from "../src/record/record-store.js";
import { load, prepareArena, startGenerator } from "./load/arena.js";
import { type Arena, type Contender, cpuSeconds, residentMib, startOurs, startVendor } from "./load/contenders.js";
import { fillRecords } from "./load/records-fill.js";
import { clean, dirty, event, EVENT_HUB, keepAlive, log, type Scenario, SEGMENT } from "./load/scenarios.js";

/**
 * What a request costs as one thing grows: the body, the rules, the hosts, the open tunnels, the records in the store, the workers. Each
 * point is a proxy of its own on core 0 and the median of its rounds, with generator and vendor on core 1.
 *
 *   npm run bench -- curves      CURVES_ONLY=bodies,hosts CURVES_ROUNDS=5 CURVES_SCALE=1 CURVES_RECORDS=5000000 (the most records)
 */
const ROUNDS = Number(process.env["CURVES_ROUNDS"] ?? 5);
const SCALE = Number(process.env["CURVES_SCALE"] ?? 1);
const MOST_RECORDS = Number(process.env["CURVES_RECORDS"] ?? 1_000_000);
const WILD = "h{{host}}.vendor.example";
const PORT = 24_128;
/** A policy file may hold a million characters. */
const HOSTS_A_FILE = 2_500;
const HOSTS = [1, 10, 100, 1_000, 10_000];

interface Point {
  readonly cpuMicros: number;
  readonly p50: number;
  readonly mib: number;
}

/** One curve: its name, what its first column says, and its points. */
interface Curve {
  readonly name: string;
  readonly column: string;
  readonly points: readonly { readonly at: string; readonly size: number; readonly measure: (bench: Bench) => Promise<Point> }[];
}

interface Bench {
  readonly arena: Arena;
  readonly generator: ReturnType<typeof startGenerator>;
  readonly folder: string;
}

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const CURVES: readonly Curve[] = [
  {
    name: "bodies",
    column: "body",
    // Past 4 MB of random words some now and then spell what a rule looks for, and the body is refused.
    points: ([1, 8, 64, 512, 1_024, 4_096] as const).map((kib) => ({
      at: kib < 1_024 ? `${kib} kB` : `${kib / 1_024} MB`,
      size: kib,
      measure: (bench) =>
        withOurs(bench, { words: ["--rules", rulesFolder(bench, { bodyBytes: 16 << 20 })] }, async (ours) => {
          const bodies = kib === 1 ? [clean] : Array.from({ length: 4 }, () => event(log(kib * 480), log(kib * 480)));
          return rounds(bench, ours, { ...keepAlive, connections: 2, name: "", requests: Math.max(8, Math.round(4_000 / kib)), bodies });
        }),
    })),
  },
  {
    name: "rules",
    column: "rules beside the shipped ones",
    points: [0, 10, 100, 300, 1_000].map((count) => ({
      at: count.toLocaleString("en"),
      size: count,
      measure: (bench) =>
        withOurs(bench, { words: ["--rules", rulesFolder(bench, { rules: count })] }, (ours) =>
          rounds(bench, ours, { ...keepAlive, name: "", requests: 2_000, bodies: [clean] }),
        ),
    })),
  },
  {
    name: "hosts",
    column: "hosts that the policy names, one asked, a connection each",
    points: HOSTS.map((hosts) => ({ at: hosts.toLocaleString("en"), size: hosts, measure: (bench) => ofHosts(bench, hosts, 1) })),
  },
  {
    name: "hosts in turn",
    column: "hosts, asked in turn, a connection each",
    points: HOSTS.map((hosts) => ({ at: hosts.toLocaleString("en"), size: hosts, measure: (bench) => ofHosts(bench, hosts, hosts) })),
  },
  {
    name: "tunnels",
    column: "open idle tunnels",
    points: [0, 500, 1_000, 2_000, 3_500].map((idle) => ({
      at: idle.toLocaleString("en"),
      size: idle,
      measure: (bench) =>
        withOurs(bench, {}, (ours) => rounds(bench, ours, { ...keepAlive, name: "", requests: 2_000, bodies: [clean], idle })),
    })),
  },
  {
    name: "records",
    column: "records in the store, each request refused and recorded",
    points: [0, 10_000, 100_000, 1_000_000, 5_000_000]
      .filter((count) => count <= MOST_RECORDS)
      .map((count) => ({
        at: count.toLocaleString("en"),
        size: count,
        measure: async (bench) => {
          const dataDir = join(bench.folder, `ours-data-${PORT}`);
          rmSync(dataDir, { recursive: true, force: true });
          mkdirSync(dataDir, { recursive: true });
          await (await openRecordStore({ dataDir, logger: SILENT, clock: { now: () => Date.now() } })).close();
          if (count > 0) fillRecords(join(dataDir, "records.db"), count);
          return withOurs(bench, {}, (ours) =>
            rounds(bench, ours, { ...keepAlive, name: "", connections: 32, requests: 2_000, bodies: [dirty] }),
          );
        },
      })),
  },
  {
    // By CPU headroom: all workers on one core, so that neither generator nor vendor takes any of theirs. What n workers could do on n cores
    // is then n times the first row's cost over their own.
    name: "workers",
    column: "workers, all on one core",
    points: [1, 2].map((workers) => ({
      at: String(workers),
      size: workers,
      measure: (bench) =>
        withOurs(bench, { env: { EGRESS_PROXY_WORKERS: String(workers) } }, (ours) =>
          // The same for each, or two would be half as warm and find half as much waiting at a turn.
          rounds(bench, ours, { ...keepAlive, name: "", connections: 8 * workers, requests: 8_000 * workers, bodies: [clean] }),
        ),
    })),
  },
];

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "egress-curves-"));
  const arena = prepareArena(folder, [EVENT_HUB, SEGMENT, "*.vendor.example"]);
  const bench = { arena: { ...arena, hosts: [EVENT_HUB, SEGMENT] }, generator: startGenerator(), folder };
  const vendor = await startVendor(arena);
  try {
    for (const curve of CURVES.filter(({ name }) => process.env["CURVES_ONLY"]?.split(",").includes(name) ?? true)) {
      process.stdout.write(
        `\n### ${curve.name}\n\n| ${curve.column} | CPU µs a request | × the first | p50 ms | RSS MiB |\n|---|---|---|---|---|\n`,
      );
      let first: number | undefined;
      for (const { at, measure } of curve.points) {
        const { cpuMicros, p50, mib } = await measure(bench);
        first ??= cpuMicros;
        process.stdout.write(
          `| ${at} | ${cpuMicros.toFixed(0)} | ${(cpuMicros / first).toFixed(2)} | ${p50.toFixed(2)} | ${mib.toFixed(0)} |\n`,
        );
      }
    }
  } finally {
    vendor.kill("SIGKILL");
    bench.generator.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withOurs(bench: Bench, options: Parameters<typeof startOurs>[2], work: (ours: Contender) => Promise<Point>): Promise<Point> {
  const ours = await startOurs(bench.arena, PORT, options);
  try {
    return await work(ours);
  } finally {
    const gone = new Promise((resolve) => ours.process.once("exit", resolve));
    ours.process.kill("SIGKILL");
    await gone;
  }
}

/** A policy of so many hosts, of which some are asked in turn. */
function ofHosts(bench: Bench, hosts: number, asked: number): Promise<Point> {
  const options = { words: ["--rules", rulesFolder(bench, { hosts })], env: { EGRESS_PROXY_OVERLAYS: overlays(hosts) } };
  return withOurs(bench, options, async (ours) => {
    const scenario: Scenario = { ...keepAlive, mode: "each", name: "", host: WILD, hosts: asked, requests: 1_500, bodies: [clean] };
    // Each of them is met once before anything is counted: pools, tickets and leaves are then those of a proxy that has run for a while.
    await load(bench.generator, ours, { ...scenario, requests: asked });
    return rounds(bench, ours, scenario);
  });
}

/** The medians of the rounds, after one that isn't counted. */
async function rounds(bench: Bench, ours: Contender, scenario: Scenario): Promise<Point> {
  const pid = ours.process.pid ?? 0;
  const requests = Math.max(8, Math.round(scenario.requests * SCALE));
  const points: Point[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = cpuSeconds(pid);
    const { latencies, statuses } = await load(bench.generator, ours, { ...scenario, requests });
    const cpuMicros = ((cpuSeconds(pid) - before) * 1e6) / requests;
    const odd = Object.keys(statuses).filter((status) => status !== "200" && status !== (scenario.bodies[0] === dirty ? "403" : "200"));
    if (odd.length > 0) throw new Error(`Answers other than planned: ${JSON.stringify(statuses)}`);
    if (round > 0) points.push({ cpuMicros, p50: median(latencies), mib: residentMib(pid) });
  }
  const of = (pick: (point: Point) => number): number => median(points.map(pick));
  return { cpuMicros: of((point) => point.cpuMicros), p50: of((point) => point.p50), mib: of((point) => point.mib) };
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

const overlays = (hosts: number): string =>
  Array.from({ length: Math.ceil(hosts / HOSTS_A_FILE) }, (_, at) => `hosts-${at * HOSTS_A_FILE}`).join(",");

/** The shipped rules with one thing larger: bodies that are let in, rules, or hosts of the event collection. */
function rulesFolder(bench: Bench, { bodyBytes, rules = 0, hosts = 0 }: { bodyBytes?: number; rules?: number; hosts?: number }): string {
  const folder = join(bench.folder, `rules-${bodyBytes ?? 0}-${rules}-${hosts}`);
  cpSync("rules", folder, { recursive: true });
  const file = join(folder, "policy.yaml");
  let policy = readFileSync(file, "utf8");
  if (bodyBytes !== undefined) {
    policy = policy.replace(/body_bytes: \d+.*/, `body_bytes: ${bodyBytes}\n  nodes: 2000000\n  inspection_ms: 60000`);
    const names = join(folder, "schemas", "names.yaml");
    const log = "    x-sensitivity: free-json\n";
    writeFileSync(names, readFileSync(names, "utf8").replace(`${log}`, `${log}    x-bounds: { keys: 10000 }\n`));
  }
  writeFileSync(file, policy);
  for (let index = 0; index < hosts; index += HOSTS_A_FILE) {
    const more = Array.from({ length: Math.min(HOSTS_A_FILE, hosts - index) }, (_, at) => destination(index + at, bench.arena));
    writeFileSync(join(folder, "overlays", `hosts-${index}.yaml`), `cases:\n  event-collection:\n    destinations:\n${more.join("")}`);
  }
  for (let index = 0; index < rules; index += 1) writeFileSync(join(folder, "secret", `bench-${index}.yaml`), rule(index));
  return folder;
}

function destination(index: number, { upstreamAddress, upstreamPort }: Arena): string {
  return `      - name: host-${index}
        host: h${index}.vendor.example
        connect: ${upstreamAddress}:${upstreamPort}
        routes: [{ methods: [POST], path: /api/walrus/eventhub/new, content_types: [application/json], schema: event-hub }]
`;
}

/** Of three kinds in turn, as operators write them: a token behind its word, a number form, a form beside context words. */
function rule(index: number): string {
  const word = `k${index.toString(36)}z`;
  const number = String(1_000 + index);
  const kinds = [
    {
      keywords: `[${word}key]`,
      triggers: "",
      pattern: `${word}key=([a-z0-9]{12,40})`,
      match: `${word}key=abcd1234efgh5678`,
      pass: `${word}key=`,
    },
    {
      keywords: "",
      triggers: `["${number}"]`,
      pattern: `\\\\b[A-Z]{3}-${number}-[0-9]{6}\\\\b`,
      match: `ABC-${number}-123456`,
      pass: `ABC-${number}-12`,
    },
    {
      keywords: `[${word}]`,
      triggers: "",
      pattern: `\\\\b${word}[ :]+[0-9]{5}[A-Z]\\\\b`,
      match: `${word}: 12345A`,
      pass: `${word}: none`,
    },
  ] as const;
  const kind = kinds[index % 3] ?? kinds[0];
  return `id: secret/bench-${index}
title: Benchmark ${index}
why: "The text holds what benchmark rule ${index} looks for."
${kind.keywords === "" ? `triggers: ${kind.triggers}` : `keywords: ${kind.keywords}`}
patterns:
  - "${kind.pattern}"
examples:
  match: ["${kind.match}", "see ${kind.match}", "(${kind.match})"]
  pass: ["${kind.pass}", "see ${kind.pass}", "nothing"]
`;
}

await main();
