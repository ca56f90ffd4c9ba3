import type { CharSet } from "./char-set.js";
import type { Step } from "./pattern-syntax.js";

/** What any match of a pattern needs of a text, told without running it. */
export interface Requirements {
  /** UTF-16 units at least. */
  readonly length: number;
  /** How many characters of a set the text must hold: digits of a number, capitals of a name. */
  readonly counts: readonly Count[];
  /** Characters in a row that it must hold: what tells a token from words. */
  readonly runs: readonly Count[];
}

interface Count {
  readonly members: Members;
  readonly least: number;
}

/** Shorter runs are found in ordinary words. */
const LEAST_RUN = 12;

export function requirementsOf(step: Step): Requirements {
  const counts = new Map<Members, number>();
  const runs: Count[] = [];
  collect(step, 1, counts, runs);
  return { length: leastLength(step), counts: [...counts].map(([members, least]) => ({ members, least })), runs };
}

/** False only where no match is possible. */
export function meets(text: string, { length, counts, runs }: Requirements): boolean {
  return (
    text.length >= length &&
    counts.every(({ members, least }) => members.countIn(text) >= least) &&
    runs.every(({ members, least }) => members.longestIn(text) >= least)
  );
}

function leastLength(step: Step): number {
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

function collect(step: Step, times: number, counts: Map<Members, number>, runs: Count[]): void {
  if (step.kind === "sequence") for (const part of step.steps) collect(part, times, counts, runs);
  else if (step.kind === "repeat" && step.least > 0) {
    if (step.step.kind === "set" && step.least >= LEAST_RUN) runs.push({ members: membersOf(step.step.set), least: step.least });
    collect(step.step, times * step.least, counts, runs);
  } else if (step.kind === "set") {
    const members = membersOf(step.set);
    counts.set(members, (counts.get(members) ?? 0) + times);
  }
}

const known = new Map<string, Members>();

function membersOf(set: CharSet): Members {
  let members = known.get(set.key);
  if (members === undefined) {
    members = new Members(set);
    known.set(set.key, members);
  }
  return members;
}

/** Counts a set's members in a text; remembers the last one, since many patterns ask for the same. */
class Members {
  readonly #set: CharSet;
  readonly #ascii: Uint8Array;
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

  /** Each half of a character beyond U+FFFF counts as one, which is more than it is. */
  #has(unit: number): boolean {
    if (unit < 0x80) return this.#ascii[unit] === 1;
    return unit >= 0xd800 && unit <= 0xdfff ? this.#set.astral : this.#set.has(unit);
  }
}
