import type { Validator } from "./validator.js";

/** Words that stand where a secret would: masks, types, placeholders, answers. */
const NO_SECRET =
  /^(?:[*x•.\-_#]+|null|none|true|false|undefined|nil|yes|no|string|bool|int|bytes|redacted|hidden|masked|secret|password|token|changeme|example|missing|invalid|expired|required|unknown|incorrect|wrong|empty|not|is|was|has|for|the|field|value|your[-_ ].*|<.*>|\$\{?.*|%\(?.*|\{.*)[.,;:!?)]*$/i;

/** A value under a secret-like name, that is no placeholder. */
export const secretValue: Validator = (match) => {
  const value = (match.groups.find((group) => group !== "") ?? match.text).trim().replace(/^["']|["',;]+$/g, "");
  return value.length >= 6 && !NO_SECRET.test(value) && !value.startsWith("[") && !/\s/.test(value);
};

/** A random-looking value under a name such as `token`, which also names harmless things. */
export const randomValue: Validator = (match) => {
  const value = (match.groups.find((group) => group !== "") ?? match.text).trim();
  if (value.length < 12 || /\s/.test(value) || NO_SECRET.test(value) || NO_RANDOM.test(value)) return false;
  const mixes = /[a-z]/.test(value) && /[A-Z]/.test(value.slice(1));
  if (value.length < 16 && !(mixes && /\d/.test(value))) return false;
  return (
    ((/\d/.test(value) && /[a-z]/i.test(value)) || (mixes && /[a-z][A-Z]+[a-z]+[A-Z]/.test(value) && entropy(value) >= 3.6)) &&
    entropy(value) >= 2.8 &&
    !isWordy(value)
  );
};

/** Ids that are random and no secret, versions, addresses, paths of code. */
const NO_RANDOM =
  /^(?:\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?|v?\d+(?:\.\d+)+.*|[a-z]+:\/\/.*|[\w.-]+\.(?:py|js|ts|java|go|rb|json|ya?ml|png|jpe?g|csv|com|org|net|io|internal|local)(?::\d+)?|\d{4}-\d\d-\d\d.*|sha\d+[:-].*)$/i;

/** Words joined by signs (`task:list:31:page`): nearly all of it is letters of words and short numbers. */
function isWordy(value: string): boolean {
  const parts = value.split(/[_:./-]+/);
  return parts.length > 1 && parts.every((part) => /^(?:[A-Za-z]{0,24}|\d{1,10}|[a-z]+\d{1,3}|\d{1,3}[a-z]{1,3})$/.test(part));
}

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

/** A token's random part holds digits, or capitals and small letters in turns; a name of words holds neither. */
export const issuedToken: Validator = (match) =>
  entropy(match.text) >= 3 &&
  (/\d|^[A-Z]{20}$/.test(match.text) || /[a-z][A-Z].*[a-z][A-Z]/.test(match.text)) &&
  !/^(?:[a-z]+[_-])+[a-z]*\d{0,4}$/.test(match.text);
