import type { CharSet } from "./char-set.js";

const known = new Map<string, Members>();

export function membersOf(set: CharSet): Members {
  let members = known.get(set.key);
  if (members === undefined) {
    members = new Members(set);
    known.set(set.key, members);
  }
  return members;
}

/** Counts a set's members in a text; remembers the last one, since many patterns ask for the same. */
export class Members {
  readonly #set: CharSet;
  readonly #ascii: Uint8Array;
  /** Beyond ASCII, made when a text first holds such: 0 for not known yet, 1 for no, 2 for yes. */
  #wide: Uint8Array | undefined;
  #counted = "";
  #count = 0;
  #measured = "";
  #longest = 0;

  constructor(set: CharSet) {
    this.#set = set;
    this.#ascii = Uint8Array.from({ length: 0x80 }, (_, unit) => (set.has(unit) ? 1 : 0));
  }

  countIn(text: string): number {
    if (text === this.#counted) return this.#count;
    let count = 0;
    for (let at = 0; at < text.length; at += 1) if (this.#has(text.charCodeAt(at))) count += 1;
    this.#counted = text;
    this.#count = count;
    return count;
  }

  longestIn(text: string): number {
    if (text === this.#measured) return this.#longest;
    let run = 0;
    let longest = 0;
    for (let at = 0; at < text.length; at += 1) {
      run = this.#has(text.charCodeAt(at)) ? run + 1 : 0;
      if (run > longest) longest = run;
    }
    this.#measured = text;
    this.#longest = longest;
    return longest;
  }

  /** Separate runs of at least `length`; endless beyond ASCII, where a set may hold more than the engine's, so that two runs seem one. */
  wordsIn(text: string, length: number): number {
    let run = 0;
    let words = 0;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return Number.POSITIVE_INFINITY;
      run = this.#ascii[unit] === 1 ? run + 1 : 0;
      if (run === length) words += 1;
    }
    return words;
  }

  /** Each half of a character beyond U+FFFF counts as one, which is more than it is. */
  #has(unit: number): boolean {
    if (unit < 0x80) return this.#ascii[unit] === 1;
    if (unit >= 0xd800 && unit <= 0xdfff) return this.#set.astral;
    if (!this.#set.wide) return false;
    this.#wide ??= new Uint8Array(0x10000);
    if (this.#wide[unit] === 0) this.#wide[unit] = this.#set.has(unit) ? 2 : 1;
    return this.#wide[unit] === 2;
  }
}
