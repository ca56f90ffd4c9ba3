import { classOf, oneCharacter, SPACE } from "./char-set.js";
import type { CharSet, ClassItem } from "./char-set.js";

/** A pattern as far as the screen needs it: anchors and word boundaries are left out, so that it takes at least what the pattern takes. */
export type Step =
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly steps: readonly Step[] }
  | { readonly kind: "choice"; readonly steps: readonly Step[] }
  | { readonly kind: "repeat"; readonly step: Step; readonly least: number; readonly most: number };

const EMPTY: Step = { kind: "sequence", steps: [] };

/** Reads RE2's syntax (github.com/google/re2/wiki/Syntax); undefined for what it doesn't know, which then can't be screened. */
export function parsePattern(source: string, ignoreCase: boolean): Step | undefined {
  try {
    const reader = new Reader(source);
    const step = reader.choice(ignoreCase);
    return reader.atEnd() ? step : undefined;
  } catch (error) {
    if (error instanceof UnknownSyntax) return undefined;
    throw error;
  }
}

class UnknownSyntax extends Error {}

const SPACES: readonly ClassItem[] = [
  { from: 0x09, to: 0x0d },
  { from: 0x20, to: 0x20 },
];
const DIGITS: readonly ClassItem[] = [{ from: 0x30, to: 0x39 }];
const WORDS: readonly ClassItem[] = [
  { from: 0x30, to: 0x39 },
  { from: 0x41, to: 0x5a },
  { from: 0x5f, to: 0x5f },
  { from: 0x61, to: 0x7a },
];
const SHORT: Readonly<Record<string, readonly ClassItem[]>> = { d: DIGITS, s: SPACES, w: WORDS };
const CONTROL: Readonly<Record<string, number>> = { n: 0x0a, t: 0x09, r: 0x0d, f: 0x0c, v: 0x0b, a: 0x07 };
const SCRIPTS: ReadonlySet<string> = new Set([
  "Han",
  "Hangul",
  "Hiragana",
  "Katakana",
  "Latin",
  "Cyrillic",
  "Greek",
  "Arabic",
  "Hebrew",
  "Thai",
]);
const WIDE_SPACES: ClassItem = { from: 0, to: 0, property: SPACE };

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  atEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  choice(ignoreCase: boolean): Step {
    const flags = { ignoreCase };
    const choices: Step[] = [this.#sequence(flags)];
    while (this.#take("|")) choices.push(this.#sequence(flags));
    return choices.length === 1 ? (choices[0] ?? EMPTY) : { kind: "choice", steps: choices };
  }

  #sequence(flags: { ignoreCase: boolean }): Step {
    const steps: Step[] = [];
    while (!this.atEnd() && this.#peek() !== "|" && this.#peek() !== ")") {
      const step = this.#repeated(this.#atom(flags));
      if (step !== EMPTY) steps.push(step);
    }
    return steps.length === 1 ? (steps[0] ?? EMPTY) : { kind: "sequence", steps };
  }

  #repeated(step: Step): Step {
    let repeated = step;
    for (;;) {
      const bounds = this.#bounds();
      if (bounds === undefined) return repeated;
      this.#take("?");
      repeated = { kind: "repeat", step: repeated, least: bounds[0], most: bounds[1] };
    }
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#source.slice(this.#at, this.#at + 16));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const least = Number(counted[1]);
    return [least, counted[2] === undefined ? least : counted[3] === "" ? Number.POSITIVE_INFINITY : Number(counted[3])];
  }

  #atom(flags: { ignoreCase: boolean }): Step {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group(flags);
      case "[":
        return { kind: "set", set: this.#class(flags.ignoreCase) };
      case ".":
        return { kind: "set", set: classOf([], true, false) };
      case "^":
      case "$":
        return EMPTY;
      case "\\":
        return this.#escape(flags.ignoreCase);
      case "*":
      case "+":
      case "?":
        throw new UnknownSyntax();
      default:
        return { kind: "set", set: oneCharacter(character.codePointAt(0) ?? 0, flags.ignoreCase) };
    }
  }

  #group(flags: { ignoreCase: boolean }): Step {
    let { ignoreCase } = flags;
    if (this.#take("?")) {
      const head = /^(?:P?<\w+>|([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)]))/.exec(this.#source.slice(this.#at, this.#at + 64));
      if (head === null) throw new UnknownSyntax();
      this.#at += head[0].length;
      if (head[1]?.includes("i") === true) ignoreCase = true;
      if (head[2]?.includes("i") === true) ignoreCase = false;
      if (head[3] === ")") {
        flags.ignoreCase = ignoreCase;
        return EMPTY;
      }
    }
    const step = this.choice(ignoreCase);
    if (!this.#take(")")) throw new UnknownSyntax();
    return step;
  }

  #escape(ignoreCase: boolean): Step {
    if (/[bBAz]/.test(this.#peek())) {
      this.#at += 1;
      return EMPTY;
    }
    const { items, isNegated } = this.#escaped();
    return { kind: "set", set: classOf(items, isNegated, ignoreCase) };
  }

  /** What stands behind a backslash, inside a class or outside. */
  #escaped(): { readonly items: readonly ClassItem[]; readonly isNegated: boolean } {
    const letter = this.#next();
    const short = SHORT[letter.toLowerCase()];
    if (short !== undefined && /[dswDSW]/.test(letter)) {
      const isNegated = letter !== letter.toLowerCase();
      return { items: letter === "s" ? [...short, WIDE_SPACES] : short, isNegated };
    }
    if (letter === "p" || letter === "P") {
      const name = /^\{(\w+)\}|^([A-Z])/.exec(this.#source.slice(this.#at, this.#at + 32));
      if (name === null) throw new UnknownSyntax();
      this.#at += name[0].length;
      return { items: [{ from: 0, to: 0, property: property(name[1] ?? name[2] ?? "") }], isNegated: letter === "P" };
    }
    const code = this.#code(letter);
    return { items: [{ from: code, to: code }], isNegated: false };
  }

  #code(letter: string): number {
    if (letter === "x" || letter === "u") {
      const digits = /^\{([0-9a-fA-F]{1,6})\}|^([0-9a-fA-F]{2})/.exec(this.#source.slice(this.#at, this.#at + 8));
      const four = letter === "u" ? /^()([0-9a-fA-F]{4})/.exec(this.#source.slice(this.#at, this.#at + 4)) : null;
      const found = four ?? digits;
      if (found === null) throw new UnknownSyntax();
      this.#at += found[0].length;
      return Number.parseInt(found[1] === undefined || found[1] === "" ? (found[2] ?? "") : found[1], 16);
    }
    const control = CONTROL[letter];
    if (control !== undefined) return control;
    if (/[a-zA-Z0-9]/.test(letter)) throw new UnknownSyntax();
    return letter.codePointAt(0) ?? 0;
  }

  #class(ignoreCase: boolean): CharSet {
    const isNegated = this.#take("^");
    const items: ClassItem[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== "]"; isFirst = false) {
      if (this.#peek() === "[" && this.#source[this.#at + 1] === ":") throw new UnknownSyntax();
      const part = this.#classPart();
      const [single] = part.items;
      if (this.#peek() === "-" && this.#source[this.#at + 1] !== "]" && single !== undefined && single.property === undefined) {
        this.#at += 1;
        const end = this.#classPart().items[0];
        if (end === undefined || end.property !== undefined) throw new UnknownSyntax();
        items.push({ from: single.from, to: end.from });
      } else if (part.isNegated) {
        throw new UnknownSyntax();
      } else {
        // In a negated class more characters of the class mean fewer of the set.
        items.push(...part.items.filter((item) => !isNegated || item !== WIDE_SPACES));
      }
    }
    this.#at += 1;
    return classOf(items, isNegated, ignoreCase);
  }

  #classPart(): { readonly items: readonly ClassItem[]; readonly isNegated: boolean } {
    const character = this.#next();
    if (character === "\\") return this.#escaped();
    const code = character.codePointAt(0) ?? 0;
    return { items: [{ from: code, to: code }], isNegated: false };
  }

  #peek(): string {
    return this.#source[this.#at] ?? "";
  }

  #next(): string {
    const code = this.#source.codePointAt(this.#at);
    if (code === undefined) throw new UnknownSyntax();
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  #take(character: string): boolean {
    if (this.#source[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

function property(name: string): RegExp {
  try {
    // What this Node knows no character for, the engine may know one for.
    return new RegExp(`[${SCRIPTS.has(name) ? `\\p{Script=${name}}` : `\\p{${name}}`}\\p{Cn}]`, "u");
  } catch {
    throw new UnknownSyntax();
  }
}
