import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { CASE_FILES, ownDestination, ownDestinations, runCase } from "../bypass/attack.js";
import type { AttackCase } from "../bypass/case-file.js";
import { Worlds } from "../bypass/rig.js";
import type { World } from "../bypass/rig-policy.js";
import { hearOf } from "./meeting.js";

/**
 * Runs the attack cases against a proxy whose code holds every mutant of scripts/mutation.mjs, switched on one by one by a global: one
 * process and one proxy for all of them. Two runs of all cases without a mutant say first which mutants would make a condition come out
 * otherwise in which case; each is then tried on those cases. Writes a line of JSON a mutant.
 *
 *   node noticed.js WORK.json REACH.json [CASES]
 *
 * WORK.json: numbers of mutants. REACH.json is written where it is missing. With CASES, a part of a file's or a case's name, nothing is
 * measured and each mutant is tried on those alone.
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

/** A case that takes as long waits for a time-out; so that it may as well wait beside others. */
const SLOW_MS = 900;
/** What a mutant does while the proxy starts may show in any case: so many that it does not meet are tried too, drawn evenly. */
const OTHERS_AFTER_START = 25;
/** A proxy of its own takes seconds to start: so many cases of one mutant get one, for what lasts. */
const FRESH_TRIES = 3;
/** In place of a case's number: the proxy does not start. */
const START = -1;

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

const [, , workPath = "", reachPath = "", onlyCases] = process.argv;
const mutants = z.array(z.number()).parse(JSON.parse(readFileSync(workPath, "utf8")));
const reach = onlyCases === undefined ? await knownReach() : reachOfThese(onlyCases);
let worlds = await startWorlds();
tell(-1, null);
for (const mutant of mutants) tell(mutant, await noticedBy(mutant));
process.exit(0);

function tell(id: number, by: string | null): void {
  process.stdout.write(`${JSON.stringify({ id, by })}\n`);
}

async function knownReach(): Promise<Reach> {
  if (!existsSync(reachPath)) writeFileSync(reachPath, JSON.stringify(await measureReach()));
  return reachShape.parse(JSON.parse(readFileSync(reachPath, "utf8")));
}

/** As if every mutant met these cases, and met them anew in a proxy that just started. */
function reachOfThese(part: string): Reach {
  const these = ALL.flatMap(({ name }, index) => (name.includes(part) ? [index] : []));
  if (these.length === 0) throw new Error(`No case is called ${part}.`);
  const of = (cases: number[]): Record<string, number[]> => Object.fromEntries(mutants.map((mutant) => [mutant, cases]));
  const again = these.filter((index) => isRepeatable(ALL[index]?.attack ?? {}));
  return { start: [], warm: of(again), fresh: of(these), ms: [] };
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
  const warm = reach.warm[mutant] ?? [];
  const first = (await noticedAmong(mutant, quickFirst(warm.filter(isQuick)))) ?? (await noticedAmongSlow(mutant, warm.filter(isSlow)));
  if (first !== null) return first;
  // What happens once in a proxy's life, as a first look-up or a start, needs one that starts with the mutant in it.
  const atStart = reach.start.includes(mutant);
  const met = reach.fresh[mutant] ?? [];
  const fresh = atStart ? [...met, ...drawn([...ALL.keys()], OTHERS_AFTER_START)] : met.filter((index) => !warm.includes(index));
  return fresh.length === 0 ? null : await noticedByFresh(mutant, quickFirst([...new Set(fresh)].filter(isQuick)));
}

/** Not in the time of the first case that asks for one. */
async function startWorlds(
  needed: ReadonlySet<World> = new Set(["usual", "quotas", "limited", "sla", "monitored", "crowded", "brief", "lives"]),
): Promise<Worlds> {
  const started = new Worlds(ownDestinations());
  for (const world of needed) await started.of(world);
  return started;
}

function drawn(cases: readonly number[], most: number): number[] {
  const step = Math.max(1, cases.length / most);
  return Array.from({ length: Math.min(cases.length, most) }, (_, index) => cases[Math.floor(index * step)] ?? 0);
}

/** Most mutants are noticed early. */
function quickFirst(cases: readonly number[]): number[] {
  return [...cases].sort((a, b) => msOf(a) - msOf(b) || a - b);
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
  let fresh = 0;
  for (const index of cases) {
    const numbered = ALL[index];
    if (numbered === undefined) continue;
    const isNoticed = await isRedUnder(mutant, worlds, numbered, false);
    if (crashed) {
      await restart();
      return `${numbered.name} (the process)`;
    }
    if (!isNoticed) continue;
    // Red and green by turns: it is the mutant, not a machine that was too busy once.
    if (!(await isRed(worlds, numbered, false)) && (await isRedOnlyUnder(mutant, numbered))) return numbered.name;
    // Red without it too: what it left behind, or that machine. Only a fresh proxy tells which.
    await restart();
    if (await isRedOnlyUnder(mutant, numbered)) return numbered.name;
    // Red without it still: the mutant leaves something behind that lasts, as a wrong password remembered as right.
    await restart();
    fresh += 1;
    const lasting = fresh > FRESH_TRIES ? null : await noticedByFresh(mutant, [index]);
    if (lasting !== null) return lasting;
  }
  return null;
}

/** All at once, since they wait; the vendor counts what arrives for all of them, so that what is red there is only suspected. */
async function noticedAmongSlow(mutant: number, cases: readonly number[]): Promise<string | null> {
  switchOn(mutant);
  const red = await Promise.all(
    cases.map(async (index) => {
      const numbered = ALL[index];
      return numbered !== undefined && (await isRed(worlds, numbered, false));
    }),
  );
  switchOn(-1);
  if (crashed) await restart();
  return await noticedAmong(
    mutant,
    cases.filter((_, at) => red[at] === true),
  );
}

async function noticedByFresh(mutant: number, cases: readonly number[]): Promise<string | null> {
  const red = await redInFresh(mutant, cases);
  if (red === undefined) return null;
  // Where it does not start, no case of these tells more than another: the first will do.
  const before = red === START ? cases.slice(0, 1) : cases.slice(0, cases.indexOf(red) + 1);
  if ((await redInFresh(-1, before)) !== undefined || (await redInFresh(mutant, before)) === undefined) return null;
  return red === START ? "the start" : (ALL[red]?.name ?? null);
}

/** The first of these cases that is red in a proxy which starts with the mutant in it. */
async function redInFresh(mutant: number, cases: readonly number[]): Promise<number | undefined> {
  switchOn(mutant);
  crashed = false;
  let started: Worlds | undefined;
  try {
    started = await startWorlds(new Set(cases.map((index) => ALL[index]?.attack.world ?? "usual")));
    for (const index of cases) {
      const numbered = ALL[index];
      if (numbered !== undefined && ((await isRed(started, numbered, true)) || crashed)) return index;
    }
    return undefined;
  } catch {
    return START;
  } finally {
    switchOn(-1);
    await started?.close().catch(() => undefined);
    crashed = false;
  }
}

async function restart(): Promise<void> {
  await worlds.close().catch(() => undefined);
  worlds = await startWorlds();
  crashed = false;
}

async function isRedOnlyUnder(mutant: number, numbered: NumberedCase): Promise<boolean> {
  return (await isRedUnder(mutant, worlds, numbered, false)) && !(await isRed(worlds, numbered, false));
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

/** Names that were looked up before, and connections that stand from before, are no longer what the case counts. */
function isRepeatable(attack: Pick<AttackCase, "look_ups" | "resolves" | "connections">): boolean {
  return attack.connections === undefined && (attack.look_ups === undefined || attack.resolves?.length === 1);
}

function switchOn(id: number): void {
  Reflect.set(globalThis, "egressMutant", id);
}
