import { magicOf } from "./magic.js";
import { isCompressed } from "./nested-compression.js";
import { plausibleEnd, reachesEnd } from "./plausible-text.js";

/** Bytes that a stretch of a text encodes. */
export interface EncodedRun {
  readonly how: "base64" | "hex";
  readonly bytes: Uint8Array;
}

/** Fewer decoded bytes than this hold nothing that a rule could find (`a@b.c`). */
export const LEAST_BYTES = 5;

/** A piece of plausible text inside an encoded run must be this long to be no accident: 1 in 200,000 for random bytes. */
export const LEAST_INNER_BYTES = 12;

/** All of it where it is text or of a known format; undefined where it is neither. A character cut in two at the end is left off. */
export function accept(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < LEAST_BYTES) return undefined;
  if (startsBinary(bytes)) return bytes;
  const plausible = plausibleEnd(bytes, 0);
  return reachesEnd(bytes, plausible) ? bytes.subarray(0, plausible) : undefined;
}

/** Known formats, compressed bytes, and UTF-16 of ASCII text. */
export function startsBinary(bytes: Uint8Array): boolean {
  return magicOf(bytes) !== undefined || isCompressed(bytes) || utf16Kind(bytes) !== undefined;
}

/** UTF-16 by its BOM or by NUL beside ASCII, in the first four units. */
export function utf16Kind(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes.length < 8) return undefined;
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0, b7 = 0] = bytes;
  if ((b0 === 0xff && b1 === 0xfe) || (b1 === 0 && b3 === 0 && b5 === 0 && b7 === 0 && b0 >= 0x20 && b2 >= 0x20 && b4 >= 0x20))
    return "utf-16le";
  if ((b0 === 0xfe && b1 === 0xff) || (b0 === 0 && b2 === 0 && b4 === 0 && b6 === 0 && b1 >= 0x20 && b3 >= 0x20 && b5 >= 0x20))
    return "utf-16be";
  return undefined;
}

/** Stretches of plausible text inside bytes that are none as a whole: of UTF-8, and of UTF-16 where it holds letters of ISO 8859-1. */
export function* plausiblePieces(bytes: Uint8Array): Generator<Uint8Array> {
  yield* utf8Pieces(bytes);
  yield* utf16Pieces(bytes, 1);
  yield* utf16Pieces(bytes, 0);
}

/** Those of UTF-8. */
export function* utf8Pieces(bytes: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  while (at + LEAST_INNER_BYTES <= bytes.length) {
    const end = plausibleEnd(bytes, at);
    if (end - at >= LEAST_INNER_BYTES) yield bytes.subarray(at, end);
    at = end + 1;
  }
}

/** @param nul which byte of two is NUL: 1 little-endian, 0 big-endian; one's letters are the other's too, but for the first or the last */
function* utf16Pieces(bytes: Uint8Array, nul: 0 | 1): Generator<Uint8Array> {
  let at = 0;
  while (at + LEAST_INNER_BYTES <= bytes.length) {
    let end = at;
    while (end + 1 < bytes.length && bytes[end + nul] === 0 && (bytes[end + 1 - nul] ?? 0) >= 0x20) end += 2;
    if (end - at >= LEAST_INNER_BYTES) yield bytes.subarray(at, end);
    at = Math.max(end, at + 1);
  }
}
