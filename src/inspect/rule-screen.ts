import type { Text } from "./collector.js";
import { nameOf } from "./context-words.js";
import { foldText } from "./fold.js";
import { spacedName } from "./place.js";
import type { Rule, TextPlace } from "./rule-file.js";
import { looksAt, signalsOf } from "./rule-signals.js";
import type { Candidate, Signal } from "./rule-signals.js";
import { emptyProfile, takeProfile } from "./screen/profile.js";
import type { Profile } from "./screen/profile.js";
import { mayMeet, meets } from "./screen/requirements.js";
import type { Requirements } from "./screen/requirements.js";
import { Screen } from "./screen/screen.js";

const NONE: readonly Candidate[] = [];

/** Characters of the patterns of which a profile tells little that go into an automaton of their own, which has some two thousand states. */
const HEAD = 8;

/** Past so many digits, or so long a stretch, the profile tells patterns apart no further. */
const MOST_TOLD = 48;

/** Sets of kinds that are remembered, at most; each with up to 2,401 counts of 44 bytes. */
const MOST_KINDS = 256;

/** Names whose words are remembered, at most: keys come from hostile bodies. */
const REMEMBERED = 4096;

/** Says which patterns of which rules may match in a text, by one pass over it for all rules together. */
export class RuleScreen {
  readonly #signals: readonly Signal[];
  readonly #literals: Screen;
  /** Of the patterns of which a profile tells little; run where one of them is left. */
  readonly #heads: Screen;
  readonly #hits: Int32Array;
  readonly #headHits: Int32Array;
  readonly #profile = emptyProfile();
  /** Bits of the patterns that begin with a class, by digits and by the longest stretch that a text holds: what both leave may match. */
  readonly #byDigits: readonly Int32Array[];
  readonly #byStretch: readonly Int32Array[];
  /** The same by the kinds of characters that it holds, and by all three, as texts bring them. */
  readonly #byKinds = new Map<number, { readonly mask: Int32Array; readonly byCounts: (Int32Array | undefined)[] }>();
  readonly #allowed: Record<TextPlace, Int32Array[]> = { value: [], key: [], header: [], path: [], query: [] };
  /** Bits of patterns that need a context word. */
  readonly #inContext: Int32Array;
  /** Bits of context and number words, which count in a name as well. */
  readonly #nameMask: Int32Array;
  readonly #names = new Map<string, Int32Array>();

  constructor(rules: readonly Rule[]) {
    this.#signals = signalsOf(rules);
    const pick = (how: Signal["by"]) => this.#signals.map(({ by, screened }) => (by === how ? screened : undefined));
    this.#literals = new Screen(pick("literal"), "literal");
    this.#heads = new Screen(pick("head"), HEAD);
    this.#hits = new Int32Array(this.#literals.words);
    this.#headHits = new Int32Array(this.#literals.words);
    const told = (least: (requirements: Requirements) => number): readonly Int32Array[] =>
      Array.from({ length: MOST_TOLD + 1 }, (_, most) =>
        this.#mask(
          ({ by, requirements }) => by !== "literal" && (requirements === undefined || least(requirements) <= most || most === MOST_TOLD),
        ),
      );
    this.#byDigits = told(({ digits }) => digits);
    this.#byStretch = told(({ stretch }) => stretch);
    this.#inContext = this.#mask(({ context }) => context !== undefined);
    this.#nameMask = this.#mask(({ kind }) => kind === "context" || kind === "words");
  }

  /** In the order of the rules, and of each rule's patterns; none that may be found is missing. */
  candidates(text: Text): readonly Candidate[] {
    const hits = this.#hits;
    const profile = this.#profile;
    hits.fill(0);
    this.#literals.scan(text.text, hits);
    takeProfile(text.text, profile);
    const told = this.#toldBy(profile);
    const inContext = this.#inContext;
    let asksForContext = 0;
    for (let word = 0; word < hits.length; word += 1) {
      const bits = (hits[word] ?? 0) | (told[word] ?? 0);
      hits[word] = bits;
      asksForContext |= bits & (inContext[word] ?? 0);
    }
    // A name counts for what stands beside it: digits under `passport_no`, capitals under `bic`.
    if (text.kind !== "key" && (profile.digits > 0 || asksForContext !== 0)) {
      const name = nameOf(text);
      if (name !== undefined) this.#addName(name, hits);
    }
    const allowed = this.#allowedFor(text.kind, text.typed, text.number);
    let found: Candidate[] | undefined;
    let hasHeads = false;
    for (let word = 0; word < hits.length; word += 1) {
      let bits = (hits[word] ?? 0) & (allowed[word] ?? 0);
      while (bits !== 0) {
        const number = word * 32 + 31 - Math.clz32(bits & -bits);
        const signal = this.#signals[number];
        bits &= bits - 1;
        if (signal === undefined || !this.#mayHold(signal, text.text)) continue;
        if (signal.by === "head") {
          if (!hasHeads) {
            this.#headHits.fill(0);
            this.#heads.scan(text.text, this.#headHits);
            hasHeads = true;
          }
          if (!isSet(this.#headHits, number)) continue;
        }
        if (signal.requirements === undefined || meets(text.text, signal.requirements)) (found ??= []).push(signal);
      }
    }
    return found ?? NONE;
  }

  /** Bits of the patterns that begin with a class and that the profile doesn't leave out. */
  #toldBy({ kinds, digits, stretch }: Profile): Int32Array {
    let known = this.#byKinds.get(kinds);
    if (known === undefined) {
      const mask = this.#mask(
        ({ by, requirements }) => by !== "literal" && (requirements?.kinds.every((kind) => (kinds & kind) !== 0) ?? true),
      );
      known = { mask, byCounts: [] };
      if (this.#byKinds.size >= MOST_KINDS) this.#byKinds.clear();
      this.#byKinds.set(kinds, known);
    }
    const counts = Math.min(digits, MOST_TOLD) * (MOST_TOLD + 1) + Math.min(stretch, MOST_TOLD);
    let told = known.byCounts[counts];
    if (told === undefined) {
      const byDigits = this.#byDigits[Math.min(digits, MOST_TOLD)];
      const byStretch = this.#byStretch[Math.min(stretch, MOST_TOLD)];
      told = known.mask.map((word, index) => word & (byDigits?.[index] ?? 0) & (byStretch?.[index] ?? 0));
      known.byCounts[counts] = told;
    }
    return told;
  }

  #mayHold({ context, part, requirements }: Signal, text: string): boolean {
    const hits = this.#hits;
    if ((context !== undefined && !isSet(hits, context)) || (part !== undefined && !isSet(hits, part))) return false;
    return requirements === undefined || mayMeet(text, this.#profile, requirements);
  }

  #addName(name: string, hits: Int32Array): void {
    let own = this.#names.get(name);
    if (own === undefined) {
      own = new Int32Array(hits.length);
      const words = foldText(spacedName(name));
      this.#literals.scan(words, own);
      for (let word = 0; word < own.length; word += 1) own[word] = (own[word] ?? 0) & (this.#nameMask[word] ?? 0);
      if (name.length <= 64 && this.#names.size < REMEMBERED) this.#names.set(name, own);
    }
    for (let word = 0; word < own.length; word += 1) hits[word] = (hits[word] ?? 0) | (own[word] ?? 0);
  }

  #allowedFor(kind: TextPlace, isTyped: boolean, isNumber: boolean): Int32Array {
    const masks = this.#allowed[kind];
    const index = (isTyped ? 1 : 0) + (isNumber ? 2 : 0);
    let mask = masks[index];
    if (mask === undefined) {
      mask = this.#mask(
        (signal) => (signal.kind === "pattern" || signal.kind === "words") && looksAt(signal.rule, kind, isTyped, isNumber),
      );
      masks[index] = mask;
    }
    return mask;
  }

  #mask(wanted: (signal: Signal) => boolean): Int32Array {
    const mask = new Int32Array(this.#hits.length);
    this.#signals.forEach((signal, index) => {
      if (wanted(signal)) mask[index >> 5] = (mask[index >> 5] ?? 0) | (1 << (index & 31));
    });
    return mask;
  }
}

function isSet(words: Int32Array, bit: number): boolean {
  return ((words[bit >> 5] ?? 0) & (1 << (bit & 31))) !== 0;
}
