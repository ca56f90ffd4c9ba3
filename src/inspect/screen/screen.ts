import type { CharSet } from "./char-set.js";
import { ScreenBuilder } from "./screen-builder.js";
import type { Head, ScreenNode } from "./screen-builder.js";
import type { Step } from "./pattern-syntax.js";

/** A pattern to screen for, under the number of its signal. */
export interface Screened {
  /** Undefined where its syntax is not known. */
  readonly step: Step | undefined;
  /** Whether it is meant for folded text (fold.ts). */
  readonly isFolded: boolean;
}

/**
 * States kept. The shipped rules' literals make 31,000, whatever the texts; past this many, which
 * operators' rules may make, all are forgotten and made anew.
 */
const MOST_STATES = 40_000;

/** Steps by characters beyond ASCII that are kept. */
const MOST_WIDE_STEPS = 65_536;

/** Stands before a text and after it. */
const LINE_FEED = 0x0a;

/** In the place of a scan's number, for a state without signals. */
const GIVES_NOTHING = 0x7fff_ffff;

/** The class of all characters beyond U+FFFF; further ones are those of characters beyond ASCII. */
const ASTRAL = 128;

/** A set of nodes of the patterns, and what follows on it. */
interface State {
  readonly nodes: readonly ScreenNode[];
  /** Words of the signals given here, as index and mask in turns. */
  readonly gives: readonly number[];
  /** By the class of a character beyond ASCII. */
  readonly wide: Map<number, number>;
}

/**
 * One pass over a text that says which of many patterns may match in it by their beginnings: none that it leaves out does. An
 * automaton over UTF-16 units whose states are made when a text first needs them, at some 2 ns a character (RE2's Set takes ten times
 * that, and a call besides).
 */
export class Screen {
  /** 32-bit words of a text's signals. */
  readonly words: number;
  readonly #sets: readonly CharSet[];
  readonly #root: ScreenNode;
  readonly #always: Int32Array;
  /** By ASCII character its class: characters that every set takes or leaves alike are not told apart. */
  readonly #classes = new Uint8Array(128);
  /** A power of two, as one shift is all that a step pays for finding its row. */
  readonly #shift: number;
  #states: State[] = [];
  #byNodes = new Map<string, number>();
  /** By state and class: the next state, or 0 for not known yet. */
  #next = new Uint16Array(0);
  /** By state: the scan that it last gave its signals to, so that each text gets them once. */
  #given = new Int32Array(64);
  #scans = 0;
  #begin = 0;
  /** Members of the sets by class, and the nodes that the root leads to by class. */
  readonly #members: Uint8Array[] = [];
  readonly #starts: (readonly ScreenNode[])[] = [];
  readonly #wideClasses = new Map<string, number>();
  readonly #classOfUnit = new Map<number, number>();
  #wideCount = 0;
  #wideSteps = 0;

  /** @param patterns by signal; those that are undefined are looked for in other ways */
  constructor(patterns: readonly (Screened | undefined)[], head: Head) {
    const builder = new ScreenBuilder(head);
    this.words = Math.max(1, Math.ceil(patterns.length / 32));
    patterns.forEach((pattern, signal) => {
      if (pattern === undefined) return;
      if (pattern.step === undefined) builder.always.add(signal);
      else builder.add(signal, pattern.step, pattern.isFolded);
    });
    this.#sets = builder.sets;
    this.#root = builder.root;
    this.#always = new Int32Array(this.words);
    for (const signal of builder.always) set(this.#always, signal);
    this.#shift = Math.ceil(Math.log2(Math.max(2, this.#classify())));
    this.#next = new Uint16Array(64 << this.#shift);
    this.#forget();
  }

  /** Sets the bit of each pattern that may match in the text, and leaves the others. `into` holds `words` words. */
  scan(text: string, into: Int32Array): void {
    for (let word = 0; word < this.words; word += 1) into[word] = (into[word] ?? 0) | (this.#always[word] ?? 0);
    if (this.#scans >= GIVES_NOTHING - 1) {
      this.#forget();
      this.#scans = 0;
    }
    this.#scans += 1;
    const scan = this.#scans;
    const classes = this.#classes;
    const shift = this.#shift;
    const { length } = text;
    let state = this.#begin;
    let at = 0;
    while (at < length) {
      // Constant for the inner loop, which takes 4 ns a character so and 20 where a call inside might replace them: a new state may.
      const next = this.#next;
      const given = this.#given;
      let unit = 0;
      for (; at < length; at += 1) {
        unit = text.charCodeAt(at);
        if (unit >= 128) break;
        const to = next[(state << shift) | (classes[unit] ?? 0)] ?? 0;
        if (to === 0) break;
        state = to;
        if ((given[state] ?? GIVES_NOTHING) < scan) {
          given[state] = scan;
          this.#give(state, into);
        }
      }
      if (at === length) break;
      at += 1;
      // Of a pair beyond U+FFFF the first half stands for both.
      if (unit >= 0xdc00 && unit <= 0xdfff) continue;
      state = unit < 128 ? this.#step(state, classes[unit] ?? 0) : this.#wideStep(state, unit);
      if ((this.#given[state] ?? GIVES_NOTHING) < scan) {
        this.#given[state] = scan;
        this.#give(state, into);
      }
    }
    this.#give(this.#step(state, classes[LINE_FEED] ?? 0), into);
  }

  #give(state: number, into: Int32Array): void {
    const gives = this.#states[state]?.gives ?? [];
    for (let at = 0; at < gives.length; at += 2) {
      const word = gives[at] ?? 0;
      into[word] = (into[word] ?? 0) | (gives[at + 1] ?? 0);
    }
  }

  #wideStep(state: number, unit: number): number {
    const wide = unit >= 0xd800 && unit <= 0xdbff ? ASTRAL : this.#classOf(unit);
    return this.#states[state]?.wide.get(wide) ?? this.#step(state, wide);
  }

  #step(from: number, by: number): number {
    const known = by < ASTRAL ? (this.#next[(from << this.#shift) | by] ?? 0) : 0;
    if (known !== 0) return known;
    const state = this.#states[from];
    if (state === undefined) return this.#begin;
    const members = this.#members[by];
    const nodes = new Set<ScreenNode>(this.#startsOf(by));
    for (const node of state.nodes) for (const { set: index, target } of node.edges) if (members?.[index] === 1) nodes.add(target);
    const to = this.#stateOf([...nodes]);
    // The states may have been forgotten on the way.
    if (this.#states[from] !== state) return to;
    if (by < ASTRAL) this.#next[(from << this.#shift) | by] = to;
    else {
      state.wide.set(by, to);
      this.#wideSteps += 1;
    }
    return to;
  }

  #stateOf(nodes: readonly ScreenNode[]): number {
    const key = nodes
      .map(({ id }) => id)
      .sort((a, b) => a - b)
      .join();
    const known = this.#byNodes.get(key);
    if (known !== undefined) return known;
    if (this.#states.length >= MOST_STATES || this.#wideSteps >= MOST_WIDE_STEPS) this.#forget();
    const words = new Int32Array(this.words);
    for (const node of nodes) for (const signal of node.signals) set(words, signal);
    const gives = [...words].flatMap((mask, word) => (mask === 0 ? [] : [word, mask]));
    const index = this.#states.length;
    this.#states.push({ nodes, gives, wide: new Map() });
    this.#byNodes.set(key, index);
    if (index >= this.#given.length) this.#grow();
    this.#given[index] = gives.length > 0 ? 0 : GIVES_NOTHING;
    return index;
  }

  /** State 0 is none, state 1 that before a text; from it a text begins behind a line's end. */
  #forget(): void {
    this.#states = [{ nodes: [], gives: [], wide: new Map() }];
    this.#byNodes = new Map();
    this.#wideSteps = 0;
    this.#next.fill(0);
    this.#begin = this.#step(this.#stateOf([]), this.#classes[LINE_FEED] ?? 0);
  }

  #grow(): void {
    const next = new Uint16Array(this.#next.length * 2);
    next.set(this.#next);
    this.#next = next;
    const given = new Int32Array(this.#given.length * 2);
    given.set(this.#given);
    this.#given = given;
  }

  /** Gives each ASCII character its class; returns how many there are. */
  #classify(): number {
    const classes = new Map<string, number>();
    for (let unit = 0; unit < 128; unit += 1) {
      const members = Uint8Array.from(this.#sets, (one) => (one.has(unit) ? 1 : 0));
      const key = members.join("");
      let found = classes.get(key);
      if (found === undefined) {
        found = classes.size;
        classes.set(key, found);
        this.#members[found] = members;
      }
      this.#classes[unit] = found;
    }
    this.#members[ASTRAL] = Uint8Array.from(this.#sets, (one) => (one.astral ? 1 : 0));
    return classes.size;
  }

  #classOf(unit: number): number {
    const known = this.#classOfUnit.get(unit);
    if (known !== undefined) return known;
    const members = Uint8Array.from(this.#sets, (one) => (one.has(unit) ? 1 : 0));
    const key = members.join("");
    let found = this.#wideClasses.get(key);
    if (found === undefined) {
      this.#wideCount += 1;
      found = ASTRAL + this.#wideCount;
      this.#wideClasses.set(key, found);
      this.#members[found] = members;
    }
    this.#classOfUnit.set(unit, found);
    return found;
  }

  #startsOf(by: number): readonly ScreenNode[] {
    let starts = this.#starts[by];
    if (starts === undefined) {
      const members = this.#members[by];
      starts = [...new Set(this.#root.edges.filter((edge) => members?.[edge.set] === 1).map(({ target }) => target))];
      this.#starts[by] = starts;
    }
    return starts;
  }
}

function set(words: Int32Array, bit: number): void {
  const word = bit >> 5;
  words[word] = (words[word] ?? 0) | (1 << (bit & 31));
}
