import { overFolded } from "./char-set.js";
import type { CharSet } from "./char-set.js";
import { foldUnit } from "../fold.js";
import type { Step } from "./pattern-syntax.js";

/** A place in the patterns: what may come next, and which signals are given on arrival. */
export interface ScreenNode {
  readonly id: number;
  readonly depth: number;
  readonly edges: Edge[];
  readonly signals: number[];
}

interface Edge {
  /** Index into the sets. */
  readonly set: number;
  readonly target: ScreenNode;
  /** Whether other patterns that begin alike go the same way. */
  readonly isShared: boolean;
}

/** Times that a counted part is spelled out: more would make the automaton more exact and larger. */
const MOST_TIMES = 12;

/** How much of a pattern goes in: its literal beginning, or its first so many characters whatever they are. */
export type Head = "literal" | number;

/** Puts many patterns into one automaton, of each its head; common beginnings once. */
export class ScreenBuilder {
  readonly sets: CharSet[] = [];
  readonly root: ScreenNode;
  /** Signals that any text gives: of patterns that may match nothing. */
  readonly always = new Set<number>();
  readonly #setIds = new Map<string, number>();
  #nodes = 0;

  readonly #head: Head;

  constructor(head: Head) {
    this.#head = head;
    this.root = this.#node(0);
  }

  /** @param isFolded whether the pattern is meant for folded text (fold.ts) */
  add(signal: number, step: Step, isFolded: boolean): void {
    for (const node of this.#attach([this.root], step, signal, isFolded)) {
      if (node === this.root) this.always.add(signal);
      else give(node, signal);
    }
  }

  #node(depth: number): ScreenNode {
    this.#nodes += 1;
    return { id: this.#nodes - 1, depth, edges: [], signals: [] };
  }

  /** Leads on from each node of the frontier by the step; returns where it ends. */
  #attach(frontier: readonly ScreenNode[], step: Step, signal: number, isFolded: boolean): readonly ScreenNode[] {
    switch (step.kind) {
      case "set":
        return this.#character(frontier, isFolded ? overFolded(step.set, foldUnit) : step.set, signal);
      case "sequence":
        return step.steps.reduce<readonly ScreenNode[]>((ends, part) => this.#attach(ends, part, signal, isFolded), frontier);
      case "choice":
        return distinct(step.steps.flatMap((part) => this.#attach(frontier, part, signal, isFolded)));
      case "repeat":
        return this.#repeat(frontier, step, signal, isFolded);
    }
  }

  #character(frontier: readonly ScreenNode[], set: CharSet, signal: number): readonly ScreenNode[] {
    const going: ScreenNode[] = [];
    for (const node of frontier) {
      if (this.#head === "literal" ? set.isNarrow : node.depth < this.#head) going.push(node);
      else give(node, signal);
    }
    const [first] = going;
    if (first === undefined) return [];
    const id = this.#setId(set);
    if (going.length === 1) {
      const known = first.edges.find((edge) => edge.isShared && edge.set === id);
      if (known !== undefined) return [known.target];
    }
    const target = this.#node(Math.max(...going.map(({ depth }) => depth)) + 1);
    for (const node of going) node.edges.push({ set: id, target, isShared: going.length === 1 });
    return [target];
  }

  #repeat(frontier: readonly ScreenNode[], { step, least, most }: Extract<Step, { kind: "repeat" }>, signal: number, isFolded: boolean) {
    let ends = frontier;
    const isLoop = most > least;
    for (let time = 0; time < Math.min(isLoop ? least - 1 : least, MOST_TIMES); time += 1)
      ends = this.#attach(ends, step, signal, isFolded);
    if (least > MOST_TIMES) {
      for (const node of ends) give(node, signal);
      return [];
    }
    if (!isLoop || ends.length === 0) return ends;
    if (least === 0 && most <= 2) {
      for (let time = 0; time < most; time += 1) ends = distinct([...ends, ...this.#attach(ends, step, signal, isFolded)]);
      return ends;
    }
    // A counted rest is taken for an endless one: more than the pattern takes, in fewer nodes.
    const before = this.#node(Math.max(0, ...ends.map(({ depth }) => depth)));
    const after = this.#attach([before], step, signal, isFolded);
    const loops = before.edges.map((edge) => ({ ...edge, isShared: false }));
    for (const node of distinct([...ends, ...after])) {
      node.edges.push(...loops);
      for (const given of before.signals) give(node, given);
    }
    return least === 0 ? distinct([...ends, ...after]) : after;
  }

  #setId(set: CharSet): number {
    let id = this.#setIds.get(set.key);
    if (id === undefined) {
      id = this.sets.length;
      this.sets.push(set);
      this.#setIds.set(set.key, id);
    }
    return id;
  }
}

/** Characters that a pattern begins with literally, at least: what makes it fit for the automaton. */
export function literalLength(step: Step): { readonly length: number; readonly isWhole: boolean } {
  switch (step.kind) {
    case "set":
      return { length: step.set.isNarrow ? 1 : 0, isWhole: step.set.isNarrow };
    case "sequence": {
      let length = 0;
      for (const part of step.steps) {
        const own = literalLength(part);
        length += own.length;
        if (!own.isWhole) return { length, isWhole: false };
      }
      return { length, isWhole: true };
    }
    case "choice": {
      const parts = step.steps.map(literalLength);
      const broken = parts.filter(({ isWhole }) => !isWhole);
      return { length: Math.min(...(broken.length > 0 ? broken : parts).map(({ length }) => length)), isWhole: broken.length === 0 };
    }
    case "repeat": {
      const own = literalLength(step.step);
      return own.isWhole
        ? { length: own.length * step.least, isWhole: true }
        : own.length > 0 && step.least > 0
          ? own
          : { length: 0, isWhole: false };
    }
  }
}

/**
 * The longest stretch of literal steps that any match of the pattern holds, where it tells something: a few characters, or a sign that
 * words and numbers have not.
 */
export function literalPart(step: Step): Step | undefined {
  const steps = step.kind === "sequence" ? step.steps : [step];
  let best: { readonly step: Step; readonly length: number } | undefined;
  for (let from = 0; from < steps.length; from += 1) {
    let to = from;
    while (to < steps.length && literalLength(steps[to] ?? EMPTY).isWhole) to += 1;
    if (to === from) continue;
    const part: Step = { kind: "sequence", steps: steps.slice(from, to) };
    const { length } = literalLength(part);
    if (length > (best?.length ?? 0) && tells(part)) best = { step: part, length };
    from = to;
  }
  return best?.step;
}

const EMPTY: Step = { kind: "sequence", steps: [] };

/** Two letters stand in too many words to tell anything. */
const TELLING = 3;

/** Whether it is a few characters or a sign, whichever way it is taken. */
function tells(step: Step): boolean {
  switch (step.kind) {
    case "set":
      return isSignSet(step.set);
    case "repeat":
      return step.least > 0 && (tells(step.step) || literalLength(step).length >= TELLING);
    case "choice":
      return step.steps.every(tells);
    case "sequence":
      return literalLength(step).length >= TELLING || step.steps.some(tells);
  }
}

function isSignSet(set: CharSet): boolean {
  for (let unit = 0; unit < 0x80; unit += 1) if (set.has(unit) && /[\sA-Za-z0-9]/.test(String.fromCharCode(unit))) return false;
  return true;
}

function give(node: ScreenNode, signal: number): void {
  if (!node.signals.includes(signal)) node.signals.push(signal);
}

function distinct(nodes: readonly ScreenNode[]): readonly ScreenNode[] {
  return [...new Set(nodes)];
}
