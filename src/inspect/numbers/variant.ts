import type { Deadline } from "../deadline.js";
import { foldText } from "../fold.js";
import { spacedName } from "../place.js";
import { isLetter, isLetterOrDigit } from "../letters.js";
import { compilePattern, escapeLiteral } from "../pattern.js";
import type { Pattern, TextMatch } from "../pattern.js";
import type { NumberCheck } from "./check.js";

/** Numbers of one kind: the words that name them, in the languages of those who have them, and the checks of which one must hold. */
export interface NumberVariant {
  /** As people write them; one in capitals (`PAN`, `RUN`) counts in prose only in capitals, since in small letters it is a common word. */
  readonly words: readonly string[];
  readonly checks: readonly NumberCheck[];
}

/** Finds numbers that stand near a word that names their kind. */
export interface NumberSearch {
  /** Any of the words, for a look at many texts at once; on folded text. */
  readonly words: Pattern;
  /** The same, folded and with single spaces. */
  readonly vocabulary: readonly string[];
  /** Whether one of the words stands in a member's name. */
  isNamedBy(name: string): boolean;
  /** Undefined as well where the time is over. */
  find(text: string, key: string | undefined, deadline: Deadline): TextMatch | undefined;
}

/** Characters between a word and its number. */
const BEFORE = 48;
const AFTER = 24;

/** Groups that one number is written in at most: `40 12 34 56 78 90 12`. */
const MOST_GROUPS = 8;

/** Letters and digits of the numbers that are looked at. */
const SHORTEST = 5;
const LONGEST = 34;

/** Characters of a text under a key that names a number: past them it is prose, and a word must stand near. */
const KEYED_LENGTH = 160;

export function compileNumbers(variants: readonly NumberVariant[]): NumberSearch {
  const byWord = new Map<string, { capitals: boolean; checks: NumberCheck[] }>();
  for (const { words, checks } of variants) {
    for (const word of words) {
      const plain = separated(foldText(word));
      const capitals = word.length <= 4 && /^[A-Z]+$/.test(word);
      const entry = byWord.get(plain) ?? { capitals, checks: [] };
      entry.checks.push(...checks);
      byWord.set(plain, entry);
    }
  }
  const longestFirst = [...byWord.keys()].sort((a, b) => b.length - a.length);
  const words = compilePattern(`(?:${longestFirst.map((word) => escapeLiteral(word).replaceAll(" ", "[\\s_.-]{0,2}")).join("|")})`);
  const entryOf = (match: string) =>
    byWord.get(separated(match)) ?? longestFirst.flatMap((word) => (joined(word) === joined(match) ? [byWord.get(word)] : []))[0];
  return {
    words,
    vocabulary: longestFirst,
    isNamedBy(name) {
      const folded = foldText(spacedName(name));
      for (const word of words.find(folded)) if (isWhole(folded, word)) return true;
      return false;
    },
    find(text, key, deadline) {
      const groups = groupsOf(text);
      if (groups.length === 0) return undefined;
      if (key !== undefined && text.length <= KEYED_LENGTH) {
        for (const word of words.find(foldText(key))) {
          if (deadline.passed()) return undefined;
          const entry = isWhole(foldText(key), word) ? entryOf(word.text) : undefined;
          const found = entry && search(text, groups, entry.checks, 0, text.length, true);
          if (found !== undefined) return found;
        }
      }
      const folded = foldText(text);
      for (const word of words.find(folded)) {
        if (deadline.passed()) return undefined;
        if (!isWhole(folded, word)) continue;
        const entry = entryOf(word.text);
        const end = word.index + word.text.length;
        if (entry === undefined || (entry.capitals && text.slice(word.index, end) !== text.slice(word.index, end).toUpperCase())) continue;
        const found =
          search(text, groups, entry.checks, end, end + BEFORE, false) ??
          search(text, groups, entry.checks, word.index - AFTER, word.index, false);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function separated(word: string): string {
  return word.replace(/[\s_.-]+/g, " ").trim();
}

function joined(word: string): string {
  return word.replace(/[\s_.-]+/g, "");
}

/** Letters of a word that stands alone; of a longer one the end may be an ending or a compound's other part. */
export const STANDS_ALONE = 5;

/** Short words stand alone; longer ones may be the head of a compound or carry an ending (`AHV-Nummer`, `henkilötunnuksen`). */
function isWhole(text: string, word: TextMatch): boolean {
  const before = text[word.index - 1];
  const after = text[word.index + word.text.length];
  if (/[^\u0000-\u052f]/.test(word.text)) return true;
  if (isLetter(before)) return false;
  return word.text.length > STANDS_ALONE || !(isLetter(after) || isDigitGlued(word.text, after));
}

function isDigitGlued(word: string, after: string | undefined): boolean {
  return word.length < 3 && after !== undefined && /\d/.test(after);
}

interface Group {
  readonly start: number;
  readonly end: number;
}

function groupsOf(text: string): readonly Group[] {
  const groups: Group[] = [];
  for (const match of text.matchAll(/[A-Za-z0-9]+/g)) groups.push({ start: match.index, end: match.index + match[0].length });
  return groups;
}

function search(
  text: string,
  groups: readonly Group[],
  checks: readonly NumberCheck[],
  from: number,
  to: number,
  keyed: boolean,
): TextMatch | undefined {
  for (let first = firstFrom(groups, from); first < groups.length; first += 1) {
    const start = groups[first]?.start ?? 0;
    if (start > to) break;
    // The word may be glued to its number: `bsn_111222333.pdf`.
    if (!startsApart(text, start) && !(text[start - 1] === "_" && start - 1 === from)) continue;
    // The longest first, so that a whole number is judged before a part of it.
    for (let last = lastGroup(text, groups, first, to); last >= first; last -= 1) {
      const end = groups[last]?.end ?? start;
      if (!endsApart(text, end)) continue;
      const raw = text.slice(start, end);
      const plain = raw.replace(/[^A-Za-z0-9]/g, "").toUpperCase();
      if (plain.length < SHORTEST || plain.length > LONGEST || !/\d\D*\d/.test(plain) || /^(.)\1+$/.test(plain)) continue;
      if (checks.some((check) => (!check.isLoose || (keyed ? isAll(text, start, end) : start - from <= 40)) && check.holds(raw, plain)))
        return { text: raw, index: start, groups: [] };
    }
  }
  return undefined;
}

/** Of the groups, in order, the first that starts at or behind `from`: by halves, since each word of a text asks. */
function firstFrom(groups: readonly Group[], from: number): number {
  let low = 0;
  for (let high = groups.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((groups[middle]?.start ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lastGroup(text: string, groups: readonly Group[], first: number, to: number): number {
  let last = first;
  while (last + 1 < groups.length && last + 1 - first < MOST_GROUPS) {
    const between = text.slice(groups[last]?.end, groups[last + 1]?.start);
    if (!/^(?:[ .\/+(,*\u00a0-]| ?[-–\/.] ?)\(?$/.test(between) || (groups[last + 1]?.start ?? 0) > to + LONGEST) break;
    last += 1;
  }
  return last;
}

/** Nothing but signs stands around the number. */
function isAll(text: string, start: number, end: number): boolean {
  return !/[\p{L}\p{N}]/u.test(text.slice(0, start).replace(/^[\w.-]{1,32}=/, "")) && !/[\p{L}\p{N}]/u.test(text.slice(end));
}

/** No letter, digit or joined group stands before: a part of a longer number, a UUID or a path proves nothing. */
function startsApart(text: string, start: number): boolean {
  const before = text[start - 1];
  if (isLetterOrDigit(before) || before === "_") return false;
  return !(before === "." || before === "/" || before === "-") || !isLetterOrDigit(text[start - 2]);
}

function endsApart(text: string, end: number): boolean {
  return !isLetterOrDigit(text[end]) && !/^[.,:\/-]\p{N}/u.test(text.slice(end, end + 2));
}
