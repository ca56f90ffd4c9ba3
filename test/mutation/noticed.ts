import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { CASE_FILES, ownDestination, ownDestinations, runCase } from "../bypass/attack.js";
import type { AttackCase } from "../bypass/case-file.js";
import { type World, Worlds } from "../bypass/rig.js";
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
  /** How long each case took, warm where it can be run twice. */
  ms: z.array(z.number()),
});
type Reach = z.output<typeof reachShape>;

/** Of so many cases in which a mutant changes a condition, and none is red, the rest would not be either. Drawn evenly. */
const MOST_CASES = { quick: 50, slow: 5, fresh: 25 };
/** A case that takes as long waits for a time-out. */
const SLOW_MS = 900;

interface NumberedCase {
  readonly attack: AttackCase;
  readonly name: string;
  readonly own: ReturnType<typeof ownDestination>;
}

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
  const ms: number[] = [];
  for (const [pass, met] of Object.entries(passes)) {
    for (const [index, numbered] of ALL.entries()) {
      hear = (mutant) => (met.get(mutant) ?? met.set(mutant, new Set()).get(mutant))?.add(index);
      if (pass === "warm" && !isRepeatable(numbered.attack)) continue;
      let tries = 1;
      let from = performance.now();
      while (await isRed(measured, numbered, pass === "fresh" && tries === 1)) {
        if (tries >= 4) {
          tell(-1, numbered.name);
          process.exit(2);
        }
        tries += 1;
        from = performance.now();
      }
      ms[index] = Math.round(performance.now() - from);
    }
  }
  end();
  await measured.close();
  const plain = (met: ReadonlyMap<number, ReadonlySet<number>>): Record<string, number[]> =>
    Object.fromEntries([...met].map(([mutant, found]) => [mutant, [...found]]));
  return { start: [...start], fresh: plain(passes.fresh), warm: plain(passes.warm), ms };
}

async function noticedBy(mutant: number): Promise<string | null> {
  const atStart = reach.start.includes(mutant);
  const warm = atStart ? [] : (reach.warm[mutant] ?? []);
  const first = await noticedAmong(mutant, [
    ...drawn(warm.filter(isQuick), MOST_CASES.quick),
    ...drawn(warm.filter(isSlow), MOST_CASES.slow),
  ]);
  if (first !== null) return first;
  // What happens once in a proxy's life, as a first look-up or a start, needs one that starts with the mutant in it.
  const fresh = atStart ? [...ALL.keys()] : (reach.fresh[mutant] ?? []).filter((index) => !warm.includes(index));
  return fresh.length === 0 ? null : await noticedByFresh(mutant, drawn(fresh.filter(isQuick), MOST_CASES.fresh));
}

/** Not in the time of the first case that asks for one. */
async function startWorlds(needed: ReadonlySet<World> = new Set(["usual", "quotas", "limited"])): Promise<Worlds> {
  const started = new Worlds(ownDestinations());
  for (const world of needed) await started.of(world);
  return started;
}

/** So many of them, evenly, the quickest first: most mutants are noticed early. */
function drawn(cases: readonly number[], most: number): number[] {
  const step = Math.max(1, cases.length / most);
  const some = Array.from({ length: Math.min(cases.length, most) }, (_, index) => cases[Math.floor(index * step)] ?? 0);
  return some.sort((a, b) => msOf(a) - msOf(b) || a - b);
}

function msOf(index: number): number {
  return reach.ms[index] ?? 0;
}

function isSlow(index: number): boolean {
  return msOf(index) >= SLOW_MS;
}

function isQuick(index: number): boolean {
  return !isSlow(index);
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
    started = await startWorlds(new Set(cases.map((index) => ALL[index]?.attack.world ?? "usual")));
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
