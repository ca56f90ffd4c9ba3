import { foldText } from "../fold.js";
import { FAMILY_NAMES } from "./family-names.js";
import { GIVEN_NAMES } from "./given-names.js";

/** Taken apart when a text first asks: most traffic never does. */
let given: ReadonlySet<string> | undefined;
let family: ReadonlySet<string> | undefined;

/** Whether people of some locale have the word as a given name; case and accents don't count. Source: the lists of @faker-js/faker. */
export function isFirstName(word: string): boolean {
  given ??= new Set(GIVEN_NAMES.split(/\s/));
  return given.has(foldText(word));
}

export function isLastName(word: string): boolean {
  family ??= new Set(FAMILY_NAMES.split(/\s/));
  return family.has(foldText(word));
}
