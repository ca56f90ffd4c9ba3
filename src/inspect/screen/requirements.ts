import type { CharSet } from "./char-set.js";
import { leastLength, numbersIn, tailOf } from "./digits.js";
import { membersOf } from "./members.js";
import type { Members } from "./members.js";
import type { Step } from "./pattern-syntax.js";
import { BEYOND_ASCII, CAPITAL, DIGIT, profileOf, SMALL } from "./profile.js";
import type { Profile } from "./profile.js";

/** What any match of a pattern needs of a text, told without running it. */
export interface Requirements {
  /** UTF-16 units at least. */
  readonly length: number;
  /** What the text's profile must reach. */
  readonly digits: number;
  readonly numbers: number;
  readonly tail: number;
  readonly capitals: number;
  readonly stretch: number;
  /** Of each of these the text must hold a kind of character. */
  readonly kinds: readonly number[];
  /** How many characters of a set the text must hold: digits of a number, capitals of a name. */
  readonly counts: readonly Count[];
  /** Characters in a row that it must hold: what tells a token from words. */
  readonly runs: readonly Count[];
  /** Separate runs that it must hold, of `length` each: the words of a phrase. */
  readonly words: readonly (Count & { readonly length: number })[];
}

interface Count {
  readonly members: Members;
  readonly least: number;
}

/** Shorter runs are found in ordinary words. */
const LEAST_RUN = 12;

/**
 * What parts in a row may be made of, so that the text must hold so many of them in a row: the fewer kinds of characters, the shorter a run
 * that tells. A run of signs and digits alone, as of a card's number, is found in no word.
 */
const RUNS: readonly { readonly kinds: number; readonly least: number }[] = [
  { kinds: DIGIT, least: 5 },
  { kinds: ~(CAPITAL | SMALL), least: 9 },
  { kinds: DIGIT | CAPITAL | SMALL, least: 10 },
];

/** Fewer words are found in ordinary sentences. */
const LEAST_WORDS = 6;

interface Gathered {
  readonly sets: Map<CharSet, number>;
  readonly runs: { readonly set: CharSet; readonly least: number }[];
  readonly words: { readonly set: CharSet; readonly least: number; readonly length: number }[];
  /** Of what ways there are to go on, the least of each. */
  readonly choices: Told[];
  stretch: number;
}

/** What the profile tells of. */
type Told = Pick<Requirements, "digits" | "capitals" | "stretch" | "kinds">;

export function requirementsOf(step: Step): Requirements {
  const gathered = gatheredOf(step);
  return {
    length: leastLength(step),
    numbers: numbersIn(step),
    tail: tailOf(step) ?? 0,
    ...toldOf(gathered),
    counts: [...gathered.sets].filter(([, least]) => least > 1).map(([set, least]) => ({ members: membersOf(set), least })),
    runs: gathered.runs
      .filter(({ set, least }, index, runs) => runs.findIndex((other) => other.set.key === set.key && other.least === least) === index)
      .map(({ set, least }) => ({ members: membersOf(set), least })),
    words: gathered.words.map(({ set, least, length }) => ({ members: membersOf(set), least, length })),
  };
}

function gatheredOf(step: Step): Gathered {
  const gathered: Gathered = { sets: new Map(), runs: [], words: [], choices: [], stretch: 0 };
  gather(step, 1, gathered);
  return gathered;
}

function toldOf({ sets, choices, stretch }: Gathered): Told {
  const sum = (bit: number): number => [...sets].reduce((count, [set, least]) => count + (profileOf(set).kinds === bit ? least : 0), 0);
  const more = (what: "digits" | "capitals"): number => choices.reduce((count, choice) => count + choice[what], 0);
  return {
    digits: sum(DIGIT) + more("digits"),
    capitals: sum(CAPITAL) + more("capitals"),
    stretch: Math.max(stretch, ...choices.map((choice) => choice.stretch)),
    kinds: [...new Set([...[...sets.keys()].map((set) => profileOf(set).kinds), ...choices.flatMap(({ kinds }) => kinds)])],
  };
}

/** False only where no match is possible; by what is known of the text already. */
export function mayMeet(text: string, profile: Profile, needed: Requirements): boolean {
  if (text.length < needed.length || profile.digits < needed.digits || profile.capitals < needed.capitals) return false;
  if (profile.stretch < needed.stretch || profile.numbers < needed.numbers || profile.tail < needed.tail) return false;
  for (const kind of needed.kinds) if ((profile.kinds & kind) === 0) return false;
  return true;
}

/** The same, by counting in the text. */
export function meets(text: string, { counts, runs, words }: Requirements): boolean {
  // Runs first: a look or two rules out most texts, where words and counts ask for half of the text.
  for (const { members, least } of runs) if (!members.holdsRun(text, least)) return false;
  for (const { members, least, length } of words) if (!members.holdsWords(text, least, length)) return false;
  for (const { members, least } of counts) if (!members.holds(text, least)) return false;
  return true;
}

function gather(step: Step, times: number, into: Gathered): void {
  into.stretch = Math.max(into.stretch, stretchOf(step));
  if (step.kind === "sequence") {
    into.runs.push(...RUNS.flatMap(({ kinds, least }) => longestOf(step.steps, kinds, least)));
    for (const part of step.steps) gather(part, times, into);
  } else if (step.kind === "choice")
    into.choices.push(
      leastOf(
        step.steps.map((way) => toldOf(gatheredOf(way))),
        times,
      ),
    );
  else if (step.kind === "repeat" && step.least > 0) {
    const least = step.least * leastLength(step.step);
    if (least >= LEAST_RUN) {
      const set = unionOf(step.step);
      if (set !== undefined) into.runs.push({ set, least });
    }
    const word = step.least >= LEAST_WORDS ? wordOf(step.step) : undefined;
    if (word !== undefined) into.words.push({ ...word, least: step.least });
    gather(step.step, times * step.least, into);
  } else if (step.kind === "set") {
    into.sets.set(step.set, (into.sets.get(step.set) ?? 0) + times);
  }
}

/** The longest run of parts that take nothing else of ASCII, where it is at least so long. */
function longestOf(steps: readonly Step[], kinds: number, least: number): readonly Gathered["runs"][number][] {
  let longest: { readonly parts: readonly Step[]; readonly least: number } = { parts: [], least: least - 1 };
  let parts: Step[] = [];
  for (const step of steps) {
    parts = isMadeOf(step, kinds) ? [...parts, step] : [];
    const length = leastLength({ kind: "sequence", steps: parts });
    if (length > longest.least) longest = { parts, least: length };
  }
  const set = unionOf({ kind: "sequence", steps: longest.parts });
  return set === undefined ? [] : [{ set, least: longest.least }];
}

function isMadeOf(step: Step, kinds: number): boolean {
  if (step.kind === "set") return (profileOf(step.set).kinds & ~(kinds | BEYOND_ASCII)) === 0;
  return step.kind === "repeat" ? isMadeOf(step.step, kinds) : step.steps.every((part) => isMadeOf(part, kinds));
}

/** What any of several ways needs; of kinds, one of those that each way asks for most narrowly. */
function leastOf(ways: readonly Told[], times: number): Told {
  const narrowest = ways.map(({ kinds }) => [...kinds].sort((a, b) => bitsIn(a) - bitsIn(b))[0]);
  return {
    digits: times * Math.min(...ways.map(({ digits }) => digits)),
    capitals: times * Math.min(...ways.map(({ capitals }) => capitals)),
    stretch: Math.min(...ways.map(({ stretch }) => stretch)),
    kinds: narrowest.includes(undefined) ? [] : [narrowest.reduce<number>((all, kind) => all | (kind ?? 0), 0)],
  };
}

function bitsIn(mask: number): number {
  let bits = 0;
  for (let left = mask; left !== 0; left &= left - 1) bits += 1;
  return bits;
}

/** Characters in a row that may all stand in a token, at least, somewhere in what the step takes. */
function stretchOf(step: Step): number {
  if (step.kind !== "sequence") return isTokens(step) ? leastLength(step) : 0;
  let run = 0;
  let longest = 0;
  for (const part of step.steps) {
    // What is left out altogether parts nothing; what may stand between and is of no token does.
    run = isTokens(part) ? run + leastLength(part) : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

function isTokens(step: Step): boolean {
  switch (step.kind) {
    case "set":
      return profileOf(step.set).isOfTokens;
    case "repeat":
      return isTokens(step.step);
    default:
      return step.steps.every(isTokens);
  }
}

/** Every character that the step may take. Undefined where it may take any but a few. */
function unionOf(step: Step): CharSet | undefined {
  const sets: CharSet[] = [];
  const visit = (part: Step): void => {
    if (part.kind === "set") sets.push(part.set);
    else if (part.kind === "repeat") visit(part.step);
    else part.steps.forEach(visit);
  };
  visit(step);
  const [first] = sets;
  if (sets.length <= 1 || first === undefined) return first;
  return {
    key: `u${sets.map(({ key }) => key).join("|")}`,
    has: (unit) => sets.some((set) => set.has(unit)),
    astral: sets.some(({ astral }) => astral),
    wide: sets.some(({ wide }) => wide),
    isNarrow: false,
  };
}

/** A part that is a separator and then a word of characters that the separator excludes: each repetition brings a word of its own. */
function wordOf(step: Step): { readonly set: CharSet; readonly length: number } | undefined {
  if (step.kind !== "sequence") return undefined;
  const [first, ...rest] = step.steps;
  const edge = first?.kind === "repeat" && first.least > 0 ? first.step : first;
  if (edge?.kind !== "set") return undefined;
  let length = 0;
  let set: CharSet | undefined;
  for (const part of rest) {
    const inner = part.kind === "repeat" ? part.step : part;
    if (inner.kind !== "set" || (set !== undefined && inner.set.key !== set.key)) return undefined;
    set = inner.set;
    length += part.kind === "repeat" ? part.least : 1;
  }
  // The key of a negated class is that of the class with a sign before it.
  return set !== undefined && length > 0 && edge.set.key === set.key.replace(/^i?/, "$&^") ? { set, length } : undefined;
}
