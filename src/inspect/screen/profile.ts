import type { CharSet } from "./char-set.js";

/**
 * What a text is made of: enough to leave out most patterns that begin with a class, at one look-up a character. An automaton of such patterns
 * has as many states as texts have turns, so a hostile text would pay for each.
 */
export interface Profile {
  /** Kinds of characters that the text holds, by bit. */
  kinds: number;
  digits: number;
  /** Runs of digits: what stands between two is none. */
  numbers: number;
  /** UTF-16 units from the first digit to the text's end. */
  tail: number;
  /** A to Z. */
  capitals: number;
  /** UTF-16 units in the longest stretch without a space or another sign that no token holds; all beyond ASCII count. */
  stretch: number;
}

/** Low bits of a character's entry, which are counted. */
export const DIGIT = 1;
export const CAPITAL = 2;
/** Small letters, told like the signs. */
export const SMALL = 4;
/** In the high bit of an entry: may stand in a token. */
const IN_TOKEN = 1 << 30;
/** The bit of all characters beyond ASCII. */
export const BEYOND_ASCII = 1 << 29;

/** Characters of tokens, ids, paths and encoded bytes. */
const TOKEN = /[A-Za-z0-9_~.+/=%@:-]/;

/** Digits and capitals first, as they are counted; each sign that a pattern may ask for alone on its own, the rest together. */
const KINDS: readonly RegExp[] = [
  /[0-9]/,
  /[A-Z]/,
  /[a-z]/,
  /[ \t-\r]/,
  ...[".", "-", ":", "/", "@", "+", "_", "(", ",", "%", "\\", "~", "|", "=", "<", "*", "#", "[", "{", "'", '"', "&", "$"].map(
    (sign) => new RegExp(`[\\${sign}]`),
  ),
];

/** By ASCII character: the bit of its kind, and the high bit where it may stand in a token. */
const CHARACTERS: Int32Array = Int32Array.from({ length: 0x80 }, (_, unit) => {
  const character = String.fromCharCode(unit);
  const kind = KINDS.findIndex((one) => one.test(character));
  return (1 << (kind < 0 ? KINDS.length : kind)) | (TOKEN.test(character) ? IN_TOKEN : 0);
});

const KIND_BITS = ~IN_TOKEN;

export const emptyProfile = (): Profile => ({ kinds: 0, digits: 0, numbers: 0, tail: 0, capitals: 0, stretch: 0 });

/** Overwrites `profile` with that of `text`. */
export function takeProfile(text: string, profile: Profile): void {
  let kinds = 0;
  let digits = 0;
  let numbers = 0;
  let firstDigit = text.length;
  let lastDigit = -2;
  let capitals = 0;
  let stretch = 0;
  let stretchFrom = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) {
      kinds |= BEYOND_ASCII;
      continue;
    }
    const character = CHARACTERS[unit] ?? 0;
    kinds |= character;
    // Most characters are small letters, of which nothing is counted.
    if ((character & DIGIT) !== 0) {
      if (lastDigit !== at - 1) {
        if (numbers === 0) firstDigit = at;
        numbers += 1;
      }
      lastDigit = at;
      digits += 1;
    } else if ((character & CAPITAL) !== 0) capitals += 1;
    else if ((character & IN_TOKEN) === 0) {
      if (at - stretchFrom > stretch) stretch = at - stretchFrom;
      stretchFrom = at + 1;
    }
  }
  profile.kinds = kinds;
  profile.digits = digits;
  profile.numbers = numbers;
  profile.tail = text.length - firstDigit;
  profile.capitals = capitals;
  profile.stretch = Math.max(stretch, text.length - stretchFrom);
}

interface OfSet {
  /** The kinds of which a text must hold one if it is to hold a member of the set. */
  readonly kinds: number;
  /** Whether all its members may stand in a stretch. */
  readonly isOfTokens: boolean;
}

const known = new WeakMap<CharSet, OfSet>();

/** What the profile tells of a set; patterns hold the same few over and over. */
export function profileOf(set: CharSet): OfSet {
  let found = known.get(set);
  if (found === undefined) {
    let kinds = set.wide ? BEYOND_ASCII : 0;
    let isOfTokens = true;
    for (let unit = 0; unit < 0x80; unit += 1) {
      if (!set.has(unit)) continue;
      const character = CHARACTERS[unit] ?? 0;
      kinds |= character & KIND_BITS;
      isOfTokens &&= (character & IN_TOKEN) !== 0;
    }
    found = { kinds, isOfTokens };
    known.set(set, found);
  }
  return found;
}
