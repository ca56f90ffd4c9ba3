import { parsePattern } from "./screen/pattern-syntax.js";
import type { Step } from "./screen/pattern-syntax.js";
import type { CharSet } from "./screen/char-set.js";

/** Places of a pattern, and states of its automaton, at most; what needs more is left to the engine. */
const MOST_PLACES = 256;
const MOST_STATES = 255;

/** What the parser drops or widens, so that it would take more than the engine: anchors, word boundaries, the dot and all beyond ASCII. */
const UNKNOWN = /\\[bBAzpPsSDW]|[$^.]|[^\x00-\x7f]/;

/** Classes, and signs that stand for themselves. */
const STANDS_FOR_ITSELF = /\[\^?(?:\\.|[^\]\\])+\]|\\[.$^]/g;

const DEAD = 0;
const UNKNOWN_YET = -1;

interface PlaceNode {
  readonly id: number;
  readonly set: CharSet;
  readonly next: Set<PlaceNode>;
}

/** Where one may stand: the places just taken, and whether the pattern may end here. */
interface Ends {
  readonly firsts: readonly PlaceNode[];
  readonly lasts: readonly PlaceNode[];
  readonly isEmpty: boolean;
}

/**
 * Holds whole texts against a plain pattern of ASCII classes, counts and choices, as most of the schemas' are, without a call into the
 * engine: an automaton whose states are made when a text first needs them. Exactly what RE2 takes (test/inspect/plain-matcher.test.ts).
 */
export class PlainMatcher {
  readonly #places: readonly PlaceNode[];
  readonly #ends: Ends;
  readonly #lasts: ReadonlySet<PlaceNode>;
  readonly #states: (readonly PlaceNode[])[] = [];
  readonly #byPlaces = new Map<string, number>();
  readonly #accepts: boolean[] = [];
  readonly #next: number[] = [];

  private constructor(places: readonly PlaceNode[], ends: Ends) {
    this.#places = places;
    this.#ends = ends;
    this.#lasts = new Set(ends.lasts);
    this.#stateOf([], false);
    this.#stateOf([], true);
  }

  /** Undefined where the pattern is none that it can hold exactly. */
  static of(source: string): PlainMatcher | undefined {
    const step = UNKNOWN.test(source.replace(STANDS_FOR_ITSELF, "-")) ? undefined : parsePattern(source, false);
    if (step === undefined) return undefined;
    const places: PlaceNode[] = [];
    const ends = attach(step, places);
    return ends === undefined ? undefined : new PlainMatcher(places, ends);
  }

  /** Undefined where the engine must say. */
  test(text: string): boolean | undefined {
    const next = this.#next;
    let state = 1;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return false;
      let to = next[state * 0x80 + unit] ?? UNKNOWN_YET;
      if (to === UNKNOWN_YET) {
        to = this.#step(state, unit);
        if (to === UNKNOWN_YET) return undefined;
      }
      if (to === DEAD) return false;
      state = to;
    }
    return this.#accepts[state] === true;
  }

  #step(from: number, unit: number): number {
    const reachable = new Set<PlaceNode>();
    if (from === 1) for (const place of this.#ends.firsts) reachable.add(place);
    else for (const place of this.#states[from] ?? []) for (const following of place.next) reachable.add(following);
    const to = this.#stateOf(
      this.#places.filter((place) => reachable.has(place) && place.set.has(unit)),
      false,
    );
    if (to !== UNKNOWN_YET) this.#next[from * 0x80 + unit] = to;
    return to;
  }

  /** State 0 is dead, state 1 that before a text. */
  #stateOf(places: readonly PlaceNode[], isFirst: boolean): number {
    const key = isFirst ? "first" : places.map(({ id }) => id).join();
    const known = this.#byPlaces.get(key);
    if (known !== undefined) return known;
    const state = this.#states.length;
    if (state >= MOST_STATES) return UNKNOWN_YET;
    this.#states.push(places);
    this.#byPlaces.set(key, state);
    this.#accepts.push(isFirst ? this.#ends.isEmpty : places.some((place) => this.#lasts.has(place)));
    for (let unit = 0; unit < 0x80; unit += 1) this.#next.push(places.length === 0 && !isFirst ? DEAD : UNKNOWN_YET);
    return state;
  }
}

/** Adds the step's places (Glushkov, "The abstract theory of automata", 1961); undefined where there are too many or one reaches beyond ASCII. */
function attach(step: Step, places: PlaceNode[]): Ends | undefined {
  switch (step.kind) {
    case "set": {
      if (step.set.wide || places.length >= MOST_PLACES) return undefined;
      const place: PlaceNode = { id: places.length, set: step.set, next: new Set() };
      places.push(place);
      return { firsts: [place], lasts: [place], isEmpty: false };
    }
    case "sequence":
      return step.steps.reduce<Ends | undefined>((before, part) => joined(before, () => attach(part, places)), NOTHING);
    case "choice": {
      const ways = step.steps.map((way) => attach(way, places));
      const known = ways.flatMap((way) => way ?? []);
      if (known.length < ways.length) return undefined;
      return {
        firsts: known.flatMap(({ firsts }) => firsts),
        lasts: known.flatMap(({ lasts }) => lasts),
        isEmpty: known.some(({ isEmpty }) => isEmpty),
      };
    }
    case "repeat":
      return attachRepeat(step, places);
  }
}

const NOTHING: Ends = { firsts: [], lasts: [], isEmpty: true };

function joined(before: Ends | undefined, make: () => Ends | undefined): Ends | undefined {
  const after = before === undefined ? undefined : make();
  if (before === undefined || after === undefined) return undefined;
  for (const last of before.lasts) for (const first of after.firsts) last.next.add(first);
  return {
    firsts: before.isEmpty ? [...before.firsts, ...after.firsts] : before.firsts,
    lasts: after.isEmpty ? [...before.lasts, ...after.lasts] : after.lasts,
    isEmpty: before.isEmpty && after.isEmpty,
  };
}

function attachRepeat({ step, least, most }: Extract<Step, { kind: "repeat" }>, places: PlaceNode[]): Ends | undefined {
  let ends: Ends | undefined = NOTHING;
  const times = most === Number.POSITIVE_INFINITY ? Math.max(1, least) : most;
  for (let time = 0; time < times; time += 1) {
    const isLast = time === times - 1;
    ends = joined(ends, () => {
      const once = attach(step, places);
      if (once === undefined) return undefined;
      if (isLast && most === Number.POSITIVE_INFINITY) for (const last of once.lasts) for (const first of once.firsts) last.next.add(first);
      return time < least ? once : { ...once, isEmpty: true };
    });
    if (ends === undefined) return undefined;
  }
  return ends;
}
