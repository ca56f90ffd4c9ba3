import { STANDS_ALONE } from "./numbers/variant.js";
import { escapeLiteral } from "./pattern.js";
import type { Rule, RulePattern, TextPlace } from "./rule-file.js";
import { NO_LETTER } from "./screen/char-set.js";
import { parsePattern } from "./screen/pattern-syntax.js";
import type { Step } from "./screen/pattern-syntax.js";
import { requirementsOf } from "./screen/requirements.js";
import type { Requirements } from "./screen/requirements.js";
import type { Screened } from "./screen/screen.js";
import { literalLength, literalPart } from "./screen/screen-builder.js";

/** What may be found in a text: by a pattern, or by a rule's number words where there is none. */
export interface Candidate {
  readonly rule: Rule;
  readonly pattern: RulePattern | undefined;
}

/** What a rule is looked for by; its number is its place in the list. */
export interface Signal extends Candidate {
  readonly kind: "pattern" | "part" | "context" | "words";
  readonly screened: Screened;
  /** How it is looked for: by its literal beginning; by the text's profile, where it begins with a class; by both the profile and its head. */
  readonly by: "literal" | "profile" | "head";
  readonly requirements: Requirements | undefined;
  /** The signal of the rule's context words, where the pattern needs one. */
  readonly context: number | undefined;
  /** The signal of a literal that any match of the pattern holds further on. */
  readonly part: number | undefined;
}

/** Literal characters that a pattern begins with, from which on it is looked for among the literals. */
const LITERAL = 2;

/** What must be asked for to tell ordinary texts from those that a pattern may match in; words of a length do so as well. */
const TELLING = { digits: 9, capitals: 4, stretch: 11, run: 11 };

export function looksAt(rule: Rule, kind: TextPlace, isTyped: boolean, isNumber: boolean): boolean {
  return rule.places.has(kind) && (!isTyped || rule.typed) && (!isNumber || rule.numbers);
}

export function signalsOf(rules: readonly Rule[]): readonly Signal[] {
  const signals: Signal[] = [];
  for (const rule of rules) {
    const plain = { rule, pattern: undefined, by: "literal" as const, requirements: undefined, context: undefined, part: undefined };
    const add = (signal: Signal): number => signals.push(signal) - 1;
    // What surrounds a match is cut from the text, so a context word may be the end of a longer one.
    const words = rule.context.map((word) => escapeLiteral(word).replaceAll(" ", "[\\s_.-]")).join("|");
    const context =
      rule.context.length === 0
        ? undefined
        : add({ ...plain, kind: "context", screened: { step: parsePattern(words, false), isFolded: true } });
    for (const pattern of rule.patterns) {
      const step = parsePattern(pattern.pattern.source, pattern.pattern.ignoreCase);
      const literal = step === undefined || isLiteral(step) ? undefined : literalPart(step);
      const requirements = step === undefined ? undefined : requirementsOf(step);
      add({
        kind: "pattern",
        rule,
        pattern,
        by:
          step === undefined || isLiteral(step)
            ? "literal"
            : literal !== undefined || pattern.needsContext || tells(requirements)
              ? "profile"
              : "head",
        screened: { step, isFolded: false },
        requirements,
        context: pattern.needsContext ? context : undefined,
        part: literal === undefined ? undefined : add({ ...plain, kind: "part", screened: { step: literal, isFolded: false } }),
      });
    }
    if (rule.search !== undefined)
      add({ ...plain, kind: "words", screened: { step: choiceOf(rule.search.vocabulary.map(wholeWord)), isFolded: true } });
  }
  return signals;
}

function tells(requirements: Requirements | undefined): boolean {
  if (requirements === undefined) return false;
  const { digits, capitals, stretch, runs, words } = requirements;
  return (
    digits >= TELLING.digits ||
    capitals >= TELLING.capitals ||
    stretch >= TELLING.stretch ||
    runs.some(({ least }) => least >= TELLING.run) ||
    words.length > 0
  );
}

function isLiteral(step: Step): boolean {
  return literalLength(step).length >= LITERAL;
}

/** A number's word as `isWhole` of numbers/variant.ts takes it: no letter before, none after a short one; scripts without spaces aside. */
function wholeWord(word: string): Step | undefined {
  const step = parsePattern(escapeLiteral(word).replaceAll(" ", "[\\s_.-]*"), false);
  if (step === undefined || /[^\u0000-\u052f]/.test(word)) return step;
  const edge: Step = { kind: "set", set: NO_LETTER };
  return { kind: "sequence", steps: [edge, step, ...(word.length <= STANDS_ALONE && !word.includes(" ") ? [edge] : [])] };
}

function choiceOf(steps: readonly (Step | undefined)[]): Step | undefined {
  const known = steps.flatMap((step) => step ?? []);
  return known.length === steps.length ? { kind: "choice", steps: known } : undefined;
}
