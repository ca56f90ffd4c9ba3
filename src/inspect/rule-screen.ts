import type { Text } from "./collector.js";
import { nameOf } from "./context-words.js";
import { foldText } from "./fold.js";
import { escapeLiteral } from "./pattern.js";
import { spacedName } from "./place.js";
import type { Rule, RulePattern, TextPlace } from "./rule-file.js";
import { STANDS_ALONE } from "./numbers/variant.js";
import { NO_LETTER } from "./screen/char-set.js";
import { parsePattern } from "./screen/pattern-syntax.js";
import type { Step } from "./screen/pattern-syntax.js";
import { meets, requirementsOf } from "./screen/requirements.js";
import type { Requirements } from "./screen/requirements.js";
import { CHARACTER_KINDS, EACH_CHARACTER, Screen } from "./screen/screen.js";
import type { Screened } from "./screen/screen.js";
import { literalLength, literalPart } from "./screen/screen-builder.js";

/** What may be found in a text: by a pattern, or by a rule's number words where there is none. */
export interface Candidate {
  readonly rule: Rule;
  readonly pattern: RulePattern | undefined;
}

interface Signal extends Candidate {
  readonly kind: "pattern" | "part" | "context" | "words";
  readonly screened: Screened;
  readonly requirements: Requirements | undefined;
  /** The signal of the rule's context words, where the pattern needs one. */
  readonly context: number | undefined;
  /** The signal of a literal that any match of the pattern holds further on. */
  readonly part: number | undefined;
}

const NONE: readonly Candidate[] = [];

/** Literal characters that a pattern begins with, from which on it is looked for among the literals. */
const LITERAL = 2;

/** Names whose words are remembered, at most: keys come from hostile bodies. */
const REMEMBERED = 4096;

/** Says which patterns of which rules may match in a text, by two passes over it for all rules together. */
export class RuleScreen {
  readonly #signals: readonly Signal[];
  readonly #literals: Screen;
  readonly #shapes: Screen;
  readonly #hits: Uint32Array;
  readonly #allowed: Record<TextPlace, Uint32Array[]> = { value: [], key: [], header: [], path: [], query: [] };
  /** Bits of patterns that need a context word. */
  readonly #inContext: Uint32Array;
  /** Bits of context and number words, which count in a name as well. */
  readonly #nameMask: Uint32Array;
  readonly #names = new Map<string, Uint32Array>();

  constructor(rules: readonly Rule[]) {
    this.#signals = signalsOf(rules);
    const pick = (literal: boolean) =>
      this.#signals.map(({ kind, screened }) =>
        (kind === "part" || (screened.step !== undefined && isLiteral(screened.step))) === literal ? screened : undefined,
      );
    this.#literals = new Screen(pick(true), "literal", EACH_CHARACTER);
    this.#shapes = new Screen(pick(false), "any", CHARACTER_KINDS);
    this.#hits = new Uint32Array(this.#literals.words);
    this.#inContext = this.#mask(({ context }) => context !== undefined);
    this.#nameMask = this.#mask(({ kind }) => kind === "context" || kind === "words");
  }

  /** In the order of the rules, and of each rule's patterns; none that may be found is missing. */
  candidates(text: Text): readonly Candidate[] {
    const hits = this.#hits;
    hits.fill(0);
    this.#literals.scan(text.text, hits);
    this.#shapes.scan(text.text, hits);
    // A name counts for what stands beside it: digits under `passport_no`, capitals under `bic`.
    if (text.kind !== "key" && (this.#asksForContext(hits) || /\d/.test(text.text))) {
      const name = nameOf(text);
      if (name !== undefined) this.#addName(name, hits);
    }
    const allowed = this.#allowedFor(text.kind, text.typed, text.number);
    let found: Candidate[] | undefined;
    for (let word = 0; word < hits.length; word += 1) {
      let bits = (hits[word] ?? 0) & (allowed[word] ?? 0);
      while (bits !== 0) {
        const signal = this.#signals[word * 32 + 31 - Math.clz32(bits & -bits)];
        bits &= bits - 1;
        if (signal !== undefined && (signal.kind === "pattern" || signal.kind === "words") && this.#mayHold(signal, text.text))
          (found ??= []).push(signal);
      }
    }
    return found ?? NONE;
  }

  #asksForContext(hits: Uint32Array): boolean {
    for (let word = 0; word < hits.length; word += 1) if (((hits[word] ?? 0) & (this.#inContext[word] ?? 0)) !== 0) return true;
    return false;
  }

  #mayHold({ context, part, requirements }: Signal, text: string): boolean {
    if ((context !== undefined && !this.#isHit(context)) || (part !== undefined && !this.#isHit(part))) return false;
    return requirements === undefined || meets(text, requirements);
  }

  #isHit(signal: number): boolean {
    return ((this.#hits[signal >> 5] ?? 0) & (1 << (signal & 31))) !== 0;
  }

  #addName(name: string, hits: Uint32Array): void {
    let own = this.#names.get(name);
    if (own === undefined) {
      own = new Uint32Array(hits.length);
      const words = foldText(spacedName(name));
      this.#literals.scan(words, own);
      this.#shapes.scan(words, own);
      for (let word = 0; word < own.length; word += 1) own[word] = (own[word] ?? 0) & (this.#nameMask[word] ?? 0);
      if (name.length <= 64 && this.#names.size < REMEMBERED) this.#names.set(name, own);
    }
    for (let word = 0; word < own.length; word += 1) hits[word] = (hits[word] ?? 0) | (own[word] ?? 0);
  }

  #allowedFor(kind: TextPlace, isTyped: boolean, isNumber: boolean): Uint32Array {
    const masks = this.#allowed[kind];
    const index = (isTyped ? 1 : 0) + (isNumber ? 2 : 0);
    let mask = masks[index];
    if (mask === undefined) {
      mask = this.#mask(({ rule }) => looksAt(rule, kind, isTyped, isNumber));
      masks[index] = mask;
    }
    return mask;
  }

  #mask(wanted: (signal: Signal) => boolean): Uint32Array {
    const mask = new Uint32Array(this.#hits.length);
    this.#signals.forEach((signal, index) => {
      if (wanted(signal)) mask[index >> 5] = (mask[index >> 5] ?? 0) | (1 << (index & 31));
    });
    return mask;
  }
}

export function looksAt(rule: Rule, kind: TextPlace, isTyped: boolean, isNumber: boolean): boolean {
  return rule.places.has(kind) && (!isTyped || rule.typed) && (!isNumber || rule.numbers);
}

function signalsOf(rules: readonly Rule[]): readonly Signal[] {
  const signals: Signal[] = [];
  for (const rule of rules) {
    const plain = { rule, pattern: undefined, requirements: undefined, context: undefined, part: undefined };
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
      add({
        kind: "pattern",
        rule,
        pattern,
        screened: { step, isFolded: false },
        requirements: step === undefined ? undefined : requirementsOf(step),
        context: pattern.needsContext ? context : undefined,
        part: literal === undefined ? undefined : add({ ...plain, kind: "part", screened: { step: literal, isFolded: false } }),
      });
    }
    if (rule.search !== undefined)
      add({ ...plain, kind: "words", screened: { step: choiceOf(rule.search.vocabulary.map(wholeWord)), isFolded: true } });
  }
  return signals;
}

function isLiteral(step: Step): boolean {
  return literalLength(step).length >= LITERAL;
}

/** A number's word as `isWhole` of numbers/variant.ts takes it: no letter before, none after a short one; scripts without spaces aside. */
function wholeWord(word: string): Step | undefined {
  const step = parsePattern(escapeLiteral(word).replaceAll(" ", "[\\s_.-]{0,2}"), false);
  if (step === undefined || /[^\u0000-\u052f]/.test(word)) return step;
  const edge: Step = { kind: "set", set: NO_LETTER };
  return { kind: "sequence", steps: [edge, step, ...(word.length <= STANDS_ALONE && !word.includes(" ") ? [edge] : [])] };
}

function choiceOf(steps: readonly (Step | undefined)[]): Step | undefined {
  const known = steps.flatMap((step) => step ?? []);
  return known.length === steps.length ? { kind: "choice", steps: known } : undefined;
}
