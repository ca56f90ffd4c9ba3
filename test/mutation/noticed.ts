import { setTimeout as pause } from "node:timers/promises";
import { CASE_FILES, ownDestination, ownDestinations, runCase } from "../bypass/attack.js";
import { type Rig, startRig } from "../bypass/rig.js";

/**
 * Runs the attack cases against a proxy whose code holds every mutant of scripts/mutation.mjs, switched on one by one by a global: one
 * process and one proxy for all of them. Writes a line of JSON a mutant.
 *
 *   node noticed.js '[{"id":3,"area":"http"}, …]'
 */
interface Mutant {
  readonly id: number;
  readonly area: string;
}

/** Which files are likeliest to notice, so that they go first. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  http: ["1-target.yaml", "3-http.yaml", "4-protocols.yaml"],
  body: ["9-bodies.yaml", "10-outside-bodies.yaml"],
  forward: ["2-addresses.yaml", "6-faults.yaml", "4-protocols.yaml"],
  listen: ["4-protocols.yaml", "6-faults.yaml", "3-http.yaml", "5-clients.yaml"],
};

/** Cases that wait for a time-out go last: most mutants are noticed before. */
const SLOW = /slow|never end|stay idle|never sends|flood|SOCKS/;

let crashed = false;
process.on("uncaughtException", () => {
  crashed = true;
});
process.on("unhandledRejection", () => {
  crashed = true;
});

const given: unknown = JSON.parse(process.argv[2] ?? "[]");
const mutants = Array.isArray(given) ? given.flatMap(mutantOf) : [];
let rig = await startRig(ownDestinations());
const unmutated = await noticedBy(rig, "");
if (unmutated !== undefined) {
  process.stdout.write(`${JSON.stringify({ id: -1, by: unmutated })}\n`);
  process.exit(2);
}
process.stdout.write(`${JSON.stringify({ id: -1, by: null })}\n`);
for (const { id, area } of mutants) {
  switchOn(id);
  crashed = false;
  const by = await noticedBy(rig, area);
  switchOn(-1);
  process.stdout.write(`${JSON.stringify({ id, by: by ?? null })}\n`);
  // What the mutant left behind must not be blamed on the next one.
  await pause(20);
  if (crashed) {
    await rig.close().catch(() => undefined);
    rig = await startRig(ownDestinations());
  }
}
process.exit(0);

async function noticedBy(running: Rig, area: string): Promise<string | undefined> {
  const rank = (name: string): number => {
    const at = FIRST[area]?.indexOf(name) ?? -1;
    return at < 0 ? 99 : at;
  };
  const files = [...CASE_FILES.entries()].sort(([, a], [, b]) => rank(a.name) - rank(b.name));
  // A case that has looked its name up before would count on: the addresses' files run in full only the first time.
  // Only what listens can lose a time-out.
  for (const slow of area === "listen" ? [false, true] : [false]) {
    for (const [fileIndex, { name, cases }] of files) {
      for (const [index, attack] of cases.entries()) {
        if (attack.look_ups !== undefined && attack.resolves?.length !== 1) continue;
        if (SLOW.test(attack.idea) !== slow) continue;
        const { look_ups: _, ...repeatable } = attack;
        try {
          await Promise.race([
            runCase(running, repeatable, ownDestination(attack, fileIndex, index)),
            pause(20_000).then(() => Promise.reject(new Error("The case hangs."))),
          ]);
        } catch {
          return `${name}: ${attack.name}`;
        }
        if (crashed) return "the process";
        if (running.vendor.problems.length > 0) {
          running.vendor.problems.length = 0;
          return `${name}: ${attack.name}, by what arrived`;
        }
      }
    }
  }
  return undefined;
}

function switchOn(id: number): void {
  Reflect.set(globalThis, "egressMutant", id);
}

function mutantOf(value: unknown): Mutant[] {
  if (typeof value !== "object" || value === null || !("id" in value) || !("area" in value)) return [];
  return typeof value.id === "number" && typeof value.area === "string" ? [{ id: value.id, area: value.area }] : [];
}
