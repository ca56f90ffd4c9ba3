import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as french } from "@scure/bip39/wordlists/french.js";
import { wordlist as italian } from "@scure/bip39/wordlists/italian.js";
import { wordlist as portuguese } from "@scure/bip39/wordlists/portuguese.js";
import { wordlist as spanish } from "@scure/bip39/wordlists/spanish.js";
import type { Validator } from "./validator.js";

/** By word, a bit for each list that holds it. */
const LISTS: ReadonlyMap<string, number> = listsByWord([english, french, italian, portuguese, spanish]);

/** The fewest words that restore a wallet (BIP-39). Prose of this length holds an article or a form that no list has. */
const FEWEST = 12;

/** Twelve words of three letters and what parts them. */
const SHORTEST = 47;

/**
 * Twelve words or more in a row that all stand in one list of BIP-39. The twelfth word of each possible row is looked up first and then those
 * before it: one that no list holds rules out every row that it stands in, so of a log a twelfth of the words is looked up.
 */
export const seedPhrase: Validator = (match) => {
  if (match.text.length < SHORTEST) return false;
  const text = match.text.toLowerCase().normalize("NFC");
  const bounds = wordBounds(text);
  const words = bounds.length / 2;
  for (let last = FEWEST - 1; last < words; ) {
    let lists = ~0;
    let at = last;
    while (at > last - FEWEST) {
      lists &= LISTS.get(text.slice(bounds[2 * at], bounds[2 * at + 1])) ?? 0;
      if (lists === 0) break;
      at -= 1;
    }
    if (at === last - FEWEST) return true;
    last = at + FEWEST;
  }
  return false;
};

/** Where each run of letters begins and ends, in turn. */
function wordBounds(text: string): readonly number[] {
  const bounds: number[] = [];
  let isInside = false;
  for (let at = 0; at < text.length; at += 1) {
    if (isLetter(text, at) === isInside) continue;
    isInside = !isInside;
    bounds.push(at);
  }
  if (isInside) bounds.push(text.length);
  return bounds;
}

function isLetter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit < 0x80 ? unit >= 0x61 && unit <= 0x7a : /\p{L}/u.test(text.charAt(at));
}

function listsByWord(lists: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const byWord = new Map<string, number>();
  lists.forEach((list, index) => {
    for (const word of list) {
      const plain = word.normalize("NFC");
      byWord.set(plain, (byWord.get(plain) ?? 0) | (1 << index));
    }
  });
  return byWord;
}
