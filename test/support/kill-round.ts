import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENT_HUB, played, SEGMENT, wireBytes } from "./installation.js";
import { throwUnlessCut } from "./load.js";
import { spawnProxy } from "./proxy-process.js";
import { problemOf } from "./running-proxy.js";
import { openTunnel, type Wire } from "./wire.js";

const CLIENTS = 6;
/** Bodies that are sent again and again, by every second client. */
export const REPEATED = 10;
const KILL_WITHIN_MS = 600;

/** What clients saw until the proxy under them was killed. */
export interface KillRound {
  /** Records that refusals of bodies sent once named. */
  readonly seen: readonly string[];
  readonly repeated: ReadonlyMap<number, Repeated>;
}

/** One body that was sent again and again. */
export interface Repeated {
  readonly sent: number;
  readonly told: number;
  /** What its refusals named: its record, or, where that was not to be asked in time, the refused exchange, by which the record is found. */
  readonly named: ReadonlySet<string>;
}

/**
 * Starts a proxy, puts it under load, and kills it with SIGKILL at a random moment after the first refusal.
 *
 * @throws where a refusal is another one than it should be
 */
export async function killUnderLoad(settingsFile: string, certs: string): Promise<KillRound> {
  const identify = played("udt-identify");
  const clean = wireBytes(played("clean-page-visit"));
  const proxy = await spawnProxy(settingsFile);
  const ca = readFileSync(join(certs, "ca.crt"), "utf8");
  const seen: string[] = [];
  const repeated = new Map<number, { sent: number; told: number; named: Set<string> }>();
  let dead = false;
  const refused = async (wire: Wire, message: string): Promise<string> => {
    const body = Buffer.from(identify.body.toString().replace(/"messageId": "[^"]+"/, `"messageId": "${message}"`));
    const problem = problemOf(await wire.send(wireBytes(identify, {}, body)).answer());
    if (problem.code !== "unexpected-data-transfer") throw new Error(`Refused as ${problem.code}.`);
    return String(problem.record);
  };
  const client = async (number: number): Promise<void> => {
    while (!dead) {
      const wire = await openTunnel({ port: proxy.port, to: `${SEGMENT}:443`, ca });
      // A few on one tunnel, then a new one: both of a client's habits.
      for (let n = 0; n < 5 && !dead; n += 1) {
        if (number % 2 === 0) {
          seen.push(await refused(wire, randomUUID()));
          continue;
        }
        const index = randomInt(REPEATED);
        const tally = repeated.get(index) ?? { sent: 0, told: 0, named: new Set<string>() };
        repeated.set(index, tally);
        tally.sent += 1;
        tally.named.add(await refused(wire, `00000000-0000-4000-8000-00000000000${index}`));
        tally.told += 1;
      }
      wire.close();
    }
  };
  const cleanClient = async (): Promise<void> => {
    const wire = await openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca });
    while (!dead) await wire.send(clean).answer();
  };
  const clients = [...Array.from({ length: CLIENTS }, (_, number) => client(number)), cleanClient()].map((running) =>
    running.catch((error: unknown) => {
      // Before the kill nothing may be cut, either.
      if (!dead) throw error;
      throwUnlessCut(error);
    }),
  );
  const all = Promise.all(clients);
  all.catch(() => undefined);
  try {
    await Promise.race([all, firstOf(seen)]);
    await new Promise((resolve) => setTimeout(resolve, randomInt(KILL_WITHIN_MS)));
  } finally {
    // What was answered before the kill may still be read; then the connections are cut.
    dead = true;
    proxy.kill("SIGKILL");
  }
  const { signal } = await proxy.exited;
  if (signal !== "SIGKILL") throw new Error(`The proxy had ended by itself: ${proxy.written()}`);
  await all;
  return { seen, repeated };
}

async function firstOf(seen: readonly string[]): Promise<void> {
  while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}
