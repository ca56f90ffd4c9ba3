/** What is known of the mutants, as the table of docs/threat-model.md. */
import { FOLDERS } from "./mutants.mjs";

const COLUMNS = [
  "by a case",
  "by a unit test, no case",
  "by a unit test, cases not tried",
  "second line",
  "unit only",
  "equivalent",
  "survived",
  "not run",
];

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
 * @param {ReturnType<typeof import("./equivalent.mjs").readEquivalent>} equivalent
 * @returns whether every mutant is noticed or known to be equivalent
 */
export function report(mutants, results, equivalent) {
  const counts = new Map(["all", ...FOLDERS].map((area) => [area, new Map(COLUMNS.map((column) => [column, 0]))]));
  const listed = [];
  for (const mutant of mutants) {
    const verdict = results.of(mutant);
    const column = columnOf(verdict, equivalent.get(mutant.key));
    for (const area of ["all", mutant.area]) counts.get(area)?.set(column, (counts.get(area)?.get(column) ?? 0) + 1);
    if (column === "survived") listed.push(`survived: ${placeOf(mutant)}  ${mutant.key}`);
    if (isWronglyListed(equivalent.get(mutant.key), verdict))
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

/** A second line, or what only a unit test can see, is noticed by unit tests and by no case; an equivalent one by nothing. */
function isWronglyListed(listed, verdict) {
  if (listed === undefined || verdict === undefined || verdict.by === null) return false;
  return listed.kind === "equivalent" || isByCase(verdict);
}

/** That no case noticed it holds for those of the day it was tried; `--cases` tries those that were added since. */
function columnOf(verdict, listed) {
  if (listed !== undefined) return listed.kind;
  if (verdict === undefined) return "not run";
  if (verdict.by === null) return "survived";
  if (isByCase(verdict)) return "by a case";
  return verdict.cases === undefined ? "by a unit test, cases not tried" : "by a unit test, no case";
}
