import { createHash } from "node:crypto";
import type { Rng } from "../random.js";
import { BIP39_WORDS } from "./bip39-words.js";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/** Base58 with the first four bytes of a double SHA-256 as its check. */
export function base58check(payload: Buffer): string {
  const bytes = Buffer.concat([payload, sha256(sha256(payload)).subarray(0, 4)]);
  let number = BigInt(`0x${bytes.toString("hex")}`);
  let out = "";
  while (number > 0n) {
    out = BASE58.charAt(Number(number % 58n)) + out;
    number /= 58n;
  }
  for (const byte of bytes) {
    if (byte !== 0) break;
    out = `1${out}`;
  }
  return out;
}

export function bitcoinAddress(rng: Rng): string {
  return base58check(Buffer.concat([Buffer.from([rng.pick([0x00, 0x05])]), rng.bytes(20)]));
}

/** Wallet import format of a private key, for the compressed public key. */
export function wif(rng: Rng): string {
  return base58check(Buffer.concat([Buffer.from([0x80]), rng.bytes(32), Buffer.from([0x01])]));
}

/** BIP-173: version 0 witness program of 20 bytes. */
export function bech32Address(rng: Rng): string {
  const data = [0, ...regroup(rng.bytes(20), 8, 5)];
  const expanded = [3, 3, 0, 2, 3];
  const check = polymod([...expanded, ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = [0, 1, 2, 3, 4, 5].map((index) => (check >>> (5 * (5 - index))) & 31);
  return `bc1${[...data, ...tail].map((value) => BECH32.charAt(value)).join("")}`;
}

/** EIP-55: letters are upper case where the Keccak-256 of the lower-case address has a nibble of 8 or more. */
export function ethereumAddress(rng: Rng): string {
  const lower = rng.hex(40);
  const digest = keccak256(Buffer.from(lower)).toString("hex");
  return `0x${[...lower].map((character, index) => (parseInt(digest.charAt(index), 16) >= 8 ? character.toUpperCase() : character)).join("")}`;
}

/** BIP-39: entropy, then the first bits of its SHA-256, eleven bits a word. */
export function seedPhrase(rng: Rng, words: 12 | 24): string {
  const entropy = rng.bytes(words === 12 ? 16 : 32);
  const padded = Buffer.concat([entropy, sha256(entropy).subarray(0, 1)]);
  const bits = [...padded].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return Array.from({ length: words }, (_, index) => BIP39_WORDS[parseInt(bits.slice(index * 11, index * 11 + 11), 2)] ?? "").join(" ");
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function regroup(bytes: Iterable<number>, from: number, to: number): number[] {
  const out: number[] = [];
  let [state, bits] = [0, 0];
  for (const byte of bytes) {
    state = (state << from) | byte;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((state >>> bits) & ((1 << to) - 1));
    }
    state &= (1 << bits) - 1;
  }
  return out;
}

function polymod(values: readonly number[]): number {
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (const [index, generator] of [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].entries()) {
      if (((top >>> index) & 1) === 1) check ^= generator;
    }
  }
  return check;
}

const MASK64 = (1n << 64n) - 1n;

/** Keccak-256 with the original padding, of inputs shorter than one block of 136 bytes. */
export function keccak256(message: Buffer): Buffer {
  if (message.length > 134) throw new RangeError("one block only");
  const block = Buffer.alloc(136);
  message.copy(block);
  block[message.length] = 0x01;
  block[135] = (block[135] ?? 0) | 0x80;
  const state = Array.from({ length: 25 }, (_, lane) => (lane < 17 ? block.readBigUInt64LE(lane * 8) : 0n));
  const at = (index: number): bigint => state[index] ?? 0n;
  let lfsr = 1;
  for (let round = 0; round < 24; round += 1) {
    const columns = [0, 1, 2, 3, 4].map((x) => at(x) ^ at(x + 5) ^ at(x + 10) ^ at(x + 15) ^ at(x + 20));
    for (let lane = 0; lane < 25; lane += 1) {
      const x = lane % 5;
      state[lane] = at(lane) ^ (columns[(x + 4) % 5] ?? 0n) ^ rotate(columns[(x + 1) % 5] ?? 0n, 1);
    }
    let [x, y, moving] = [1, 0, at(1)];
    for (let step = 0; step < 24; step += 1) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const held = at(x + 5 * y);
      state[x + 5 * y] = rotate(moving, (((step + 1) * (step + 2)) / 2) % 64);
      moving = held;
    }
    for (let row = 0; row < 25; row += 5) {
      const lanes = [0, 1, 2, 3, 4].map((column) => at(row + column));
      for (let column = 0; column < 5; column += 1) {
        state[row + column] = (lanes[column] ?? 0n) ^ (~(lanes[(column + 1) % 5] ?? 0n) & MASK64 & (lanes[(column + 2) % 5] ?? 0n));
      }
    }
    for (let bit = 0; bit < 7; bit += 1) {
      if ((lfsr & 1) === 1) state[0] = at(0) ^ (1n << BigInt((1 << bit) - 1));
      lfsr = lfsr & 0x80 ? ((lfsr << 1) ^ 0x171) & 0xff : lfsr << 1;
    }
  }
  const out = Buffer.alloc(32);
  for (let lane = 0; lane < 4; lane += 1) out.writeBigUInt64LE(at(lane), lane * 8);
  return out;
}

function rotate(lane: bigint, by: number): bigint {
  return by === 0 ? lane : ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK64;
}
