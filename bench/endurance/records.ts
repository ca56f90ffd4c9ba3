import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { openRecordArchive, type RecordArchive } from "../../src/record/record-archive.js";
import { openRecordStore } from "../../src/record/record-store.js";
import { prepareInstallation } from "../../test/support/installation.js";
import { spawnProxy } from "../../test/support/proxy-process.js";
import { finding, transfer } from "../../test/record/sample.js";
import { cpuSeconds } from "../load/contenders.js";
import { Ledger, wished } from "./ledger.js";

/**
 * What five million records cost those who work with them: a page of the list, searches, report, export, verification, pruning and a start,
 * on one SQLite store that grows through the given sizes. Every record is written by the store itself, chain and all.
 *
 *   node dist/bench/endurance/records.js --sizes 50000,500000,5000000
 */
const wish = wished({ out: ".endurance", sizes: "50000,500000,5000000" });
/** Milliseconds by the clock, and of CPU: a busy machine shows in the one and not in the other. */
const cost = z.strictObject({ ms: z.number(), cpuMs: z.number().default(0), mib: z.number().optional(), count: z.number().optional() });
type Cost = z.output<typeof cost>;
const ledger = new Ledger(
  "records",
  z.strictObject({
    bytes: z.record(z.string(), z.number()).default({}),
    sizes: z.record(z.string(), z.record(z.string(), cost)).default({}),
  }),
  wish,
);
const { state } = ledger;
const dataDir = join(ledger.folder, "data");
const sizes = wish.sizes.split(",").map(Number);
const CLI = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** Ten commits' worth, so that the store never waits for the next. */
const GROUP = 5_000;
const DAY_MS = 86_400_000;
/** The records' times: the newest is of now, each of the others this much older than the next. */
const SPREAD_DAYS = 40;
/** What a page and a search by an index may grow by from the least size to the greatest. */
const FLAT = { times: 3, ms: 25 };
/** How much more than in proportion the rest may grow, tenfold by tenfold: a logarithm for the indexes, and noise. */
const LINEAR = 1.6;
const FLAT_ONES = [
  "list",
  "list, 20,000 down",
  "list by case",
  "list by status, rare",
  "list by rule, common",
  "list by rule, rare",
  "search by id",
  "search, common",
];

for (const size of sizes) {
  if (ledger.stopping) break;
  await fill(size);
  if (ledger.stopping) break;
  await measure(size);
}
judge();
ledger.end(!ledger.stopping);

/** Writes what is missing up to that many, in groups as a flood would come. */
async function fill(size: number): Promise<void> {
  if (state.sizes[size] !== undefined) return;
  let time = 0;
  const store = await openRecordStore({
    dataDir,
    logger: SILENT,
    clock: { now: () => time || Date.now() },
    deadlineMs: 600_000,
    distinctPerClient: 1e9,
    checkpointMs: 3_600_000,
  });
  try {
    let present = await count();
    const started = Date.now();
    const before = present;
    for (let group = 0; present < size && !ledger.stopping; group += 1) {
      time = Math.round(Date.now() - SPREAD_DAYS * DAY_MS * (1 - present / Math.max(...sizes)));
      const outcomes = await Promise.all(
        Array.from({ length: Math.min(GROUP, size - present) }, (_, n) => store.write(record(present + n, Math.round(time + n / 2)))),
      );
      if (outcomes.some(({ durability }) => durability !== "stored")) throw new Error("A record was not stored.");
      present += outcomes.length;
      if (group % 10 === 0)
        ledger.say(`${present} of ${size} records, ${Math.round((present - before) / Math.max(1, (Date.now() - started) / 1_000))}/s`);
    }
  } finally {
    await store.close();
  }
}

/** One in a hundred thousand is rare; the rest are what Segment's tracks make. */
function record(n: number, at: number): ReturnType<typeof transfer> {
  const rare = n % 100_000 === 77;
  return transfer({
    at,
    client: `10.0.${n % 7}.${n % 200}`,
    caseName: n % 50 === 0 ? "licensing" : "event-collection",
    findings: [{ ...finding, rule: rare ? "secret/rare" : "pii/email", pointer: `/batch/${n % 20}/properties/email` }],
    transferred: n % 100_000 === 5,
  });
}

async function count(): Promise<number> {
  return archived(async ({ db }) =>
    Number(
      (
        await db
          .selectFrom("record_counts")
          .select((column) => column.fn.sum("count").as("sum"))
          .executeTakeFirst()
      )?.sum ?? 0,
    ),
  );
}

async function archived<Result>(work: (archive: RecordArchive) => Promise<Result>): Promise<Result> {
  const archive = await openRecordArchive(dataDir, undefined);
  try {
    return await work(archive);
  } finally {
    await archive.close();
  }
}

async function measure(size: number): Promise<void> {
  if (state.sizes[size] !== undefined) return;
  const costs: Record<string, Cost> = {};
  const note = (name: string, one: Cost): void => {
    costs[name] = one;
    ledger.say(
      `${size} records: ${name} ${one.ms.toFixed(1)} ms, ${one.cpuMs.toFixed(1)} of CPU${one.mib === undefined ? "" : `, ${one.mib} MiB`}${one.count === undefined ? "" : `, ${one.count}`}`,
    );
  };
  state.bytes[size] = readdirSync(dataDir).reduce(
    (sum, name) => sum + (name.startsWith("records.db") ? statSync(join(dataDir, name)).size : 0),
    0,
  );
  await archived(async ({ reader }) => {
    const page = async (name: string, filter: Parameters<typeof reader.list>[0]): Promise<void> =>
      note(name, await medianOf(async () => (await reader.list(filter)).items.length));
    const first = await reader.list({ limit: 1 });
    let deep = first.next;
    for (let n = 0; n < 20 && deep !== undefined; n += 1) deep = (await reader.list({ cursor: deep, limit: 1_000 })).next;
    await page("list", {});
    await page("list, 20,000 down", { cursor: deep });
    await page("list by case", { case: "licensing" });
    await page("list by status, rare", { status: "reported" });
    await page("list by rule, common", { rule: "pii/email" });
    await page("list by rule, rare", { rule: "secret/rare" });
    await page("search by id", { text: first.items[0]?.id });
    await page("search, common", { text: "segment" });
    await page("search, none", { text: "no such text" });
  });
  note("start of the proxy", await startUp());
  note("verify", await command("records", "verify", "--data", dataDir));
  note("export, NDJSON", await command("records", "export", "--format", "ndjson", "--data", dataDir));
  note("report of all, Markdown", await command("report", "--since", `${SPREAD_DAYS + 1}d`, "--data", dataDir));
  // The oldest tenth, by when it was written.
  const age = SPREAD_DAYS * DAY_MS * (1 - (0.1 * size) / Math.max(...sizes));
  note("prune of a tenth", await command("records", "prune", "--older-than", `${Math.floor(age / 60_000)}m`, "--data", dataDir));
  state.sizes[size] = costs;
  ledger.keep(true);
}

async function medianOf(work: () => Promise<number>): Promise<Cost> {
  const times: number[] = [];
  const cpu: number[] = [];
  let found = 0;
  for (let round = 0; round < 9; round += 1) {
    const started = performance.now();
    const before = process.cpuUsage();
    found = await work();
    const { user, system } = process.cpuUsage(before);
    times.push(performance.now() - started);
    cpu.push((user + system) / 1_000);
  }
  const middle = (values: number[]): number => values.sort((one, other) => one - other)[4] ?? 0;
  return { ms: middle(times), cpuMs: middle(cpu), count: found };
}

/** The real command to its end, its output thrown away but counted. @throws where it fails */
function command(...words: readonly string[]): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, [CLI, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let lines = 0;
    let said = "";
    let mib = 0;
    let cpuMs = 0;
    const watch = setInterval(() => {
      mib = Math.max(mib, peakMib(child.pid ?? 0));
      cpuMs = Math.max(cpuMs, cpuSeconds(child.pid ?? 0) * 1_000);
    }, 100);
    child.stdout.on("data", (piece: Buffer) => {
      for (const byte of piece) if (byte === 0x0a) lines += 1;
    });
    child.stderr.on("data", (piece: Buffer) => (said = (said + piece.toString()).slice(-2_000)));
    child.once("close", (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ ms: performance.now() - started, cpuMs, mib, count: lines });
      else reject(new Error(`${words.slice(0, 2).join(" ")} ended with ${code}: ${said}`));
    });
  });
}

/** The most that a process had resident, MiB. */
function peakMib(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

async function startUp(): Promise<Cost> {
  const installation = await prepareInstallation({ settings: { data: dataDir, log: { level: "error" } } });
  try {
    const times: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const started = performance.now();
      const proxy = await spawnProxy(installation.settingsFile);
      times.push(performance.now() - started);
      cpu.push(cpuSeconds(proxy.pid) * 1_000);
      proxy.kill("SIGTERM");
      await proxy.exited;
    }
    return { ms: times.sort((one, other) => one - other)[1] ?? 0, cpuMs: cpu.sort((one, other) => one - other)[1] ?? 0 };
  } finally {
    await installation.remove();
  }
}

function judge(): void {
  const measured = sizes.filter((size) => state.sizes[size] !== undefined);
  const [least, most] = [measured[0], measured.at(-1)];
  if (least === undefined || most === undefined) return;
  for (const name of Object.keys(state.sizes[most] ?? {})) {
    const of = (size: number): number => state.sizes[size]?.[name]?.cpuMs ?? Number.NaN;
    const seen = measured.map((size) => `${size}: ${of(size).toFixed(1)} ms of CPU`).join(", ");
    if (FLAT_ONES.includes(name) || name === "start of the proxy")
      ledger.claim(`${name} is flat`, of(most) <= FLAT.times * of(least) + FLAT.ms, seen);
    else
      for (const [index, size] of measured.entries()) {
        const before = measured[index - 1];
        if (before !== undefined)
          ledger.claim(
            `${name} grows no faster than the records, from ${before} to ${size}`,
            of(size) <= (LINEAR * of(before) * size) / before,
            seen,
          );
      }
  }
}
