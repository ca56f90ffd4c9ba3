import type { Rng } from "../random.js";
import { birth } from "./national-id.js";

const CONSONANTS = "BCDFGLMNPRSTV";

const ODD_VALUES: Readonly<Record<string, number>> = Object.fromEntries(
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    .split("")
    .map((character, index) => [
      character,
      [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23][
        index
      ] ?? 0,
    ]),
);

/** Italian tax code (DM 23/12/1976): name letters, birth, place, check letter. */
export function codiceFiscale(rng: Rng): string {
  const born = birth(rng);
  const letters = rng.text(CONSONANTS, 6);
  const day = born.day + (rng.chance(0.5) ? 40 : 0);
  const month = "ABCDEHLMPRST".charAt(born.month - 1);
  const place = rng.pick(["H501", "F205", "L219", "F839", "A944", "D612", "G273"]);
  const payload = letters + born.yy + month + String(day).padStart(2, "0") + place;
  const sum = [...payload].reduce((total, character, index) => {
    const value = index % 2 === 0 ? (ODD_VALUES[character] ?? 0) : parseInt(character, 36) - (character >= "A" ? 10 : 0);
    return total + value;
  }, 0);
  return payload + String.fromCharCode(65 + (sum % 26));
}

const CURP_ALPHABET = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";

/** Mexican population register code (Instructivo Normativo para la CURP). */
export function curp(rng: Rng): string {
  const born = birth(rng, 1950, 1999);
  // The second letter is E or A with harmless consonants, so that none of the register's banned words arises.
  const initials =
    rng.pick(["G", "H", "L", "R", "S", "V"]) + rng.pick("EA".split("")) + rng.pick(["G", "H", "R", "V"]) + rng.pick(["D", "F", "J", "N"]);
  const state = rng.pick(["DF", "JC", "NL", "MC", "PL", "VZ", "YN", "OC"]);
  const payload = `${initials}${born.yy}${born.mm}${born.dd}${rng.pick(["H", "M"])}${state}${rng.text(CONSONANTS, 3)}0`;
  const sum = [...payload].reduce((total, character, index) => total + CURP_ALPHABET.indexOf(character) * (18 - index), 0);
  return payload + String((10 - (sum % 10)) % 10);
}
