/** Verdicts of earlier runs, a line of JSON each, so that a run that was cut short goes on where it stopped. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * @param {string} path
 * @param {string} tests digest of everything that could notice a mutant
 * A verdict holds as long as the mutant's file is what it was; that nobody noticed, only as long as the tests are too.
 */
export function openResults(path, tests) {
  mkdirSync(dirname(path), { recursive: true });
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const known = new Map();
  for (const line of lines) {
    try {
      const verdict = JSON.parse(line);
      known.set(verdict.key, verdict);
    } catch {
      // The last line of a run that was killed in the middle of it.
    }
  }
  return {
    /** What is known of a mutant; undefined where it has to be run. */
    of({ key, of }) {
      const verdict = known.get(key);
      return verdict !== undefined && verdict.of === of && (verdict.by !== null || verdict.tests === tests) ? verdict : undefined;
    },
    /** Whether it was ever judged, with whatever tests. */
    isKnown: ({ key }) => known.has(key),
    add({ key, of }, by) {
      const verdict = { key, of, tests, by };
      known.set(key, verdict);
      appendFileSync(path, `${JSON.stringify(verdict)}\n`);
    },
  };
}
