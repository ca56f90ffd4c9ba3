/** The list of mutants that nobody can notice, each with the reason: test/mutation/equivalent.yaml. */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";

/**
 * @param {string} path
 * @param {{ key: string }[]} mutants
 * @returns {Map<string, string>} the reason by the mutant's key
 * @throws Error naming each entry that names no mutant (its line is gone or reads otherwise), gives no reason, or stands there twice
 */
export function readEquivalent(path, mutants) {
  const listed = existsSync(path) ? (parse(readFileSync(path, "utf8")) ?? []) : [];
  const known = new Set(mutants.map(({ key }) => key));
  const reasons = new Map();
  const faults = [];
  for (const entry of listed) {
    const { mutant, why } = entry ?? {};
    if (!known.has(mutant)) faults.push(`names no mutant: ${mutant}`);
    else if (typeof why !== "string" || why.length < 20) faults.push(`gives no reason: ${mutant}`);
    else if (reasons.has(mutant)) faults.push(`stands there twice: ${mutant}`);
    else reasons.set(mutant, why);
  }
  if (faults.length > 0) throw new Error(`${path}:\n  ${faults.join("\n  ")}`);
  return reasons;
}
