import type { TextMatch } from "../pattern.js";

/**
 * Other readings of what a pattern took. Patterns take the longest match and go on behind it, so that a number beside a date, a count or a
 * second number is swallowed with them: `2026-11-20 4111 1111 1111 1111`. Each returns the parts of the match, and of the digits that go on
 * behind it, that may be a number by themselves.
 */

interface Group {
  readonly start: number;
  readonly end: number;
}

/** A card's digits, and how they are grouped: in fours with a rest, as American Express does, as Maestro does, in one piece. */
const CARD_GROUPS = /^(?:4,4,4,4(?:,[1-3])?|4,6,[45]|6,(?:8|9|1[0-3])|1[3-9])$/;

/** Groups of four in a row, from which on they are a row of numbers, of which four in fifty would pass for a card: there a word must say so. */
const ROW = 5;

/** Parts of a match of digits that are grouped as cards are; those amid a row of numbers only where `isNamed`. */
export function cardReadings(match: TextMatch, text: string, isNamed: boolean): readonly TextMatch[] {
  const groups = groupsFrom(text, match.index, match.index + match.text.length);
  if (groups.length < 2) return [];
  const readings: TextMatch[] = [];
  groups.forEach((first, from) => {
    if (first.start >= match.index + match.text.length) return;
    for (let to = from; to < Math.min(groups.length, from + 5); to += 1) {
      const part = groups.slice(from, to + 1);
      const signs = new Set(part.slice(1).map((group) => text[group.start - 1]));
      if (signs.size > 1 || !CARD_GROUPS.test(part.map(({ start, end }) => end - start).join(","))) continue;
      if (!isNamed && isInRow(groups, from, text)) continue;
      readings.push(cut(text, first.start, part.at(-1)?.end ?? first.end));
    }
  });
  return readings;
}

function isInRow(groups: readonly Group[], at: number, text: string): boolean {
  // A year in its date is none of the row.
  const isFour = (group: Group | undefined): boolean =>
    group !== undefined && group.end - group.start === 4 && !/^\d{4}-\d\d-\d\d(?!\d)/.test(text.slice(group.start, group.start + 11));
  if (!isFour(groups[at])) return false;
  let from = at;
  while (isFour(groups[from - 1])) from -= 1;
  let to = at;
  while (isFour(groups[to + 1])) to += 1;
  return to - from + 1 >= ROW;
}

/** Groups of digits from the match on, with one sign between two, and a few behind it: a card has five at most. */
function groupsFrom(text: string, from: number, to: number): readonly Group[] {
  const groups: Group[] = [];
  const region = /^\d(?:[ .-]?\d)*/.exec(text.slice(from, to + 32))?.[0] ?? "";
  for (const { index, 0: digits } of region.matchAll(/\d+/g)) groups.push({ start: from + index, end: from + index + digits.length });
  return groups;
}

const COUNTRY = /[A-Za-z]{2}[ .-]?\d ?\d/g;

/** Letters, digits and signs of an IBAN at most: 34, each behind a sign. */
const LONGEST_IBAN = 72;

/** The match from each place at which two letters and two digits stand. */
export function ibanReadings(match: TextMatch, text: string): readonly TextMatch[] {
  const readings: TextMatch[] = [];
  COUNTRY.lastIndex = 0;
  for (let found = COUNTRY.exec(match.text); found !== null; found = COUNTRY.exec(match.text)) {
    const start = match.index + found.index;
    readings.push(
      cut(text, start, start + (/^[A-Za-z0-9]+(?:[ .-][A-Za-z0-9]+)*/.exec(text.slice(start, start + LONGEST_IBAN))?.[0].length ?? 0)),
    );
    COUNTRY.lastIndex = found.index + 1;
  }
  return readings;
}

const DATE_OR_TIME = /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d|\d{1,2}:\d{2}(?::\d{2})?)$/;

/** The telephone numbers among what a match took: what slashes and dates part, and of an international one each shorter beginning. */
export function phoneReadings(match: TextMatch, text: string): readonly TextMatch[] {
  const end = match.index + match.text.length;
  // The pattern stops at a length, be it amid a number.
  const whole = match.text + (/^[\d-]*/.exec(text.slice(end, end + 20))?.[0] ?? "");
  const parts: { start: number; end: number }[] = [];
  let open: { start: number; end: number } | undefined;
  for (const { index, 0: token } of whole.matchAll(/[^\s/]+|\//g)) {
    if (token === "/" || DATE_OR_TIME.test(token)) {
      open = undefined;
      continue;
    }
    if (open === undefined) parts.push((open = { start: index, end: index + token.length }));
    else open.end = index + token.length;
    // `+31 6 12345678 12` may be a number and a count.
    if (whole[open.start] === "+" && open.end > open.start + token.length) parts.push({ start: open.start, end: index - 1 });
  }
  return parts
    .map(({ start, end: to }) => cut(text, match.index + start, match.index + start + whole.slice(start, to).replace(/\.0$/, "").length))
    .filter((part) => part.text !== match.text);
}

function cut(text: string, start: number, end: number): TextMatch {
  return { text: text.slice(start, end), index: start, groups: [] };
}
