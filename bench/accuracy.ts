import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { corpus } from "../test/corpus/generator.js";
import { SPLITS } from "../test/corpus/labelled-case.js";
import { type CaseScore, scoreCase } from "../test/corpus/scoring.js";
import { DIMENSIONS, figuresOf, hardNegatives, ratio, type Table, type Tally, tabulate, tabulateGroups } from "../test/corpus/tallies.js";
import { loadWiring } from "../test/corpus/wiring-contract.js";

/**
 * How much of what must be found is found, and how much of what is found is true: precision, recall and F2 by kind, category, placement,
 * encoding, locale, destination and split. Exits 1 under the floors of test/corpus/floors.json.
 *
 * `node dist/bench/accuracy.js [--seed S] [--count N] [--split open|held-back] [--now DATE] [--kind REGEX] [--misses]`
 */
const Floors = z.strictObject({
  split: z.enum(["open", "held-back"]),
  groups: z.record(z.string(), z.strictObject({ recall: z.number(), precision: z.number(), leastRecall: z.number().optional() })),
  hardNegativesFlagged: z.number(),
});

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "2026" },
    count: { type: "string", default: "24000" },
    split: { type: "string" },
    now: { type: "string" },
    kind: { type: "string" },
    misses: { type: "boolean", default: false },
  },
});

await main();

async function main(): Promise<void> {
  const now = values.now === undefined ? Date.now() : Date.parse(values.now);
  const count = Number(values.count);
  const only = SPLITS.find((split) => split === values.split);
  if (Number.isNaN(now) || !Number.isInteger(count) || count < 1 || (values.split !== undefined && only === undefined)) {
    process.stderr.write("--now is a date such as 2026-11-24, --count a whole number above 0, --split open or held-back\n");
    process.exitCode = 2;
    return;
  }
  const floors = Floors.parse(JSON.parse(readFileSync(join(packageRoot(), "test/corpus/floors.json"), "utf8")));
  const inspectCase = await loadWiring();
  const scores: CaseScore[] = [];
  for (const labelledCase of corpus({ seed: values.seed, count, now, ...(only === undefined ? {} : { split: only }) })) {
    scores.push(scoreCase(labelledCase, await inspectCase(labelledCase, now)));
  }
  print(`accuracy: seed ${values.seed}, ${scores.length} cases, now ${new Date(now).toISOString().slice(0, 10)}`);
  for (const split of SPLITS) {
    const chosen = scores.filter((score) => score.split === split);
    if (chosen.length > 0) report(split, chosen);
  }
  const judged = scores.filter((score) => score.split === floors.split);
  if (judged.length > 0 && !holds(judged, floors)) process.exitCode = 1;
}

function report(split: string, scores: readonly CaseScore[]): void {
  print(`\n== ${split}: ${scores.length} cases, ${scores.filter((score) => score.clean).length} clean ==`);
  for (const dimension of DIMENSIONS) printTable(dimension, tabulate(scores, dimension));
  const dirty = scores.filter((score) => !score.clean);
  const clean = scores.filter((score) => score.clean);
  const share = (part: number, whole: number): string => `${part} of ${whole} (${(100 * (whole === 0 ? 0 : part / whole)).toFixed(2)} %)`;
  const hard = hardNegatives(scores);
  print(`\ndirty cases let out: ${share(dirty.filter((score) => score.verdict === "allow").length, dirty.length)}`);
  print(`hard negatives flagged by a detector: ${share(hard.flagged, hard.all)}`);
  print(`clean cases with a detector's finding: ${share(clean.filter((score) => score.falseAlarms.length > 0).length, clean.length)}`);
  print(`clean cases with a schema finding: ${share(clean.filter((score) => score.schemaFindings > 0).length, clean.length)}`);
  print(`clean cases with an integrity finding: ${share(clean.filter((score) => score.integrityFindings > 0).length, clean.length)}`);
  print(`findings beside a label, in a category that it hasn't: ${scores.reduce((sum, score) => sum + score.beside, 0)}`);
  printFalseAlarms(scores);
  if (values.misses) printMisses(scores);
}

function printTable(title: string, table: Table): void {
  print(`\nby ${title.padEnd(34)} labels  caught   false  precision  recall      F2`);
  const rows = [...table].sort(([left], [right]) => (left < right ? -1 : 1));
  for (const [name, tally] of rows) {
    const { precision, recall, f2 } = figuresOf(tally);
    const asked = tally.caught + tally.missed;
    const figures = asked === 0 ? ["        -", "     -", "     -"] : [precision.toFixed(4).padStart(9), recall.toFixed(4), f2.toFixed(4)];
    print(
      `   ${name.padEnd(34)} ${String(asked).padStart(6)}  ${String(tally.caught).padStart(6)}  ${String(tally.wrong).padStart(6)}  ${figures.join("  ")}`,
    );
  }
}

function printFalseAlarms(scores: readonly CaseScore[]): void {
  const counts = new Map<string, number>();
  for (const alarm of scores.flatMap((score) => score.falseAlarms)) {
    const row = `${alarm.rule} on ${alarm.spot?.kind ?? "no planted value"}`;
    counts.set(row, (counts.get(row) ?? 0) + 1);
  }
  if (counts.size === 0) return;
  print("\nfalse alarms");
  for (const [row, times] of [...counts].sort((left, right) => right[1] - left[1]).slice(0, 30))
    print(`   ${String(times).padStart(5)}  ${row}`);
}

/** Ten of each kind; the values are synthetic, and `emit` prints a case by seed and count. */
function printMisses(scores: readonly CaseScore[]): void {
  const wanted = new RegExp(values.kind ?? "");
  const misses = new Map<string, string[]>();
  for (const score of scores) {
    for (const { label, rules } of score.labels) {
      if (rules.length > 0 || !wanted.test(label.kind)) continue;
      const rows = misses.get(label.kind) ?? [];
      rows.push(
        `${score.id} ${score.destination} ${label.pointer.slice(0, 90)} ${label.encoding} (${label.placement}, verdict ${score.verdict})`,
      );
      misses.set(label.kind, rows);
    }
    for (const alarm of score.falseAlarms) {
      const name = `false alarm ${alarm.rule}`;
      if (!wanted.test(name)) continue;
      const rows = misses.get(name) ?? [];
      rows.push(`${score.id} ${score.destination} ${alarm.pointer.slice(0, 90)} on ${alarm.spot?.kind ?? "no planted value"}`);
      misses.set(name, rows);
    }
  }
  for (const [kind, rows] of [...misses].sort(([left], [right]) => (left < right ? -1 : 1))) {
    print(`\n${kind}: ${rows.length}`);
    for (const row of rows.slice(0, 10)) print(`   ${row}`);
  }
}

function holds(scores: readonly CaseScore[], floors: z.infer<typeof Floors>): boolean {
  print(`\n== floors, on the ${floors.split} split ==`);
  const groups = tabulateGroups(scores);
  const none: Tally = { caught: 0, missed: 0, wrong: 0 };
  let held = true;
  for (const [group, floor] of Object.entries(floors.groups)) {
    const tally = groups.get(group) ?? none;
    const { precision, recall, f2 } = figuresOf(tally);
    // A group with nothing in it proves nothing.
    const failed = tally.caught + tally.missed === 0 || recall < (floor.leastRecall ?? floor.recall) || precision < floor.precision;
    if (failed) held = false;
    const word = failed ? "FAILS" : recall < floor.recall ? "UNDER TARGET" : "holds";
    print(
      `   ${group.padEnd(16)} recall ${recall.toFixed(4)} (${floor.recall})  precision ${precision.toFixed(4)} (${floor.precision})  F2 ${f2.toFixed(4)}  ${word}`,
    );
  }
  const hard = hardNegatives(scores);
  const flagged = hard.all === 0 ? 0 : ratio(hard.flagged, hard.all);
  const quiet = hard.all > 0 && flagged <= floors.hardNegativesFlagged;
  print(`   hard negatives flagged ${(100 * flagged).toFixed(3)} % (${100 * floors.hardNegativesFlagged} %)  ${quiet ? "holds" : "FAILS"}`);
  return held && quiet;
}

function packageRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, "package.json"))) {
    const up = dirname(at);
    if (up === at) throw new Error("no package.json above the benchmark");
    at = up;
  }
  return at;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
