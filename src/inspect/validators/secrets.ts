import { isHarmlessBefore, secretNameOf } from "./secret-names.js";
import type { Validator } from "./validator.js";

/** Words that stand where a secret would: masks, types, placeholders, answers. */
const NO_SECRET =
  /^(?:[*x•.\-_#]+|null|none|true|false|undefined|nil|yes|no|string|bool|int|bytes|redacted|hidden|masked|secret|password|token|changeme|example|missing|invalid|expired|required|unknown|incorrect|wrong|empty|not|is|was|has|for|the|field|value|your[-_ ].*|<.*>|\$\{?.*|%\(?.*|\{.*)[.,;:!?)]*$/i;

/** What a service would answer in a password's or secret's place: a state, a kind, a setting. */
const STATE =
  /^(?:disabled?|enabled?|required|optional|default|public|private|internal|external|custom|basic|bearer|oauth2?|manual|automatic|auto|active|inactive|rotated?|revoked|expire[ds]?|present|absent|provided|configured|created|updated|changed|deleted|failed|success|accepted|rejected|denied|granted|allowed|forbidden|encrypted|hashed|plaintext|blank|environment|vault|keychain|kubernetes|docker|github|gitlab|google|azure|amazon|server|client|session|cookie|header|query|string|number|boolean|object|array|varchar|optional|mismatch|weak|strong|short|long|failure|error|pending|success|too_\w+|min_\w+|max_\w+|must_\w+|not_\w+|is_\w+|no_\w+|invalid_\w+|missing_\w+|[a-z]+(?:_[a-z]+)+)$/i;

/** A value under a secret-like name, that is no placeholder. */
export const secretValue: Validator = (match) => {
  const value = (match.groups.find((group) => group !== "") ?? match.text).trim().replace(/^["']|["',;]+$/g, "");
  return value.length >= 6 && !NO_SECRET.test(value) && !STATE.test(value) && !value.startsWith("[") && !/\s/.test(value);
};

/** What programs write where the secret comes from elsewhere: a variable, a call, a member. */
const CODE =
  /^(?:self|this|os|env|process|config|settings|request|req|args|kwargs|options|opts|data|form|user|params|ctx|props|state|input|event|values|secrets|vars?)[.[]|^[a-z]+:\/\/|^\/[a-z]+\/[a-z]|^\.{1,2}\/|[({[]$|^\$|^%|^<|^&lt;/i;

/** The value of a member that is called as a secret is. */
export const keyedPassword: Validator = (match, _text, key) => key === undefined || isPasswordFor(key, match.text.trim(), "assigned");

/** A password that a person chose, behind its word: `password: x`, `my password is x1`; the pattern gives name, sign and value. */
export const namedPassword: Validator = (match, text) => {
  const [tail = "", sign = "", value = ""] = match.groups;
  const head = /[\p{L}\p{N}_.-]*$/u.exec(text.slice(Math.max(0, match.index - 64), match.index))?.[0] ?? "";
  const after = text.slice(match.index + match.text.length);
  // A call or a member, or a word with which a sentence goes on: `password: should contain a digit`.
  if (/^[([]/.test(after) || (/^\p{L}+$/u.test(value) && /^\s+[a-z]/.test(after))) return false;
  if (isPasswordFor(head + tail, value.replace(/[.,;:)]+$/, ""), /[:=>]/.test(sign) ? "assigned" : "said")) return true;
  return namedBehind(match, value, text, (name, next, isAssigned) => isPasswordFor(name, next, isAssigned ? "assigned" : "said"));
};

/** A name, what parts it from its value, and the value. */
const NAMED =
  /^["'`]*([\p{L}\p{N}_.-]{2,64})(["'`\])>}]*\s*(?:[:=]+[=>]?|->|>)\s*|\s+(?:is|was|lautet|ist|est|es)\s+|\s+)["'`[({<]*([^\s"'`,;<>(){}]{6,256})/u;
/** Names in a row that are looked through: `missing secret: api_key: DB_PASS=…`. */
const MOST_NAMES = 4;
const NAMED_LENGTH = 400;

/** Where what was taken for a value is a name of its own (`the secret STORAGE_ENCRYPTION_KEY=…`), what stands behind that one. */
function namedBehind(
  match: Parameters<Validator>[0],
  value: string,
  text: string,
  judge: (name: string, value: string, isAssigned: boolean) => boolean,
): boolean {
  let at = match.index + match.text.lastIndexOf(value);
  for (let count = 0; count < MOST_NAMES; count += 1) {
    const [whole = "", name = "", sign = "", next = ""] = NAMED.exec(text.slice(at, at + NAMED_LENGTH)) ?? [];
    if (name === "" || secretNameOf(name) === undefined) return false;
    if (judge(name, next.replace(/[.,;:)]+$/, ""), /[:=>]/.test(sign)) && !/^[([]/.test(text.slice(at + whole.length))) return true;
    at += whole.length - next.length;
  }
  return false;
}

function isPasswordFor(name: string, value: string, how: "assigned" | "said"): boolean {
  const sure = secretNameOf(name);
  const isPass = /pass$/i.test(name);
  if (sure === undefined || (sure === "perhaps" && !isPass)) return false;
  if (value.length < 6 || value.length > 200 || /\s/.test(value) || value.startsWith("[")) return false;
  if (NO_SECRET.test(value) || STATE.test(value) || CODE.test(value) || (!/\d/.test(value) && secretNameOf(value) !== undefined))
    return false;
  const isStrong = /\p{L}/u.test(value) && (/[!@#$%^&*?]/.test(value) || (/\d/.test(value) && !(isWordy(value) && /[_.:/-]/.test(value))));
  if (how === "said" || isPass) return isStrong;
  if (sure === "password") return true;
  return isStrong || (/^\p{L}{12,}$/u.test(value) && !isWordy(value.replace(/^\p{L}\p{Ll}+$/u, "")));
}

/** A random-looking value under a name such as `token`, which also names harmless things. */
export const randomValue: Validator = (match) => isRandom((match.groups.find((group) => group !== "") ?? match.text).trim());

/** The value of a member whose name is that of a secret: random, or a UUID where the name leaves no doubt. */
export const keyedSecret: Validator = (match, _text, key) => key === undefined || isSecretFor(key, match.text);

/** `name = value`: the pattern gives the name from the secret's word on, the sign between, and the value. */
export const namedSecret: Validator = (match, text) => {
  const [tail = "", sign = "", value = ""] = match.groups;
  const before = text.slice(Math.max(0, match.index - 64), match.index);
  const head = /[\p{L}\p{N}_.-]*$/u.exec(before)?.[0] ?? "";
  const name = secretNameOf(head + tail);
  if (name === undefined || /\barn:aws\S*$/.test(before)) return false;
  // In prose the word before says which key it is: `primary key 5d41402abc4b2a76`.
  if (name === "perhaps" && isHarmlessBefore(/(\p{L}+)["' ]+$/u.exec(before.slice(0, before.length - head.length))?.[1]?.toLowerCase()))
    return false;
  return isSecretFor(head + tail, value, /[:=]/.test(sign)) || namedBehind(match, value, text, isSecretFor);
};

/** Whether the value looks like the secret that the name says; `isAssigned` where a sign and not only a space stands between. */
export function isSecretFor(name: string, value: string, isAssigned = true): boolean {
  // The value first: to take a name apart costs more, and most values are short or sentences.
  if (!mayBeSecret(value)) return false;
  const sure = secretNameOf(name);
  if (sure === undefined) return false;
  const plain = value.trim().replace(SCHEME, "");
  if (UUID.test(plain)) return isAssigned && (sure !== "perhaps" || /tokens?$/i.test(name));
  return isRandom(plain);
}

const SCHEME = /^(?:Bearer|Basic|Token|ApiKey|SSWS|key)[ :=]+/i;

/** Long enough, and without a space but behind a scheme. */
function mayBeSecret(value: string): boolean {
  if (value.length < 12) return false;
  const plain = value.trim();
  return !/\s/.test(plain) || SCHEME.test(plain);
}

const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;

function isRandom(value: string): boolean {
  if (value.length < 12 || /\s/.test(value) || NO_SECRET.test(value) || NO_RANDOM.test(value)) return false;
  const mixes = /[a-z]/.test(value) && /[A-Z]/.test(value.slice(1));
  if (value.length < 16 && !(mixes && /\d/.test(value))) return false;
  return (
    ((/\d/.test(value) && /[a-z]/i.test(value)) || (mixes && /[a-z][A-Z]+[a-z]+[A-Z]/.test(value) && entropy(value) >= 3.6)) &&
    entropy(value) >= 2.8 &&
    !isWordy(value)
  );
}

/** Ids that are random and no secret, versions, addresses, paths of code. */
const NO_RANDOM =
  /^(?:\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?|v?\d+(?:\.\d+)+.*|[a-z]+:\/\/.*|[\w.-]+\.(?:py|js|ts|java|go|rb|json|ya?ml|png|jpe?g|csv|com|org|net|io|internal|local)(?::\d+)?|\d{4}-\d\d-\d\d.*|sha\d+[:-].*|0x[0-9a-f]{1,16})$/i;

/** Share of letters and digits in pieces that read as words, past which a value is a name and not random. */
const WORDY = 0.7;

/**
 * Words and short numbers joined by signs or by capitals (`task:list:31:page`, `KeycloakOAuth2Provider`), with an id among them at most. Random
 * text falls into pieces of one to three.
 */
export function isWordy(value: string): boolean {
  const named = value.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "");
  const parts = named.split(/[^A-Za-z0-9]+/);
  if (parts.length > 1 && parts.every((part) => /^(?:[A-Z]?[a-z]{0,24}|[A-Z]{0,24}|\d{1,10}|[a-z]+\d{1,3}|\d{1,3}[a-z]{1,3})$/.test(part)))
    return true;
  let words = 0;
  let all = 0;
  for (const [piece] of named.matchAll(/[A-Z]?[a-z]+|[A-Z]+|\d+/g)) {
    all += piece.length;
    if (/[a-z]{3}/.test(piece) && piece.length >= 4 && /[aeiouy]/i.test(piece) && !/[^aeiouy]{5}/i.test(piece)) words += piece.length;
  }
  return all > 0 && words / all >= WORDY;
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
  !/^(?:[a-z]+[_-])+[a-z]*\d{0,4}$/.test(match.text) &&
  !(/^(?:live|test|prod|sandbox)_/.test(match.text) && isWordy(match.text));

/** Behind any short prefix stand thirty or more letters and digits of all three sorts: what services issue, and hardly an id. */
export const prefixedToken: Validator = (match) => {
  const body = match.groups[0] ?? "";
  return /[a-z]/.test(body) && /[A-Z]/.test(body) && /\d/.test(body) && entropy(body) >= 4 && !isWordy(body) && !/^sha\d/i.test(match.text);
};
