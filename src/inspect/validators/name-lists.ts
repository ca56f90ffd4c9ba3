import { allLocales } from "@faker-js/faker";
import { foldText } from "../fold.js";

/** Locales that are a joke or no one's language. */
const NO_LOCALE: ReadonlySet<string> = new Set(["base", "en_AU_ocker", "en_BORK"]);

const first = new Set<string>();
const last = new Set<string>();
const cities = new Set<string>();
for (const [name, locale] of Object.entries(allLocales)) {
  if (NO_LOCALE.has(name)) continue;
  gather(locale.person?.first_name, first);
  gather(locale.person?.last_name, last);
  gather(locale.location?.city_name, cities);
}

/** Lists come as lists or as lists by sex; a name of several words is kept by its words. */
function gather(given: unknown, into: Set<string>): void {
  if (typeof given === "string") {
    if (given.includes("{{")) return;
    into.add(foldText(given));
    for (const word of given.split(/[\s-]+/)) if (word.length > 2) into.add(foldText(word));
  } else if (typeof given === "object" && given !== null) {
    for (const part of Object.values(given)) gather(part, into);
  }
}

/** Whether people of some locale have the word as a given name; case and accents don't count. Source: the lists of @faker-js/faker. */
export function isFirstName(word: string): boolean {
  return first.has(foldText(word));
}

export function isLastName(word: string): boolean {
  return last.has(foldText(word));
}
