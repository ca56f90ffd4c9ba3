import type { Validator } from "./validator.js";

/** Words that stand where a secret would: masks, types, placeholders, answers. */
const NO_SECRET = /^(?:[*x•.\-_#]+|null|none|true|false|undefined|nil|yes|no|string|bool|int|bytes|redacted|hidden|masked|secret|password|token|changeme|example|missing|invalid|expired|required|unknown|incorrect|wrong|empty|not|is|was|has|for|the|field|value|your[-_ ].*|<.*>|\$\{?.*|%\(?.*|\{.*)[.,;:!?)]*$/i;

/** A value under a secret-like name, that is no placeholder. */
export const secretValue: Validator = (match) => {
  const value = (match.groups.find((group) => group !== "") ?? match.text).trim().replace(/^["']|["',;]+$/g, "");
  return value.length >= 6 && !NO_SECRET.test(value) && !value.startsWith("[") && !/\s/.test(value);
};

/** A random-looking value under a name such as `token`, which also names harmless things. */
export const randomValue: Validator = (match) => {
  const value = match.text.trim();
  return value.length >= 16 && !/\s/.test(value) && !NO_SECRET.test(value) && /\d/.test(value) && /[a-z]/i.test(value) && entropy(value) >= 3;
};

/** Shannon entropy in bits a character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** The first part decodes to a JOSE header (RFC 7515, section 4). */
export const jwt: Validator = (match) => {
  try {
    const header: unknown = JSON.parse(Buffer.from(match.text.slice(0, match.text.indexOf(".")), "base64url").toString("utf8"));
    return typeof header === "object" && header !== null && ("alg" in header || "enc" in header || "typ" in header);
  } catch {
    return false;
  }
};
