import { entropy } from "./secrets.js";
import type { Validator } from "./validator.js";

/** Characters in one run past which a text is a payload: longer than any digest or token that a log holds. */
const OPAQUE_LENGTH = 200;

/** Long and random: base64 of something. Identifiers and paths are long, but of few bits a character. */
export const opaque: Validator = (match) =>
  match.text.length >= OPAQUE_LENGTH &&
  entropy(match.text.slice(0, 4096)) >= 4.3 &&
  /\d/.test(match.text) &&
  /[A-Z]/.test(match.text) &&
  /[a-z]/.test(match.text);

/** Hex of a file, or more of it than the longest digest (SHA-512: 128 digits). */
export const hexRun: Validator = (match) => match.text.replace(/[^0-9a-f]/gi, "").length >= 160;
