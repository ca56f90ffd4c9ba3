import { hexDigit } from "./form.js";
import { magicOf, mayStartBinary } from "./magic.js";
import { isCompressed } from "./nested-compression.js";
import { plausibleEnd, reachesEnd, startsText } from "./plausible-text.js";

/** Bytes that a stretch of a text encodes. */
export interface EncodedRun {
  readonly how: "base64" | "hex";
  readonly bytes: Uint8Array;
}

/** Fewer decoded bytes than this hold nothing that a rule could find (`a@b.c`). */
const LEAST_BYTES = 5;

/** A piece of plausible text inside an encoded run must be this long to be no accident: 1 in 200,000 for random bytes. */
const LEAST_INNER_BYTES = 12;

/** A run of this many base64 characters is also read from its second, third and fourth character, and inside. */
const LONG_RUN = 16;

/** Opaque bytes without a known format are yielded from here; shorter ones are ids and digests. */
const LEAST_OPAQUE_BYTES = 256;

/** Characters whose text can't be told from their group's edges; past it a run ends, and the next one begins. */
const LONGEST_TAIL = 1_024;

/** A failed hex reading of this many bytes is not begun again inside: keeps hostile text linear. */
const LONG_HEX = 64;

const BASE64 = base64Table();
const SPACE = -2;

const NOTHING = { bytes: new Uint8Array(0), end: 0 };
const OTHER = -1;

/**
 * Every stretch of `text` that decodes to plausible text, to a known binary format or to long opaque bytes: base64 and base64url, padded
 * or not, over white space and line breaks, at any of the four alignments; hex, with separators, `0x` and `\x`. Each start is given up
 * at the first implausible byte, so ordinary prose costs a few steps a word.
 */
export function encodedRuns(text: string): EncodedRun[] {
  const runs: EncodedRun[] = [];
  let at = 0;
  while (at < text.length) {
    if (valueAt(text, at) < 0) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (valueAt(text, end) >= 0) end += 1;
    let next = end;
    if (mayStartHex(text, at)) next = Math.max(next, hexFrom(text, at, runs));
    if (next === end && (end - at >= 4 || beginsGroups(text, at, end))) next = Math.max(next, base64From(text, at, end, runs));
    at = next;
  }
  return runs;
}

/** Whether a word of fewer than four characters is the first of as many as long, with white space between: prose has no five such words in a row. */
function beginsGroups(text: string, from: number, end: number): boolean {
  const size = end - from;
  let at = end;
  for (let groups = 1; groups < 5; groups += 1) {
    while (valueAt(text, at) === SPACE) at += 1;
    const groupEnd = at + size;
    while (at < groupEnd && valueAt(text, at) >= 0) at += 1;
    if (at !== groupEnd || valueAt(text, at) >= 0) return false;
  }
  return true;
}

function base64From(text: string, from: number, runEnd: number, runs: EncodedRun[]): number {
  const length = runEnd - from;
  const whole = readSpaced(text, from);
  const found = accept(whole.bytes);
  if (found !== undefined && found.length >= LEAST_BYTES) {
    runs.push({ how: "base64", bytes: found });
    return whole.end;
  }
  if (length < LONG_RUN || !mixesCases(text, from, runEnd)) return runEnd;
  const candidates: Uint8Array[] = [];
  for (let shift = 0; shift < 4; shift += 1) {
    const bytes = decode(text.slice(from + shift, runEnd));
    for (const piece of plausiblePieces(bytes)) candidates.push(piece);
    if (shift > 0 && (magicOf(bytes) !== undefined || isCompressed(bytes))) candidates.push(bytes);
  }
  for (const bytes of candidates) runs.push({ how: "base64", bytes });
  const bytes = decode(text.slice(from, runEnd));
  if (mayBeRawDeflate(bytes) || (candidates.length === 0 && isOpaque(bytes))) runs.push({ how: "base64", bytes });
  return runEnd;
}

/** Decodes from `from`, passing over white space, as far as it is plausible: to the last word end before the first implausible byte. */
function readSpaced(text: string, from: number): { readonly bytes: Uint8Array; readonly end: number } {
  // Two glances, at the first two bytes and at the first twelve, settle nearly every ordinary word.
  if (!mayStart(text, from)) return NOTHING;
  const glanced = glance(text, from);
  // A format's first bytes, or the NUL of UTF-16.
  const isBinary = (mayStartBinary(GLANCE[0] ?? 0) || GLANCE[1] === 0) && startsBinary(GLANCE.subarray(0, glanced));
  if (!isBinary && !reachesEnd(GLANCE, plausibleEnd(GLANCE, 0, glanced), glanced)) return NOTHING;
  let end = from;
  let taken = "";
  // What is not yet known to be plausible; begins at a group of four characters, so that no word is decoded twice as a rule.
  let tail = "";
  for (;;) {
    const wordFrom = end;
    while (valueAt(text, end) >= 0) end += 1;
    tail += text.slice(wordFrom, end);
    if (!isBinary) {
      const isShort = tail.length <= SHORT.length;
      const bytes = isShort ? SHORT : decode(tail);
      const length = isShort ? decodeInto(SHORT, tail, 0, tail.length) : bytes.length;
      const plausible = plausibleEnd(bytes, 0, length);
      if (!reachesEnd(bytes, plausible, length) || tail.length > LONGEST_TAIL + (end - wordFrom)) {
        tail = tail.slice(0, tail.length - (end - wordFrom));
        end = wordFrom;
        break;
      }
      const groups = Math.floor(tail.length / 4);
      if (plausible >= groups * 3) {
        taken += tail.slice(0, groups * 4);
        tail = tail.slice(groups * 4);
      }
    }
    let next = end;
    while (valueAt(text, next) === SPACE) next += 1;
    if (next === end || valueAt(text, next) < 0) break;
    end = next;
  }
  const characters = taken + tail;
  return bytesOf(characters.length) < LEAST_BYTES ? NOTHING : { bytes: decode(characters), end };
}

/** What the last glance decoded, and the last short tail: no buffer is made for a word that is none. */
const GLANCE = new Uint8Array(12);
const SHORT = new Uint8Array(64);

/** Decodes the first sixteen characters into GLANCE; returns the number of bytes. */
function glance(text: string, from: number): number {
  let end = from;
  while (end < from + 16 && valueAt(text, end) >= 0) end += 1;
  return decodeInto(GLANCE, text, from, end);
}

/** Decodes characters that are all of the alphabet; returns the number of bytes. */
function decodeInto(bytes: Uint8Array, text: string, from: number, to: number): number {
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let at = from; at < to; at += 1) {
    bits = ((bits << 6) | valueAt(text, at)) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[length] = bits >> held;
      length += 1;
    }
  }
  return length;
}

/** Bytes that so many characters encode. */
function bytesOf(characters: number): number {
  return (characters * 6) >> 3;
}

/** Whether the first two bytes that the run encodes can begin a text or a known format. */
function mayStart(text: string, from: number): boolean {
  const bits = (valueAt(text, from) << 12) | (valueAt(text, from + 1) << 6) | valueAt(text, from + 2);
  // Fewer than three characters in a row give a negative value: nothing is known yet.
  if (bits < 0) return true;
  const first = bits >> 10;
  const second = (bits >> 2) & 0xff;
  // A NUL in second place may be UTF-16, also of a letter such as `é`.
  return second === 0 || mayStartBinary(first) || (startsText(first) && (first >= 0x80 ? (second & 0xc0) === 0x80 : startsText(second)));
}

/** All of it where it is text or of a known format; undefined where it is neither. A character cut in two at the end is left off. */
function accept(bytes: Uint8Array): Uint8Array | undefined {
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

/** Stretches of plausible text inside bytes that are none as a whole. */
export function* plausiblePieces(bytes: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  while (at + LEAST_INNER_BYTES <= bytes.length) {
    const end = plausibleEnd(bytes, at);
    if (end - at >= LEAST_INNER_BYTES) yield bytes.subarray(at, end);
    at = end + 1;
  }
}

/** Raw deflate has no signature: a final block of a compressed kind (RFC 1951, section 3.2.3). */
function mayBeRawDeflate(bytes: Uint8Array): boolean {
  const kind = (bytes[0] ?? 0) & 7;
  return bytes.length >= LEAST_INNER_BYTES && (kind === 3 || kind === 5);
}

/** Encoded text mixes capitals and small letters; UUIDs, digests, paths and snake_case names, which are far more common, don't. */
function mixesCases(text: string, from: number, end: number): boolean {
  let isSmall = false;
  let isCapital = false;
  for (let at = from; at < end && !(isSmall && isCapital); at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x61) isSmall ||= code !== 0x5f;
    else if (code >= 0x41) isCapital ||= code <= 0x5a;
  }
  return isSmall && isCapital;
}

function isOpaque(bytes: Uint8Array): boolean {
  return bytes.length >= LEAST_OPAQUE_BYTES && new Set(bytes.subarray(0, LEAST_OPAQUE_BYTES)).size >= 96;
}

/** Whether hex pairs may begin here, and the first says a byte that a text or a format may begin with. */
function mayStartHex(text: string, at: number): boolean {
  const lead = text.charCodeAt(at);
  const high = hexDigit(lead);
  if (high < 0) return lead === 0x78;
  const next = text.charCodeAt(at + 1);
  if (lead === 0x30 && (next | 0x20) === 0x78) return true;
  const low = hexDigit(next);
  if (low < 0) return false;
  const byte = high * 16 + low;
  return byte === 0 || startsText(byte) || mayStartBinary(byte);
}

/** Reads hex pairs from `from`; returns where it stopped, or `from` where they encode nothing plausible. */
function hexFrom(text: string, from: number, runs: EncodedRun[]): number {
  const bytes: number[] = [];
  let at = from;
  for (;;) {
    let pair = at;
    const lead = text.charCodeAt(pair);
    if ((lead === 0x30 || lead === 0x5c) && (text.charCodeAt(pair + 1) | 0x20) === 0x78) pair += 2;
    else if (at === from && lead === 0x78) pair += 1;
    const high = hexDigit(text.charCodeAt(pair));
    const low = hexDigit(text.charCodeAt(pair + 1));
    if (high < 0 || low < 0) break;
    const byte = high * 16 + low;
    bytes.push(byte);
    // The first two bytes settle nearly every id and digest.
    if (bytes.length <= 2 && !mayBegin(bytes[0] ?? 0, byte, bytes.length)) return from;
    at = pair + 2;
    // Eight bytes show every format that is told by its start, and UTF-16.
    if (bytes.length === 8 && !startsBinary(Uint8Array.from(bytes)) && plausibleEnd(Uint8Array.from(bytes), 0) < 3) return from;
    for (let separators = 0; separators < 2 && isSeparator(text.charCodeAt(at)); separators += 1) at += 1;
  }
  if (bytes.length < LEAST_BYTES) return from;
  const decoded = Uint8Array.from(bytes);
  const found = accept(decoded) ?? [...plausiblePieces(decoded)][0] ?? (isOpaque(decoded) ? decoded : undefined);
  if (found === undefined || found.length < LEAST_BYTES) return decoded.length > LONG_HEX ? at : from;
  runs.push({ how: "hex", bytes: found });
  return at;
}

/** Whether a text or a format may begin with this byte, or by `first` and this byte: in UTF-8 a second one may be no letter of its own. */
function mayBegin(first: number, byte: number, length: number): boolean {
  if (startsText(byte) || byte === 0 || mayStartBinary(first)) return true;
  return length === 2 && first >= 0xc2 && (byte & 0xc0) === 0x80;
}

/** Space, line ends, `:`, `,`, `;`, `-`, `_`, `.`, `|`. */
function isSeparator(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09 || " :,;-_.|".includes(String.fromCharCode(code));
}

function decode(characters: string): Uint8Array {
  return Buffer.from(characters, "base64");
}

function valueAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  // Past the end it is no number, which no table should be asked for.
  return code < 0x80 ? (BASE64[code] ?? OTHER) : OTHER;
}

function base64Table(): Int8Array {
  const table = new Int8Array(128).fill(-1);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const [value, character] of [...`${alphabet}+/`].entries()) table[character.charCodeAt(0)] = value;
  // base64url (RFC 4648, section 5).
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  for (const character of " \t\r\n") table[character.charCodeAt(0)] = -2;
  return table;
}
