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

/** Asks a text for a set's members. */
export class Members {
  readonly #set: CharSet;
  readonly #ascii: Uint8Array;
  /** Beyond ASCII, made when a text first holds such: 0 for not known yet, 1 for no, 2 for yes. */
  #wide: Uint8Array | undefined;
  /** The last text, how many members its first units hold, and how many units those are: many patterns ask for the same set. */
  #counted = "";
  #count = 0;
  #upTo = 0;

  constructor(set: CharSet) {
    this.#set = set;
    this.#ascii = Uint8Array.from({ length: 0x80 }, (_, unit) => (set.has(unit) ? 1 : 0));
  }

  /** Whether the text holds at least so many; reads no further than it must. */
  holds(text: string, least: number): boolean {
    if (text !== this.#counted) {
      this.#counted = text;
      this.#count = 0;
      this.#upTo = 0;
    }
    let count = this.#count;
    let at = this.#upTo;
    while (count < least && at < text.length) {
      if (this.#has(text.charCodeAt(at))) count += 1;
      at += 1;
    }
    this.#count = count;
    this.#upTo = at;
    return count >= least;
  }

  /** Whether it holds so many in a row: asks from the end of where they could stand, so that a unit that is none rules out all before it. */
  holdsRun(text: string, least: number): boolean {
    let from = 0;
    // What is known to be of the run: all up to here, from `from` on.
    let known = 0;
    while (from + least <= text.length) {
      let at = from + least - 1;
      while (at >= known && this.#has(text.charCodeAt(at))) at -= 1;
      if (at < known) return true;
      known = from + least;
      from = at + 1;
    }
    return false;
  }

  /**
   * Whether it holds at least so many separate runs of at least `length`; always beyond ASCII, where a set may hold more than the engine's, so
   * that two runs seem one.
   */
  holdsWords(text: string, least: number, length: number): boolean {
    let run = 0;
    let words = 0;
    for (let at = 0; at < text.length && words < least; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return true;
      run = this.#ascii[unit] === 1 ? run + 1 : 0;
      if (run === length) words += 1;
    }
    return words >= least;
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
