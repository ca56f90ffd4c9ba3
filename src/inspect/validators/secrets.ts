import { createHash } from "node:crypto";
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

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Addresses and keys with a checksum: base58check, bech32 (BIP-173, BIP-350), and Ethereum's 40 digits after 0x. */
export const wallet: Validator = (match) => {
  const value = match.text;
  if (/^0x/i.test(value)) return !/^0x(.)\1+$/i.test(value);
  return /^(?:bc1|tb1)/i.test(value) ? isBech32(value.toLowerCase()) : isBase58Check(value);
};

function isBase58Check(value: string): boolean {
  let number = 0n;
  for (const character of value) {
    const digit = BASE58.indexOf(character);
    if (digit < 0) return false;
    number = number * 58n + BigInt(digit);
  }
  const zeros = /^1*/.exec(value)?.[0].length ?? 0;
  const hex = number.toString(16);
  const body = number === 0n ? Buffer.alloc(0) : Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const bytes = Buffer.concat([Buffer.alloc(zeros), body]);
  if (bytes.length < 21) return false;
  const once = createHash("sha256").update(bytes.subarray(0, -4)).digest();
  return createHash("sha256").update(once).digest().subarray(0, 4).equals(bytes.subarray(-4));
}

const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function isBech32(value: string): boolean {
  const separator = value.lastIndexOf("1");
  const prefix = [...value.slice(0, separator)].map((character) => character.charCodeAt(0));
  const data = [...value.slice(separator + 1)].map((character) => BECH32.indexOf(character));
  if (data.includes(-1)) return false;
  let sum = 1;
  for (const part of [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...data]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ part;
    GENERATOR.forEach((generator, index) => {
      if (((top >>> index) & 1) === 1) sum ^= generator;
    });
  }
  return sum >>> 0 === 1 || sum >>> 0 === 0x2bc830a3;
}
