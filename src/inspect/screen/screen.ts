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

/** States kept; a hostile text may make a new one with each character, so past them all are forgotten and made anew. */
const MOST_STATES = 8192;

/** Steps by characters beyond ASCII that are kept. */
const MOST_WIDE_STEPS = 65_536;

/** Stands before a text and after it. */
const LINE_FEED = 0x0a;

/** In the place of a scan's number, for a state without signals. */
const GIVES_NOTHING = 0xffff_ffff;

/** In the place of a wide class: a character beyond U+FFFF. */
const ASTRAL = 128;

const KINDS: readonly RegExp[] = [/[0-9]/, /[a-f]/, /[g-z]/, /[A-F]/, /[G-Z]/, /[ \t-\r]/];

/** A set of nodes of the patterns, and what follows on it. */
interface State {
  readonly nodes: readonly ScreenNode[];
  /** Words of the signals given here, as index and mask in turns. */
  readonly gives: readonly number[];
  /** By the class of a character beyond ASCII. */
  readonly wide: Map<number, number>;
}

/**
 * One pass over a text that says which of many patterns may match in it: none that it leaves out does. An automaton over UTF-16 units whose
 * states are made when a text first needs them, at some 2 ns a character (RE2's Set takes ten times that, and a call besides).
 */
export class Screen {
  /** 32-bit words of a text's signals. */
  readonly words: number;
  readonly #sets: readonly CharSet[];
  readonly #root: ScreenNode;
  readonly #always: Uint32Array;
  readonly #asciiClasses: Uint8Array;
  #states: State[] = [];
  #byNodes = new Map<string, number>();
  /** By state and ASCII character: the next state, or 0 for not known yet. */
  #next = new Uint16Array(64 * 128);
  /** By state: the scan that it last gave its signals to, so that each text gets them once. */
  #given = new Uint32Array(64);
  #scans = 0;
  /** Members of the sets by class, and the nodes that the root leads to by class. */
  readonly #members: Uint8Array[] = [];
  readonly #starts: (readonly ScreenNode[])[] = [];
  readonly #wideClasses = new Map<string, number>();
  readonly #classOfUnit = new Map<number, number>();
  #classes = ASTRAL + 1;
  #wideSteps = 0;

  /**
   * @param patterns by signal; those that are undefined belong to another screen
   * @param asciiClasses for each ASCII character the one that stands for its class: characters of a class are not told apart
   */
  constructor(patterns: readonly (Screened | undefined)[], head: Head, asciiClasses: Uint8Array) {
    const builder = new ScreenBuilder(head);
    this.#asciiClasses = asciiClasses;
    this.words = Math.max(1, Math.ceil(patterns.length / 32));
    patterns.forEach((pattern, signal) => {
      if (pattern === undefined) return;
      if (pattern.step === undefined) builder.always.add(signal);
      else builder.add(signal, pattern.step, pattern.isFolded);
    });
    this.#sets = builder.sets;
    this.#root = builder.root;
    this.#always = new Uint32Array(this.words);
    for (const signal of builder.always) set(this.#always, signal);
    this.#forget();
  }

  /** Sets the bit of each pattern that may match in the text, and leaves the others. `into` holds `words` words. */
  scan(text: string, into: Uint32Array): void {
    for (let word = 0; word < this.words; word += 1) into[word] = (into[word] ?? 0) | (this.#always[word] ?? 0);
    if (this.#scans >= GIVES_NOTHING - 1) {
      this.#forget();
      this.#scans = 0;
    }
    this.#scans += 1;
    const scan = this.#scans;
    const edge = this.#asciiClasses[LINE_FEED] ?? LINE_FEED;
    let state = this.#step(1, edge);
    let next = this.#next;
    let given = this.#given;
    const classes = this.#asciiClasses;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      let to = unit < 128 ? (next[state * 128 + (classes[unit] ?? 0)] ?? 0) : 0;
      if (to === 0) {
        // Of a pair beyond U+FFFF the first half stands for both.
        if (unit >= 0xdc00 && unit <= 0xdfff) continue;
        to = unit < 128 ? this.#step(state, classes[unit] ?? 0) : this.#wideStep(state, unit);
        next = this.#next;
        given = this.#given;
      }
      state = to;
      if ((given[state] ?? GIVES_NOTHING) < scan) {
        given[state] = scan;
        this.#give(state, into);
      }
    }
    this.#give(this.#step(state, edge), into);
  }

  #give(state: number, into: Uint32Array): void {
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
    const known = by < ASTRAL ? (this.#next[from * 128 + by] ?? 0) : 0;
    if (known !== 0) return known;
    const state = this.#states[from];
    if (state === undefined) return 1;
    const members = this.#membersOf(by);
    const nodes = new Set<ScreenNode>(this.#startsOf(by));
    for (const node of state.nodes) for (const { set: index, target } of node.edges) if (members[index] === 1) nodes.add(target);
    const to = this.#stateOf([...nodes]);
    // The states may have been forgotten on the way.
    if (this.#states[from] !== state) return to;
    if (by < 128) this.#next[from * 128 + by] = to;
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
    const words = new Uint32Array(this.words);
    for (const node of nodes) for (const signal of node.signals) set(words, signal);
    const gives = [...words].flatMap((mask, word) => (mask === 0 ? [] : [word, mask]));
    const index = this.#states.length;
    this.#states.push({ nodes, gives, wide: new Map() });
    this.#byNodes.set(key, index);
    if (index >= this.#given.length) this.#grow();
    this.#given[index] = gives.length > 0 ? 0 : GIVES_NOTHING;
    return index;
  }

  /** State 0 is none, state 1 that of a text's beginning. */
  #forget(): void {
    this.#states = [{ nodes: [], gives: [], wide: new Map() }];
    this.#byNodes = new Map();
    this.#wideSteps = 0;
    this.#next.fill(0);
    this.#stateOf([]);
  }

  #grow(): void {
    const next = new Uint16Array(this.#next.length * 2);
    next.set(this.#next);
    this.#next = next;
    const given = new Uint32Array(this.#given.length * 2);
    given.set(this.#given);
    this.#given = given;
  }

  /** Characters beyond ASCII that every set takes or leaves alike are one class. */
  #classOf(unit: number): number {
    const known = this.#classOfUnit.get(unit);
    if (known !== undefined) return known;
    const members = Uint8Array.from(this.#sets, (one) => (one.has(unit) ? 1 : 0));
    const key = members.join("");
    let found = this.#wideClasses.get(key);
    if (found === undefined) {
      found = this.#classes;
      this.#classes += 1;
      this.#wideClasses.set(key, found);
      this.#members[found] = members;
    }
    this.#classOfUnit.set(unit, found);
    return found;
  }

  #membersOf(by: number): Uint8Array {
    let members = this.#members[by];
    if (members === undefined) {
      const units = Array.from(this.#asciiClasses.keys()).filter((unit) => this.#asciiClasses[unit] === by);
      members = Uint8Array.from(this.#sets, (one) => ((by === ASTRAL ? one.astral : units.some((unit) => one.has(unit))) ? 1 : 0));
      this.#members[by] = members;
    }
    return members;
  }

  #startsOf(by: number): readonly ScreenNode[] {
    let starts = this.#starts[by];
    if (starts === undefined) {
      const members = this.#membersOf(by);
      starts = [...new Set(this.#root.edges.filter((edge) => members[edge.set] === 1).map(({ target }) => target))];
      this.#starts[by] = starts;
    }
    return starts;
  }
}

/** Each character on its own. */
export const EACH_CHARACTER: Uint8Array = Uint8Array.from({ length: 128 }, (_, unit) => unit);

/** Digits alike, letters by case and by whether they are hex digits, white space; every other sign on its own. */
export const CHARACTER_KINDS: Uint8Array = EACH_CHARACTER.map((unit) => {
  const character = String.fromCharCode(unit);
  return (KINDS.find((kind) => kind.test(character))?.source.charCodeAt(1) ?? character.charCodeAt(0)) & 127;
});

function set(words: Uint32Array, bit: number): void {
  const word = bit >> 5;
  words[word] = (words[word] ?? 0) | (1 << (bit & 31));
}
