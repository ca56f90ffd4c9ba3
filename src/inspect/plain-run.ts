import { parsePattern } from "./screen/pattern-syntax.js";
import type { Step } from "./screen/pattern-syntax.js";

/** Anchors, edges, the dot, all beyond ASCII, groups that are told, and counts that take as little as they can. */
const UNKNOWN = /\\[bBAzpPsSDW]|[$^.]|[^\x00-\x7f]|\((?!\?:)|[*+?}]\?/;

/** Classes, and signs that stand for themselves. */
const STANDS_FOR_ITSELF = /\[(?:\\.|[^\]\\])+\]|\\[.$^]/g;

/** What a character may be, as bits. */
const UNIT = 1;
const PART = 2;
const TAIL = 4;

/** Longer units and tails are left to the engine. */
const MOST = 16;

interface Shape {
  readonly kinds: Uint8Array;
  /** Characters of a unit, behind which one may stand that parts it from the next. */
  readonly size: number;
  readonly least: number;
  readonly tail: number;
}

/**
 * Finds runs of characters of one class, or of pairs of them with a sign between (`[A-Za-z0-9+/_-]{24,}={0,2}`, `(?:[0-9a-f]{2}[ :,-]?){16,}`), as
 * RE2 finds them, leftmost and as long as they go, without a call into it: every identifier of a log is such a run. Since no character of a
 * unit may stand for a sign or the tail, there is one way to read a text (test/inspect/plain-run.test.ts holds it against RE2).
 */
export class PlainRun {
  readonly #shape: Shape;

  private constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** Undefined where the pattern is of another form. */
  static of(source: string, ignoreCase: boolean): PlainRun | undefined {
    if (UNKNOWN.test(source.replace(STANDS_FOR_ITSELF, "-"))) return undefined;
    const step = parsePattern(source, ignoreCase);
    const shape = step === undefined ? undefined : shapeOf(step);
    return shape === undefined ? undefined : new PlainRun(shape);
  }

  /** Where the next run begins and ends, from `from` on. */
  next(text: string, from: number): { readonly start: number; readonly end: number } | undefined {
    const { kinds, size, least, tail } = this.#shape;
    for (let start = from; start < text.length; start += 1) {
      if (((kinds[text.charCodeAt(start)] ?? 0) & UNIT) === 0) continue;
      let units = 0;
      let end = start;
      for (;;) {
        let at = end;
        while (at - end < size && ((kinds[text.charCodeAt(at)] ?? 0) & UNIT) !== 0) at += 1;
        if (at - end < size) break;
        units += 1;
        end = ((kinds[text.charCodeAt(at)] ?? 0) & PART) === 0 ? at : at + 1;
      }
      if (units < least) {
        // With one character a unit no later start gets any further; with more, one that begins inside a unit may.
        if (size === 1) start = end;
        continue;
      }
      for (let more = 0; more < tail && ((kinds[text.charCodeAt(end)] ?? 0) & TAIL) !== 0; more += 1) end += 1;
      return { start, end };
    }
    return undefined;
  }
}

function shapeOf(step: Step): Shape | undefined {
  const [run, tail, ...more] = step.kind === "sequence" ? step.steps : [step];
  if (run?.kind !== "repeat" || run.most !== Number.POSITIVE_INFINITY || run.least === 0 || more.length > 0) return undefined;
  const unit = unitOf(run.step);
  if (unit === undefined) return undefined;
  const kinds = new Uint8Array(0x80);
  if (!mark(kinds, unit.set, UNIT) || (unit.part !== undefined && !mark(kinds, unit.part, PART))) return undefined;
  if (tail !== undefined) {
    // Behind a sign that parts units no tail could be told from one more sign.
    if (unit.part !== undefined || tail.kind !== "repeat" || tail.least > 0 || tail.most > MOST || !mark(kinds, tail.step, TAIL))
      return undefined;
  }
  // What may be two things could be read in two ways.
  if (kinds.some((kind) => (kind & (kind - 1)) !== 0)) return undefined;
  return { kinds, size: unit.size, least: run.least, tail: tail?.kind === "repeat" ? tail.most : 0 };
}

function unitOf(step: Step): { readonly set: Step; readonly size: number; readonly part: Step | undefined } | undefined {
  if (step.kind === "set") return { set: step, size: 1, part: undefined };
  if (step.kind !== "sequence") return undefined;
  const [unit, part, ...more] = step.steps;
  if (unit?.kind !== "repeat" || unit.least !== unit.most || unit.least < 1 || unit.most > MOST || more.length > 0) return undefined;
  if (part?.kind !== "repeat" || part.least !== 0 || part.most !== 1) return undefined;
  return { set: unit.step, size: unit.least, part: part.step };
}

/** False where the step is no class of ASCII. */
function mark(kinds: Uint8Array, step: Step, bit: number): boolean {
  if (step.kind !== "set" || step.set.wide) return false;
  for (let unit = 0; unit < kinds.length; unit += 1) if (step.set.has(unit)) kinds[unit] = (kinds[unit] ?? 0) | bit;
  return true;
}
