import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { z } from "zod";
import { promoteAuthority, retirePrevious, stageAuthority } from "../../src/tls/authority-rotation.js";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { AttackConnection, openSocket, openTunnel, secure } from "../../test/bypass/client.js";
import { Dice, fuzzedMessage } from "../../test/fuzz/mutations.js";
import { prepareInstallation } from "../../test/support/installation.js";
import { spawnProxy } from "../../test/support/proxy-process.js";
import { scrape } from "../../test/support/running-proxy.js";
import { runLoad } from "../load/client.js";
import { cpuSeconds, residentMib } from "../load/contenders.js";
import { EVENT_HUB, SCENARIOS } from "../load/scenarios.js";
import { startCluster } from "./cluster.js";
import { Ledger, wished } from "./ledger.js";

/**
 * Two million requests through one proxy with PostgreSQL behind it: one in ten refused, half of those bodies new and half known; one in a
 * hundred hostile; five reloads of the policy, two rotations of the CA, three restarts of the database on the way.
 *
 *   node dist/bench/endurance/soak.js --requests 2000000
 *
 * A stopped run goes on counting where it was, on the same records, but with a new proxy: memory is judged within each leg of at least
 * twice the warm-up, so only a run in one piece backs the claim for all of it.
 */
const wish = wished({ out: ".endurance", requests: "2000000", slice: "10000", warm: "50000" });
const slice = z.strictObject({
  requests: z.number(),
  mib: z.number(),
  /** Of JavaScript's heap, garbage and all: what the least of many slices says is alive. */
  heapMib: z.number().optional(),
  descriptors: z.number(),
  p50: z.number(),
  p99: z.number(),
  cpuMicros: z.number(),
  leg: z.number(),
});
const ledger = new Ledger(
  "soak",
  z.strictObject({
    requests: z.number().default(0),
    refused: z.number().default(0),
    hostile: z.number().default(0),
    reloads: z.number().default(0),
    rotations: z.number().default(0),
    restarts: z.number().default(0),
    legs: z.number().default(0),
    slices: z.array(slice).default([]),
    /** Records and bytes of the database, taken after each slice. */
    store: z.array(z.strictObject({ records: z.number(), occurrences: z.number(), bytes: z.number() })).default([]),
    home: z.string().default(`/tmp/egress-soak-${process.pid}`),
  }),
  wish,
);
const { state } = ledger;
const goal = Number(wish.requests);
const size = Number(wish.slice);
const warm = Number(wish.warm);
const data = join(ledger.folder, "data");
const HOSTILE_AT_ONCE = 8;
const MESSAGES = 8;
/** The refused bodies that come again and again. */
const KNOWN = 20;
/** What is resident may be over what it was after the warm-up. */
const GROWTH = 1.2;
/** How far the store may be from what its second 50,000 requests say of it. */
const OFF = 0.2;
const faults: string[] = [];

const postgres = await startCluster(state.home, state.requests > 0);
const url = await postgres.database("records");
const installation = await prepareInstallation({
  policy: (text) => `${text}\n# soak\n`,
  settings: {
    data,
    store: { url },
    records: { distinct_per_client: 1_000_000 },
    limits: { connections_per_client: 2_000 },
    timeouts: { headers_ms: 2_000, body_ms: 2_000 },
    reload: { every_ms: 0 },
    log: { level: "error" },
  },
});
const proxy = await spawnProxy(installation.settingsFile);
let ca = readFileSync(join(installation.certs, "ca.crt"), "utf8");
state.legs += 1;
const scenario = SCENARIOS.find(({ name }) => name === "10 % refused");
if (scenario === undefined) throw new Error("There is no such scenario.");
const [dirty = "", clean = ""] = scenario.bodies;
const { path, headers } = scenario;
const rules = installation.rules ?? "";
const dice = new Dice(state.requests + 1);

/** What happens on the way, each spread evenly over the whole, and each under load. */
const EVENTS: readonly { readonly name: string; readonly count: number; readonly done: () => number; readonly run: () => Promise<void> }[] =
  [
    { name: "reload of the policy", count: 5, done: () => state.reloads, run: reload },
    { name: "rotation of the CA", count: 2, done: () => state.rotations, run: rotate },
    { name: "restart of the database", count: 3, done: () => state.restarts, run: restart },
  ];

try {
  while (state.requests < goal && !ledger.stopping && faults.length === 0) {
    const due = EVENTS.find(({ count, done }) => done() < count && state.requests >= (goal * (done() + 1)) / (count + 1));
    await oneSlice(due);
    ledger.keep(true);
  }
} catch (error) {
  faults.push(error instanceof Error ? error.message : "unknown");
} finally {
  proxy.kill("SIGTERM");
  const { code, stderr } = await proxy.exited;
  if (code !== 0) faults.push(`the proxy ended with ${code}: ${stderr.slice(-500)}`);
  await verified();
  await installation.remove();
  await postgres.stop();
}
judge();
ledger.end(state.requests >= goal);

async function oneSlice(due: (typeof EVENTS)[number] | undefined): Promise<void> {
  const before = cpuSeconds(proxy.pid);
  const number = Math.floor(state.requests / size);
  if (due?.run === rotate) await stage();
  // Of twenty bodies one is refused and new, one refused and known; the rest are clean.
  const bodies = Array.from({ length: 20 }, (_, n) =>
    n === 0 ? asking(`for ${randomUUID().slice(0, 8)}`) : n === 10 ? asking(`again ${number % KNOWN}`).replaceAll("{{n}}", "7") : clean,
  );
  const [{ latencies, statuses }, hostile] = await Promise.all([
    runLoad({
      host: EVENT_HUB,
      path,
      headers,
      bodies,
      requests: size,
      connections: 8,
      mode: number % 10 === 9 ? "each" : "keep-alive",
      proxyHost: "127.0.0.1",
      proxyPort: proxy.port,
      viaConnect: true,
      caPem: ca,
      rate: 0,
      idle: 0,
    }),
    hostileRequests(Math.round(size / 100)),
    due?.run(),
  ]);
  if (due !== undefined) ledger.say(`${due.name}, under load`);
  const refused = statuses["403"] ?? 0;
  if ((statuses["200"] ?? 0) + refused !== size || Math.abs(refused - size / 10) > size / 1_000)
    faults.push(`after ${state.requests} requests: ${JSON.stringify(statuses)}`);
  installation.vendor.received.length = 0;
  state.requests += size + hostile;
  state.refused += refused;
  state.hostile += hostile;
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  // Lingering connections end within a second.
  await pause(1_500);
  const now = {
    requests: state.requests,
    mib: Math.round(residentMib(proxy.pid)),
    heapMib: Math.round(((await scrape(proxy.metricsPort)).value("nodejs_heap_size_used_bytes") ?? 0) / 1_048_576),
    descriptors: readdirSync(`/proc/${proxy.pid}/fd`).length,
    p50: at(0.5),
    p99: at(0.99),
    cpuMicros: Math.round(((cpuSeconds(proxy.pid) - before) * 1e6) / (size + hostile)),
    leg: state.legs,
  };
  state.slices.push(now);
  const stored = await storeSize();
  state.store.push(stored);
  ledger.say(
    `${now.requests} requests, ${state.refused} refused, ${state.hostile} hostile: ${now.mib} MiB, ${now.heapMib} of heap, ${now.descriptors} descriptors, p99 ${now.p99.toFixed(1)} ms, ${now.cpuMicros} us CPU, ${stored.records} records, ${Math.round(stored.bytes / 1_048_576)} MiB`,
  );
}

function asking(mark: string): string {
  return dirty.replace('"ask ', `"ask ${mark} `);
}

/** Bent messages on connections of their own. @returns how many were sent */
async function hostileRequests(count: number): Promise<number> {
  let sent = 0;
  let late = 0;
  const client = async (): Promise<void> => {
    while (sent < count && !ledger.stopping) {
      const socket = await openSocket(proxy.port);
      try {
        await openTunnel(socket, Buffer.from(`CONNECT ${EVENT_HUB}:443 HTTP/1.1\r\nHost: ${EVENT_HUB}:443\r\n\r\n`));
        const session = await secure(socket, { serverName: EVENT_HUB, alpn: undefined, version: undefined, caPem: ca });
        if (session === undefined) continue;
        const connection = new AttackConnection(session);
        for (let n = 0; n < MESSAGES && sent < count; n += 1) {
          sent += 1;
          await connection.send(fuzzedMessage(dice), undefined);
          if ((await connection.answer()) === undefined) break;
        }
      } catch (error) {
        // Whether a hang is one, `fuzz.ts` finds out; here the machine may be busy with the load.
        late += 1;
        if (late > count / 10) throw error;
      } finally {
        socket.destroy();
      }
    }
  };
  await Promise.all(Array.from({ length: HOSTILE_AT_ONCE }, client));
  return sent;
}

/** Half a second into the slice, when all its connections stand. */
async function reload(): Promise<void> {
  await pause(500);
  const before = (await scrape(proxy.metricsPort)).value('egress_policy_reload_total{result="ok"}') ?? 0;
  writeFileSync(join(rules, "policy.yaml"), `${readFileSync(join(rules, "policy.yaml"), "utf8")}# ${state.reloads}\n`);
  await signalled(before);
  state.reloads += 1;
}

/** The next CA is made and handed out before the slice begins. */
async function stage(): Promise<void> {
  await stageAuthority(installation.certs, Date.now(), undefined);
  ca += readFileSync(join(installation.certs, "ca.next.crt"), "utf8");
}

async function rotate(): Promise<void> {
  await pause(500);
  const before = (await scrape(proxy.metricsPort)).value('egress_policy_reload_total{result="ok"}') ?? 0;
  await promoteAuthority(installation.certs, Date.now());
  await signalled(before);
  await retirePrevious(installation.certs);
  state.rotations += 1;
}

async function signalled(before: number): Promise<void> {
  proxy.kill("SIGHUP");
  for (let tries = 0; tries < 600; tries += 1) {
    if (((await scrape(proxy.metricsPort)).value('egress_policy_reload_total{result="ok"}') ?? 0) > before) return;
    await pause(100);
  }
  throw new Error("A reload never came to its end.");
}

async function restart(): Promise<void> {
  await pause(500);
  await postgres.stop();
  await pause(2_000);
  await postgres.start();
  state.restarts += 1;
}

async function storeSize(): Promise<{ records: number; occurrences: number; bytes: number }> {
  const archive = await openRecordArchive(data, url);
  try {
    const sums = await archive.db
      .selectFrom("incidents")
      .select((column) => [column.fn.sum("records").as("records"), column.fn.sum("occurrences").as("occurrences")])
      .executeTakeFirst();
    const { rows } = await sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`.execute(archive.db);
    return { records: Number(sums?.records ?? 0), occurrences: Number(sums?.occurrences ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
  } finally {
    await archive.close();
  }
}

/** What the spool took while the database was away is drained at the proxy's end, or at the next start; then all of it must add up. */
async function verified(): Promise<void> {
  const archive = await openRecordArchive(data, url);
  try {
    const { faults: broken } = await archive.verify("");
    for (const { what } of broken) faults.push(what);
  } finally {
    await archive.close();
  }
  // A leg ends after whole slices, so that every refusal was told; hostile ones are records too.
  const { occurrences } = await storeSize();
  if (occurrences < state.refused) faults.push(`${state.refused} refusals were told, ${occurrences} are counted`);
}

function judge(): void {
  ledger.claim(
    "every request is answered, every refusal is on record, the chain verifies",
    faults.length === 0 && state.requests > 0,
    `${state.requests} requests, ${state.refused} refused, ${state.hostile} hostile; ${state.reloads} reloads, ${state.rotations} rotations, ${state.restarts} restarts; ${faults.slice(0, 5).join("; ") || "no fault"}`,
  );
  for (let leg = 1; leg <= state.legs; leg += 1) {
    const slices = state.slices.filter((one) => one.leg === leg);
    const begun = (slices[0]?.requests ?? 0) - size;
    const warmed = slices.filter(({ requests }) => requests - begun >= warm);
    if (warmed.length < 6) continue;
    // A collection of the whole heap comes once in several slices, and takes a third of what is resident: three slices say nothing.
    const third = Math.floor(warmed.length / 3);
    const early = warmed.slice(0, Math.min(10, third));
    const late = warmed.slice(-Math.min(10, third));
    const of = (some: typeof slices, pick: (one: z.output<typeof slice>) => number): number => median(some.map(pick));
    const named = `leg ${leg}, ${(slices.at(-1)?.requests ?? 0) - begun} requests`;
    const mib = [of(early, ({ mib: one }) => one), of(late, ({ mib: one }) => one)] as const;
    ledger.claim(
      `resident memory stays within 20 % of what it was after ${warm} requests (${named})`,
      mib[1] <= GROWTH * mib[0],
      `${mib[0]} MiB, then ${mib[1]} MiB`,
    );
    const [alive, aliveLate] = [early, late].map((some) => Math.min(...some.map(({ heapMib }) => heapMib ?? 0)));
    if (alive !== undefined && aliveLate !== undefined && alive > 0)
      ledger.claim(
        `what lives on in JavaScript's heap is flat (${named})`,
        aliveLate <= GROWTH * alive,
        `${alive} MiB, then ${aliveLate} MiB`,
      );
    const open = [of(early, ({ descriptors }) => descriptors), of(late, ({ descriptors }) => descriptors)] as const;
    ledger.claim(`file descriptors are flat (${named})`, open[1] <= open[0] + 8, `${open[0]}, then ${open[1]}`);
    const [first, last] = [warmed.slice(0, third), warmed.slice(-third)];
    const tail = [of(first, ({ p99 }) => p99), of(last, ({ p99 }) => p99)] as const;
    const cpu = [of(first, ({ cpuMicros }) => cpuMicros), of(last, ({ cpuMicros }) => cpuMicros)] as const;
    // Of a machine that does other work the latency says less than the CPU: either shows a leak of work.
    ledger.claim(
      `p99 is flat (${named})`,
      tail[1] <= 1.5 * tail[0] || cpu[1] <= 1.15 * cpu[0],
      `${tail[0].toFixed(1)} ms in the first third, ${tail[1].toFixed(1)} ms in the last; ${cpu[0]} and ${cpu[1]} us of CPU a request`,
    );
  }
  const per = Math.round(warm / size);
  const [base, next, end] = [state.store[per - 1], state.store[2 * per - 1], state.store.at(-1)];
  if (base === undefined || next === undefined || end === undefined || state.store.length < 3 * per) return;
  const each = (next.bytes - base.bytes) / (next.occurrences - base.occurrences);
  const predicted = next.bytes + each * (end.occurrences - next.occurrences);
  ledger.claim(
    "the store is as large as predicted from the first requests",
    Math.abs(end.bytes - predicted) <= OFF * predicted,
    `${Math.round(predicted / 1_048_576)} MiB predicted, ${Math.round(end.bytes / 1_048_576)} MiB there, ${end.records} records, ${end.occurrences} occurrences`,
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
