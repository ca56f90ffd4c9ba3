/**
 * Which characters one step of a pattern takes. Works on UTF-16 units; may say yes to more than the pattern would, never to less.
 */
export interface CharSet {
  /** Equal for equal sets. */
  readonly key: string;
  has(unit: number): boolean;
  /** Whether it may take a character beyond U+FFFF, of which the scanner sees only that it is one. */
  readonly astral: boolean;
  /** Whether it may take a character beyond ASCII. */
  readonly wide: boolean;
  /** A few characters, such as a letter in either case or some signs: a literal's step rather than a class. Digits are a class. */
  readonly isNarrow: boolean;
}

import { isLetter } from "../letters.js";

/** Members among ASCII that a literal's step may have. */
const NARROW = 10;
const MOST_DIGITS = 4;

export interface ClassItem {
  readonly from: number;
  readonly to: number;
  /** In place of a range. */
  readonly property?: RegExp;
}

/** What may stand beside a whole word: no letter. The scanner sees one such before a text and one after it. */
export const NO_LETTER: CharSet = {
  key: "no letter",
  has: (unit) => !isLetter(String.fromCharCode(unit)),
  astral: true,
  wide: true,
  isNarrow: true,
};

/** Spaces beyond ASCII: some engines count them, so the screen does too. */
export const SPACE = /[^\S\x00-\x7f]/;

/** One character, in any case where `ignoreCase`. */
export function oneCharacter(code: number, ignoreCase: boolean): CharSet {
  return classOf([{ from: code, to: code }], false, ignoreCase);
}

const known = new Map<string, CharSet>();

/** A character class, by RE2's rule that case is folded before a class is negated. Patterns hold the same few sets over and over. */
export function classOf(items: readonly ClassItem[], isNegated: boolean, ignoreCase: boolean): CharSet {
  const key = `${ignoreCase ? "i" : ""}${isNegated ? "^" : ""}${items.map(({ from, to, property }) => property?.source ?? (from === to ? `${from}` : `${from}-${to}`)).join()}`;
  let set = known.get(key);
  if (set === undefined) {
    set = makeClass(key, items, isNegated, ignoreCase);
    known.set(key, set);
  }
  return set;
}

function makeClass(key: string, items: readonly ClassItem[], isNegated: boolean, ignoreCase: boolean): CharSet {
  const holds = (unit: number): boolean =>
    items.some(({ from, to, property }) =>
      property === undefined ? unit >= from && unit <= to : property.test(String.fromCharCode(unit)),
    );
  // What is left out of a negated class must be no more than the engine leaves out, and properties are not sure to fold there.
  const variants = ignoreCase && !(isNegated && items.some(({ property }) => property !== undefined));
  const folds = (unit: number): boolean => holds(unit) || (variants && caseVariants(unit).some(holds));
  const ascii = Uint8Array.from({ length: 0x80 }, (_, unit) => (folds(unit) !== isNegated ? 1 : 0));
  const has = (unit: number): boolean => (unit < 0x80 ? ascii[unit] === 1 : folds(unit) !== isNegated);
  const count = (from: number, to: number): number => ascii.subarray(from, to).reduce((sum, member) => sum + member, 0);
  const isNarrow =
    !isNegated &&
    items.every(({ from, to, property }) => to - from < NARROW && (property === undefined || property === SPACE)) &&
    count(0, 0x80) <= NARROW &&
    count(0x30, 0x3a) <= MOST_DIGITS;
  return {
    key,
    has,
    astral: isNegated || items.some(({ to, property }) => to > 0xffff || property !== undefined),
    // Of ASCII only `k` and `s` have a variant beyond it.
    wide: isNegated || items.some(({ to, property }) => to > 0x7f || property !== undefined) || folds(0x212a) || folds(0x17f),
    isNarrow,
  };
}

/** The set over folded text: its members are the characters that fold to one of the given set's. */
export function overFolded(set: CharSet, fold: (unit: number) => number): CharSet {
  return { ...set, key: `f${set.key}`, wide: true, has: (unit) => set.has(fold(unit)) };
}

/** Every unit that case folding takes for the same (Unicode CaseFolding, C and S): by way of either case, and the two signs beyond ASCII. */
function caseVariants(unit: number): readonly number[] {
  if (unit < 0x80) {
    const small = unit | 0x20;
    if (small < 0x61 || small > 0x7a) return [];
    return small === 0x6b ? [unit ^ 0x20, 0x212a] : small === 0x73 ? [unit ^ 0x20, 0x17f] : [unit ^ 0x20];
  }
  if (unit === 0x212a) return [0x6b, 0x4b];
  if (unit === 0x17f) return [0x73, 0x53];
  const character = String.fromCharCode(unit);
  const lower = character.toLowerCase();
  const upper = character.toUpperCase();
  const variants = [lower, upper, lower.toUpperCase(), upper.toLowerCase()]
    .filter((variant) => variant.length === 1)
    .map((variant) => variant.charCodeAt(0));
  if (variants.includes(0x6b)) variants.push(0x212a);
  if (variants.includes(0x73)) variants.push(0x17f);
  return variants;
}
