/**
 * The list of mutants that nobody can notice, each with the reason: test/mutation/equivalent.yaml. Where that is since another check, of ours or of
 * the protocol library's, stops the same before, `first_line` names the attack case that shows it. Where only a unit test can notice it, since
 * nothing that a client, a destination or a metric could see differs, `unit_only` is true.
 */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";

/**
 * @param {string} path
 * @param {{ key: string }[]} mutants
 * @param {ReadonlySet<string>} cases names of all attack cases
 * @returns {Map<string, { why: string, kind: "equivalent" | "second line" | "unit only" }>} by the mutant's key
 * @throws Error naming each entry that names no mutant (its line is gone or reads otherwise) or no case, gives no reason, or stands there twice
 */
export function readEquivalent(path, mutants, cases) {
  const listed = existsSync(path) ? (parse(readFileSync(path, "utf8")) ?? []) : [];
  const known = new Set(mutants.map(({ key }) => key));
  const reasons = new Map();
  const faults = [];
  for (const entry of listed) {
    const { mutant, why, first_line: firstLine, unit_only: unitOnly } = entry ?? {};
    if (!known.has(mutant)) faults.push(`names no mutant: ${mutant}`);
    else if (typeof why !== "string" || why.length < 20) faults.push(`gives no reason: ${mutant}`);
    else if (reasons.has(mutant)) faults.push(`stands there twice: ${mutant}`);
    else if (firstLine !== undefined && !cases.has(firstLine)) faults.push(`names no attack case: ${firstLine}`);
    else reasons.set(mutant, { why, kind: firstLine !== undefined ? "second line" : unitOnly === true ? "unit only" : "equivalent" });
  }
  if (faults.length > 0) throw new Error(`${path}:\n  ${faults.join("\n  ")}`);
  return reasons;
}
