/** What is known of the mutants, as the table of docs/threat-model.md. */
import { FOLDERS } from "./mutants.mjs";

const COLUMNS = ["by a case", "by a unit test, no case", "by a unit test, cases not tried", "equivalent", "survived", "not run"];

/** @param {{ by: string | null }} verdict */
export function isByCase({ by }) {
  return by !== null && !by.startsWith("unit: ");
}

/** @param {import("./mutants.mjs").Mutant} mutant */
export function placeOf(mutant) {
  return `${mutant.file}:${mutant.line}`;
}

/**
 * @param {import("./mutants.mjs").Mutant[]} mutants
 * @param {ReturnType<typeof import("./results.mjs").openResults>} results
 * @param {Map<string, string>} equivalent
 * @returns whether every mutant is noticed or known to be equivalent
 */
export function report(mutants, results, equivalent) {
  const counts = new Map(["all", ...FOLDERS].map((area) => [area, new Map(COLUMNS.map((column) => [column, 0]))]));
  const listed = [];
  for (const mutant of mutants) {
    const verdict = results.of(mutant);
    const column = columnOf(verdict, equivalent.has(mutant.key));
    for (const area of ["all", mutant.area]) counts.get(area)?.set(column, (counts.get(area)?.get(column) ?? 0) + 1);
    if (column === "survived") listed.push(`survived: ${placeOf(mutant)}  ${mutant.key}`);
    if (column === "equivalent" && verdict !== undefined && verdict.by !== null)
      listed.push(`listed as equivalent, yet noticed: ${mutant.key}\n      ${verdict.by}`);
  }
  const row = (cells) => `| ${cells.join(" | ")} |\n`;
  process.stdout.write(`\n${row(["folder", "mutants", ...COLUMNS])}`);
  for (const area of [...FOLDERS, "all"]) {
    const found = [...(counts.get(area)?.values() ?? [])];
    process.stdout.write(row([area, found.reduce((sum, count) => sum + count, 0), ...found]));
  }
  for (const line of listed) process.stdout.write(`  ${line}\n`);
  return listed.length === 0 && counts.get("all")?.get("not run") === 0;
}

/** That no case noticed it holds for those of the day it was tried; `--cases` tries those that were added since. */
function columnOf(verdict, isEquivalent) {
  if (isEquivalent) return "equivalent";
  if (verdict === undefined) return "not run";
  if (verdict.by === null) return "survived";
  if (isByCase(verdict)) return "by a case";
  return verdict.cases === undefined ? "by a unit test, cases not tried" : "by a unit test, no case";
}
