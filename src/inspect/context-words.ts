import type { Text } from "./collector.js";
import { foldText } from "./fold.js";
import { isLetter } from "./letters.js";
import type { TextMatch } from "./pattern.js";
import { VALUE_KEYS } from "./pairs.js";
import { keyOf, spacedName } from "./place.js";
import type { Place } from "./place.js";

/** Characters before and after a match in which a context word counts. */
const BEFORE = 48;
const AFTER = 24;

/** The name that a text stands under: its member's, or its header's. */
export function nameOf(text: Text): string | undefined {
  const key = joined(ownName(text.place), text.name);
  // What was decoded keeps the name that the encoded text stood under.
  const outer = text.frame.anchor === undefined ? undefined : keyOf(text.frame.anchor.place);
  return outer === undefined || outer === key ? key : `${outer} ${key ?? ""}`;
}

/** The nearest member's name; one that says only that a value stands there (`{"phone": {"number": …}}`) with the one above it. */
function ownName(place: Place | undefined): string | undefined {
  for (let at = place; at !== undefined; at = at.parent)
    if (typeof at.step === "string") return VALUE_KEYS.has(at.step) ? joined(at.step, keyOf(at.parent)) : at.step;
  return undefined;
}

function joined(name: string | undefined, more: string | undefined): string | undefined {
  return name === undefined || more === undefined ? (name ?? more) : `${name} ${more}`;
}

/** Whether one of the words stands near the match, or in the name that its text stands under. */
export function inContext(words: readonly string[], match: TextMatch, text: Text, key: string | undefined): boolean {
  const around = foldText(
    `${text.text.slice(Math.max(0, match.index - BEFORE), match.index)} \n ${text.text.slice(match.index + match.text.length, match.index + match.text.length + AFTER)}`,
  );
  const name = key === undefined || text.kind === "key" ? "" : foldText(spacedName(key));
  return words.some((word) => holdsWord(around, word) || holdsWord(name, word));
}

/** Whether the word stands there with no letter on either side. */
function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isLetter(text[at - 1]) && !isLetter(text[at + word.length])) return true;
  }
  return false;
}
