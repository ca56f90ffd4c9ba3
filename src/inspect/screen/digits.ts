import type { CharSet } from "./char-set.js";
import type { Step } from "./pattern-syntax.js";
import { DIGIT, profileOf } from "./profile.js";

/** A digit, or a character that is none. */
type Mark = "digit" | "other";

/** Marks of one pattern that are looked at. */
const MOST_MARKS = 64;

/** UTF-16 units of any match, at least. */
export function leastLength(step: Step): number {
  switch (step.kind) {
    case "set":
      return 1;
    case "sequence":
      return step.steps.reduce((sum, part) => sum + leastLength(part), 0);
    case "choice":
      return Math.min(...step.steps.map(leastLength));
    case "repeat":
      return step.least === 0 ? 0 : step.least * leastLength(step.step);
  }
}

/** Digits and others that any match holds in this order, whatever stands between. */
function marksOf(step: Step): readonly Mark[] {
  switch (step.kind) {
    case "set":
      return isDigits(step.set) ? ["digit"] : holdsDigit(step.set) ? [] : ["other"];
    case "sequence":
      return step.steps.flatMap(marksOf).slice(0, MOST_MARKS);
    case "choice": {
      const ways = step.steps.map(marksOf);
      // One mark that each way has; in which order it stands among a way's others doesn't matter.
      return (["other", "digit"] as const).filter((mark) => ways.every((way) => way.includes(mark))).slice(0, 1);
    }
    case "repeat": {
      const once = step.least === 0 ? [] : marksOf(step.step);
      return Array.from({ length: Math.min(step.least, MOST_MARKS) }, () => once)
        .flat()
        .slice(0, MOST_MARKS);
    }
  }
}

/** Runs of digits that any match holds, at least. */
export function numbersIn(step: Step): number {
  const marks = marksOf(step);
  return marks.filter((mark, index) => mark === "digit" && marks[index - 1] !== "digit").length;
}

/** Characters from the first digit that any match holds to its end, at least; undefined where it may hold none. */
export function tailOf(step: Step): number | undefined {
  if (step.kind === "set") return isDigits(step.set) ? 1 : undefined;
  if (step.kind === "repeat")
    return step.least === 0 || tailOf(step.step) === undefined
      ? undefined
      : (tailOf(step.step) ?? 0) + (step.least - 1) * leastLength(step.step);
  if (step.kind === "choice") return undefined;
  for (let at = 0; at < step.steps.length; at += 1) {
    const part = step.steps[at];
    const own = part === undefined ? undefined : tailOf(part);
    if (own !== undefined) return own + step.steps.slice(at + 1).reduce((sum, rest) => sum + leastLength(rest), 0);
  }
  return undefined;
}

function isDigits(set: CharSet): boolean {
  return profileOf(set).kinds === DIGIT;
}

function holdsDigit(set: CharSet): boolean {
  return (profileOf(set).kinds & DIGIT) !== 0;
}
