import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { CASE_FILES, ownDestination, ownDestinations, runCase } from "../bypass/attack.js";
import type { AttackCase } from "../bypass/case-file.js";
import { Worlds } from "../bypass/rig.js";
import { hearOf } from "./meeting.js";

/**
 * Runs the attack cases against a proxy whose code holds every mutant of scripts/mutation.mjs, switched on one by one by a global: one
 * process and one proxy for all of them. Two runs of all cases without a mutant say first which mutants would make a condition come out
 * otherwise in which case; each is then tried on those cases. Writes a line of JSON a mutant.
 *
 *   node noticed.js WORK.json REACH.json
 *
 * WORK.json: numbers of mutants. REACH.json is written where it is missing.
 */
const reachShape = z.object({
  /** Mutants that matter while the proxy starts. */
  start: z.array(z.number()),
  /** Mutant to the numbers of its cases: in a proxy that just started, and in one that has run them before. */
  fresh: z.record(z.string(), z.array(z.number())),
  warm: z.record(z.string(), z.array(z.number())),
});
type Reach = z.output<typeof reachShape>;

/** Of so many cases in which a mutant changes a condition, and none is red, the rest would not be either. Drawn evenly. */
const MOST_CASES = 60;

interface NumberedCase {
  readonly attack: AttackCase;
  readonly name: string;
  readonly own: ReturnType<typeof ownDestination>;
}

/** Cases that wait for a time-out go last: most mutants are noticed before. */
const SLOW = /slow|never end|stay idle|never sends|flood|SOCKS|silence|half a|without its end/;
const ALL: readonly NumberedCase[] = CASE_FILES.flatMap(({ name, cases }, file) =>
  cases.map((attack, index) => ({ attack, name: `${name}: ${attack.name}`, own: ownDestination(attack, file, index) })),
);

let crashed = false;
process.on("uncaughtException", () => {
  crashed = true;
});
process.on("unhandledRejection", () => {
  crashed = true;
});

const [, , workPath = "", reachPath = ""] = process.argv;
const mutants = z.array(z.number()).parse(JSON.parse(readFileSync(workPath, "utf8")));
if (!existsSync(reachPath)) writeFileSync(reachPath, JSON.stringify(await measureReach()));
const reach = reachShape.parse(JSON.parse(readFileSync(reachPath, "utf8")));
let worlds = await startWorlds();
tell(-1, null);
for (const mutant of mutants) tell(mutant, await noticedBy(mutant));
process.exit(0);

function tell(id: number, by: string | null): void {
  process.stdout.write(`${JSON.stringify({ id, by })}\n`);
}

async function measureReach(): Promise<Reach> {
  const start = new Set<number>();
  const passes = { fresh: new Map<number, Set<number>>(), warm: new Map<number, Set<number>>() };
  let hear = (mutant: number): unknown => start.add(mutant);
  const end = hearOf((mutant) => hear(mutant));
  const measured = await startWorlds();
  for (const [pass, met] of Object.entries(passes)) {
    for (const [index, numbered] of ALL.entries()) {
      hear = (mutant) => (met.get(mutant) ?? met.set(mutant, new Set()).get(mutant))?.add(index);
      if (pass === "warm" && !isRepeatable(numbered.attack)) continue;
      let tries = 1;
      while (await isRed(measured, numbered, pass === "fresh" && tries === 1)) {
        if (tries >= 4) {
          tell(-1, numbered.name);
          process.exit(2);
        }
        tries += 1;
      }
    }
  }
  end();
  await measured.close();
  const plain = (met: ReadonlyMap<number, ReadonlySet<number>>): Record<string, number[]> =>
    Object.fromEntries([...met].map(([mutant, found]) => [mutant, [...found]]));
  return { start: [...start], fresh: plain(passes.fresh), warm: plain(passes.warm) };
}

async function noticedBy(mutant: number): Promise<string | null> {
  const atStart = reach.start.includes(mutant);
  const warm = atStart ? [] : (reach.warm[mutant] ?? []);
  const first = await noticedAmong(mutant, inOrder(warm));
  if (first !== null) return first;
  // What happens once in a proxy's life, as a first look-up or a start, needs one that starts with the mutant in it.
  const fresh = atStart ? [...ALL.keys()] : (reach.fresh[mutant] ?? []).filter((index) => !warm.includes(index));
  return fresh.length === 0 ? null : await noticedByFresh(mutant, inOrder(fresh));
}

async function startWorlds(): Promise<Worlds> {
  const started = new Worlds(ownDestinations());
  // Not in the time of the first case that asks for one.
  for (const world of ["usual", "quotas", "limited"] as const) await started.of(world);
  return started;
}

function inOrder(cases: readonly number[]): number[] {
  const step = Math.max(1, cases.length / MOST_CASES);
  const drawn = Array.from({ length: Math.min(cases.length, MOST_CASES) }, (_, index) => cases[Math.floor(index * step)] ?? 0);
  return drawn.sort((a, b) => Number(isSlow(a)) - Number(isSlow(b)) || a - b);
}

function isSlow(index: number): boolean {
  const attack = ALL[index]?.attack;
  return attack !== undefined && SLOW.test(`${attack.idea} ${attack.name}`);
}

async function noticedAmong(mutant: number, cases: readonly number[]): Promise<string | null> {
  for (const index of cases) {
    const numbered = ALL[index];
    if (numbered === undefined) continue;
    const isNoticed = await isRedUnder(mutant, worlds, numbered, false);
    if (crashed) {
      await restart();
      return `${numbered.name} (the process)`;
    }
    if (!isNoticed) continue;
    // Red without the mutant too: what it left behind, or a machine that is too busy. Only a fresh proxy tells which.
    if (!(await isRed(worlds, numbered, false))) return numbered.name;
    await restart();
    if ((await isRedUnder(mutant, worlds, numbered, false)) && !(await isRed(worlds, numbered, false))) return numbered.name;
  }
  return null;
}

async function noticedByFresh(mutant: number, cases: readonly number[]): Promise<string | null> {
  switchOn(mutant);
  crashed = false;
  let started: Worlds | undefined;
  try {
    started = await startWorlds();
    for (const index of cases) {
      const numbered = ALL[index];
      if (numbered === undefined) continue;
      const red = await isRed(started, numbered, true);
      if (crashed || red) return await confirmed(numbered);
    }
    return null;
  } catch {
    return "the start";
  } finally {
    switchOn(-1);
    await started?.close().catch(() => undefined);
  }
}

/** The case's name where it is green in a fresh proxy without a mutant. */
async function confirmed(numbered: NumberedCase): Promise<string | null> {
  switchOn(-1);
  await restart();
  return (await isRed(worlds, numbered, true)) ? null : numbered.name;
}

async function restart(): Promise<void> {
  await worlds.close().catch(() => undefined);
  worlds = await startWorlds();
  crashed = false;
}

async function isRedUnder(mutant: number, running: Worlds, numbered: NumberedCase, full: boolean): Promise<boolean> {
  switchOn(mutant);
  const red = await isRed(running, numbered, full);
  switchOn(-1);
  // What the mutant left behind must not be blamed on the next one.
  await pause(2);
  return red;
}

/** @param full counts look-ups too, which a name that was looked up before would spoil */
async function isRed(running: Worlds, { attack, own }: NumberedCase, full: boolean): Promise<boolean> {
  if (!full && !isRepeatable(attack)) return false;
  const { look_ups: _, ...repeatable } = attack;
  try {
    await Promise.race([
      runCase(running, full ? attack : repeatable, own),
      pause(20_000).then(() => Promise.reject(new Error("The case hangs."))),
    ]);
  } catch {
    return true;
  } finally {
    // Still alive: whoever waits for a verdict must know a long run of cases from an endless loop.
    tell(-2, null);
  }
  const { vendor } = await running.of(attack.world);
  return vendor.problems.splice(0).length > 0;
}

function isRepeatable(attack: AttackCase): boolean {
  return attack.look_ups === undefined || attack.resolves?.length === 1;
}

function switchOn(id: number): void {
  Reflect.set(globalThis, "egressMutant", id);
}
