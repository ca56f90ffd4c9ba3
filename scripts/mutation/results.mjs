/** Verdicts of earlier runs, a line of JSON each, so that a run that was cut short goes on where it stopped. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * @param {string} path
 * @param {string} tests digest of everything that could notice a mutant
 * @param {string} cases digest of the attack cases among it
 * A verdict holds as long as the mutant's file is what it was; that nobody noticed, only as long as the tests are too. Its `cases`, where it
 * has any, are those that were tried on the mutant.
 */
export function openResults(path, tests, cases) {
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
    /** Whether all of today's cases that meet it were tried. */
    isTriedOnCases({ key, of }) {
      const verdict = known.get(key);
      return verdict?.of === of && verdict.cases === cases;
    },
    /** Whether it was ever judged, with whatever tests. */
    isKnown: ({ key }) => known.has(key),
    /** @param {boolean} isTriedOnCases all cases that meet it, or those up to the first that is red */
    add({ key, of }, by, isTriedOnCases) {
      const before = known.get(key);
      const tried = isTriedOnCases ? cases : before?.of === of ? before.cases : undefined;
      const verdict = { key, of, tests, by, ...(tried === undefined ? {} : { cases: tried }) };
      known.set(key, verdict);
      appendFileSync(path, `${JSON.stringify(verdict)}\n`);
    },
  };
}
