import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { type Habit, holdHostileClients } from "../../test/support/hostile-clients.js";
import { played, prepareInstallation, wireBytes, EVENT_HUB } from "../../test/support/installation.js";
import { type ProxyProcess, spawnProxy } from "../../test/support/proxy-process.js";
import { openTunnel } from "../../test/support/wire.js";
import { residentMib } from "../load/contenders.js";
import { Ledger, wished } from "./ledger.js";

/**
 * Five thousand clients that send a byte a minute, for an hour, beside a healthy one. The proxy's time limits stand at the longest that an
 * operator can set (a head and a handshake 2 minutes, a body 10), so that each client is held as long as any setting allows; one that is
 * timed out comes back within five seconds. With the shipped limits they would be cut four to twenty times as soon.
 *
 *   ulimit -n 20000; node dist/bench/endurance/slow-drip.js --clients 5000 --minutes 60
 *
 * A stopped run goes on with the minutes that are left, and with a new proxy: each leg has its own baseline.
 */
const wish = wished({ out: ".endurance", clients: "5000", minutes: "60", every: "60000", settle: "120" });
const leg = z.strictObject({
  minutes: z.number(),
  held: z.array(z.number()),
  mib: z.array(z.number()),
  descriptors: z.array(z.number()),
  aloneP50: z.array(z.number()),
  besideP50: z.array(z.number()),
  aloneP99: z.array(z.number()),
  besideP99: z.array(z.number()),
  answered: z.number(),
  returned: z.number(),
});
const ledger = new Ledger("slow-drip", z.strictObject({ minutes: z.number().default(0), legs: z.array(leg).default([]) }), wish);
const { state } = ledger;
const clients = Number(wish.clients);
const visit = wireBytes(played("clean-page-visit"));
const REQUESTS = 100;
const ROUNDS_ALONE = 6;
const EVERY_MS = 10_000;
/** What each is doing when it falls silent. */
const HABITS: readonly Habit[] = ["slow-connect", "slow-handshake", "slow-head", "slow-body"];

const installation = await prepareInstallation({
  settings: {
    timeouts: { handshake_ms: 120_000, headers_ms: 120_000, body_ms: 600_000, idle_ms: 600_000 },
    limits: { connections: clients + 100 },
    log: { level: "error" },
  },
});
const proxy = await spawnProxy(installation.settingsFile);
const ca = readFileSync(join(installation.certs, "ca.crt"), "utf8");
const now: z.output<typeof leg> = {
  minutes: 0,
  held: [],
  mib: [],
  descriptors: [],
  aloneP50: [],
  besideP50: [],
  aloneP99: [],
  besideP99: [],
  answered: 0,
  returned: 0,
};
state.legs.push(now);
try {
  await round(proxy, 20);
  await rounds(now.aloneP50, now.aloneP99);
  const slow = await holdHostileClients({
    port: proxy.port,
    ca,
    count: clients,
    habits: HABITS,
    everyMs: Number(wish.every),
    backWithinMs: 5_000,
  });
  ledger.say(`${slow.held()} clients are held`);
  await pause(Number(wish.settle) * 1_000);
  const started = Date.now();
  const before = state.minutes;
  while (state.minutes < Number(wish.minutes) && !ledger.stopping) {
    const [p50, p99] = await round(proxy, REQUESTS);
    now.besideP50.push(p50);
    now.besideP99.push(p99);
    now.held.push(slow.held());
    now.mib.push(Math.round(residentMib(proxy.pid)));
    now.descriptors.push(readdirSync(`/proc/${proxy.pid}/fd`).length);
    now.minutes = (Date.now() - started) / 60_000;
    now.returned = slow.returned();
    state.minutes = before + now.minutes;
    if (now.mib.length % 6 === 1)
      ledger.say(
        `minute ${state.minutes.toFixed(1)}: ${slow.held()} held, ${now.returned} came back, ${now.mib.at(-1)} MiB, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      );
    ledger.keep();
    await pause(EVERY_MS);
  }
  await slow.leave();
  await rounds(now.aloneP50, now.aloneP99);
} finally {
  proxy.kill("SIGTERM");
  await proxy.exited;
  await installation.remove();
}

const tenth = Math.max(1, Math.floor(now.mib.length / 10));
const [early, late] = [median(now.mib.slice(0, tenth)), median(now.mib.slice(-tenth))];
const ratio = median(now.besideP50) / median(now.aloneP50);
const tail = median(now.besideP99) / median(now.aloneP99);
ledger.claim("a healthy client is answered every time", true, `${now.answered} answered 200 (any other ends the run)`);
ledger.claim(
  "the slow ones do not double its median, nor treble its p99",
  ratio <= 2 && tail <= 3,
  `median ${median(now.aloneP50).toFixed(1)} ms alone, ${median(now.besideP50).toFixed(1)} ms beside them: ${ratio.toFixed(2)}; p99 ${tail.toFixed(2)}`,
);
ledger.claim(
  "resident memory stays within 20 %",
  late <= 1.2 * early,
  `${early} MiB in the first tenth, ${late} MiB in the last, ${now.returned} clients timed out and came back`,
);
ledger.claim(
  "most of them are held at any time",
  median(now.held) >= 0.5 * clients,
  `${Math.min(...now.held)} to ${Math.max(...now.held)} of ${clients} held at once`,
);
ledger.end(state.minutes >= Number(wish.minutes));

async function rounds(p50s: number[], p99s: number[]): Promise<void> {
  for (let n = 0; n < ROUNDS_ALONE; n += 1) {
    const [p50, p99] = await round(proxy, REQUESTS);
    p50s.push(p50);
    p99s.push(p99);
  }
}

/** The median and the 99th percentile of a round, in milliseconds: half of the requests by a connection an event, as Diffgram's clients do. */
async function round({ port }: ProxyProcess, requests: number): Promise<readonly [p50: number, p99: number]> {
  const to = `${EVENT_HUB}:443`;
  const took: number[] = [];
  let wire = await openTunnel({ port, to, ca });
  for (let n = 0; n < requests; n += 1) {
    const begun = performance.now();
    if (n % 2 === 0) {
      wire.close();
      wire = await openTunnel({ port, to, ca });
    }
    const { status } = await wire.send(visit).answer();
    if (status !== 200) throw new Error(`A healthy client was answered ${status}.`);
    now.answered += 1;
    took.push(performance.now() - begun);
  }
  wire.close();
  // What the stand-in keeps is not the proxy's.
  installation.vendor.received.length = 0;
  took.sort((a, b) => a - b);
  return [took[Math.floor(took.length / 2)] ?? Number.NaN, took[Math.floor(took.length * 0.99)] ?? Number.NaN];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
