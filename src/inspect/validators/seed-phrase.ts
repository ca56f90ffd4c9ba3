import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as french } from "@scure/bip39/wordlists/french.js";
import { wordlist as italian } from "@scure/bip39/wordlists/italian.js";
import { wordlist as portuguese } from "@scure/bip39/wordlists/portuguese.js";
import { wordlist as spanish } from "@scure/bip39/wordlists/spanish.js";
import type { Validator } from "./validator.js";

const LISTS: readonly ReadonlySet<string>[] = [english, french, italian, portuguese, spanish].map(
  (list) => new Set(list.map((word) => word.normalize("NFC"))),
);

/** The fewest words that restore a wallet (BIP-39). Prose of this length holds an article or a form that no list has. */
const FEWEST = 12;

/** Twelve words of three letters and what parts them. */
const SHORTEST = 47;

/** Twelve words or more in a row that all stand in one list of BIP-39. */
export const seedPhrase: Validator = (match) => {
  if (match.text.length < SHORTEST) return false;
  const words = match.text
    .toLowerCase()
    .normalize("NFC")
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
  return LISTS.some((list) => {
    let row = 0;
    for (const word of words) {
      row = list.has(word) ? row + 1 : 0;
      if (row >= FEWEST) return true;
    }
    return false;
  });
};
