import { keccak_256 } from "@noble/hashes/sha3.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base58, base58xmr, base58xrp, bech32, bech32m, createBase58check } from "@scure/base";
import type { Validator } from "./validator.js";

const base58check = createBase58check(sha256);

/** Addresses and keys of which a checksum or the exact length holds; the rule's patterns say which forms are tried. */
export const wallet: Validator = (match, text) => {
  const value = match.text;
  if (/[A-Za-z0-9]/.test(text[match.index - 1] ?? "") || /[A-Za-z0-9]/.test(text[match.index + value.length] ?? "")) return false;
  if (/^0x/i.test(value)) return isEthereum(value.slice(2));
  if (/^[a-z]{2,16}1[ac-hj-np-z02-9]{20,}$/i.test(value)) return isBech32(value);
  if (/^[48][0-9AB]/.test(value) && value.length >= 95) return decodes(() => base58xmr.decode(value).length >= 65);
  if (value.startsWith("r")) return decodes(() => holdsCheck(base58xrp.decode(value)));
  return decodes(() => base58check.decode(value).length >= 20);
};

/** A Solana address or key has no checksum: 32 or 64 bytes of base58, beside a word that says so. */
export const solana: Validator = (match) =>
  decodes(() => [32, 64].includes(base58.decode(match.text).length)) &&
  /\d/.test(match.text) &&
  /[A-Z]/.test(match.text) &&
  /[a-z]/.test(match.text);

/** Mixed capitals are a checksum (EIP-55); all small or all large letters have none, and 40 digits after 0x are hardly anything else. */
function isEthereum(digits: string): boolean {
  if (new Set(digits.toLowerCase()).size < 6) return false;
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return true;
  const hash = Buffer.from(keccak_256(new TextEncoder().encode(digits.toLowerCase()))).toString("hex");
  return [...digits].every((digit, index) =>
    Number.parseInt(hash[index] ?? "0", 16) >= 8 ? digit === digit.toUpperCase() : digit === digit.toLowerCase(),
  );
}

function isBech32(value: string): boolean {
  return bech32.decodeUnsafe(value, 1_000) !== undefined || bech32m.decodeUnsafe(value, 1_000) !== undefined;
}

/** The last four bytes are those of the double digest of the others. */
function holdsCheck(bytes: Uint8Array): boolean {
  if (bytes.length < 21) return false;
  return Buffer.from(sha256(sha256(bytes.subarray(0, -4))))
    .subarray(0, 4)
    .equals(Buffer.from(bytes.subarray(-4)));
}

function decodes(read: () => boolean): boolean {
  try {
    return read();
  } catch {
    return false;
  }
}
