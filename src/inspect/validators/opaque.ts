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

/** An identifier of a known version and variant (RFC 9562, section 4): one piece of a file that is written like them in eight looks like one. */
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/gi;

/** Hex of a file, or more of it than the longest digest (SHA-512: 128 digits); a list of identifiers is none, however long. */
export const hexRun: Validator = (match) =>
  match.text.length >= 160 && match.text.replace(UUID, "").replace(/[^0-9a-f]/gi, "").length >= 160;
