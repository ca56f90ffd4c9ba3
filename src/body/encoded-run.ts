import { accept, type EncodedRun, LEAST_BYTES, plausiblePieces, startsBinary } from "./encoded-bytes.js";
import { hexFrom, hexPieces, mayStartHex } from "./hex-run.js";
import { magicOf, mayStartBinary } from "./magic.js";
import { isCompressed, mayBeStream } from "./nested-compression.js";
import { plausibleEnd, reachesEnd, startsText } from "./plausible-text.js";

/** So many bytes of plausible text come of words by chance: never, in practice. */
const CHANCE = 24;

/** Fewer bytes before a cut are words of prose that happen to decode. */
const LEAST_CUT = 8;

/** A run of this many base64 characters is also read from its second, third and fourth character, and inside. */
const LONG_RUN = 16;

/** Bytes that are looked at before the last edge of a group. */
const BEFORE_EDGE = 1_024;

/** Short words before groups that are read as if they were none of them; each costs a reading of all the groups. */
const MOST_PASSED_OVER = 8;

const BASE64 = base64Table();

/** By first byte: 1 where a text can begin with it, 2 where a known format can. Asked for each word. */
const FIRST_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => (startsText(byte) ? 1 : 0) | (mayStartBinary(byte) ? 2 : 0));

/** What may stand between the groups of a base64 text: white space, quotes, commas, semicolons, bars. */
const SPACE = -2;
const EQUALS = 0x3d;
const PLUS = 0x2b;
const LINE_FEED = Uint8Array.of(0x0a);

interface SpacedRun {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** It ends where the next word no longer decodes to text. */
  readonly isBroken: boolean;
  /** Of a format, or of UTF-16: its second word, which may be a text of its own. */
  readonly apart: number | undefined;
  /** Offsets in `bytes` at which a group begins that may as well be a text of its own: behind padding, and behind whole groups of four. */
  readonly cuts: { readonly padded: readonly number[]; readonly all: readonly number[] };
}

const NOTHING: SpacedRun = { bytes: new Uint8Array(0), end: 0, isBroken: false, apart: undefined, cuts: { padded: [], all: [] } };
const OTHER = -1;

/**
 * Every stretch of `text` that decodes to plausible text, to a known binary format or to what may be compressed: base64 and base64url, padded
 * or not, in groups of any lengths with white space, quotes or commas between them, at any of the four alignments; hex, with separators, `0x` and `\x`.
 * Each start is given up at the first implausible byte, so ordinary prose costs a few steps a word.
 */
export function encodedRuns(text: string): EncodedRun[] {
  const runs: EncodedRun[] = [];
  const { length } = text;
  let at = 0;
  const format = { end: 0, passedOver: 0 };
  while (at < length) {
    const value = BASE64[text.charCodeAt(at)] ?? OTHER;
    if (value < 0) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (end < length && (BASE64[text.charCodeAt(end)] ?? OTHER) >= 0) end += 1;
    const size = end - at;
    const hexEnd = mayStartHex(text, at) ? hexFrom(text, at, runs) : at;
    hexPieces(text, hexEnd, end, runs);
    let next = Math.max(end, hexEnd);
    if (next === end && (size >= LONG_RUN || mayStartBase64(text, at, end))) next = Math.max(next, base64From(text, at, end, format, runs));
    at = next;
  }
  return runs;
}

/** The first two bytes settle most words; a short one must begin a row of groups. */
function mayStartBase64(text: string, from: number, end: number): boolean {
  if (end - from < 3) return mayStartAcross(text, from) && (beginsGroups(text, from, end) || readsAcross(text, from));
  const bits = (valueAt(text, from) << 12) | (valueAt(text, from + 1) << 6) | valueAt(text, from + 2);
  return mayStart(bits) && (end - from >= 4 || beginsGroups(text, from, end) || readsAcross(text, from));
}

/** Whether a word of fewer than four characters is the first of as many as long, with white space between: prose has no five such words in a row. */
function beginsGroups(text: string, from: number, end: number): boolean {
  const size = end - from;
  let at = end;
  for (let groups = 1; groups < 5; groups += 1) {
    at = separatorsEnd(text, at);
    const groupEnd = at + size;
    while (at < groupEnd && valueAt(text, at) >= 0) at += 1;
    if (at !== groupEnd || valueAt(text, at) >= 0) return false;
  }
  return true;
}

/**
 * Whether a word of fewer than four characters begins, with those behind it, twelve bytes of text, by chance one word in some hundred thousand, or
 * of a known format.
 */
function readsAcross(text: string, from: number): boolean {
  let at = from;
  let bits = 0;
  let held = 0;
  let length = 0;
  let isText = true;
  for (let count = 0; count < 16; count += 1) {
    at = separatorsEnd(text, at);
    const value = valueAt(text, at);
    if (value < 0) return false;
    at += 1;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    const byte = (bits >> held) & 0xff;
    GLANCE[length] = byte;
    isText &&= startsText(byte) || (length > 0 && (byte & 0xc0) === 0x80);
    length += 1;
    if (!isText && !mayBeFormat(length)) return false;
  }
  return isText || startsBinary(GLANCE);
}

/** A format's first byte, or the NUL of UTF-16; of fewer than two bytes nothing is said, and what stands behind them is of another word. */
function mayBeFormat(glanced: number): boolean {
  return glanced < 2 || mayStartBinary(GLANCE[0] ?? 0) || GLANCE[1] === 0;
}

/**
 * @param format up to where words were taken for the groups of a format. Four characters make a format of all that follows, so each further word is
 *   read on its own too; but not across the others once more, which would take the square of their number.
 */
function base64From(text: string, from: number, runEnd: number, format: { end: number; passedOver: number }, runs: EncodedRun[]): number {
  const length = runEnd - from;
  const whole = readSpaced(text, from, from < format.end);
  const found = accept(whole.bytes);
  if (found !== undefined && found.length >= LEAST_BYTES) {
    runs.push({ how: "base64", bytes: found });
    // Behind the first bytes of a compressed stream or of UTF-16 a text may begin at any character of the word; a file is refused as it is.
    if (startsBinary(found) && magicOf(found) === undefined)
      for (const shift of [1, 2, 3]) pushPieces(decode(text.slice(from + shift, runEnd)), runs);
    // `…org` and `other` may be two texts, whose end and beginning must not grow together.
    const padded = whole.cuts.padded.filter((cut) => cut < found.length);
    const all = whole.cuts.all.filter((cut) => cut < found.length);
    if (padded.length > 0) runs.push({ how: "base64", bytes: inLines(found, padded) });
    if (all.length > padded.length && all.some((cut, index) => cut - (all[index - 1] ?? 0) >= LEAST_BYTES))
      runs.push({ how: "base64", bytes: inLines(found, all) });
    // A text without padding, and a word of prose behind it that happens to decode.
    const last = all.at(-1) ?? 0;
    const tail = Math.max(0, last - BEFORE_EDGE);
    if (all.length > 1 && last >= LEAST_CUT) runs.push({ how: "base64", bytes: inLines(found.subarray(tail), [last - tail]) });
    if (whole.apart !== undefined) {
      // Three characters begin a format by chance more often than four: what follows is also read as if they were none of it.
      const isPassedOver = length < 4 && format.passedOver < MOST_PASSED_OVER;
      if (!isPassedOver) format.end = Math.max(format.end, whole.end);
      format.passedOver += Number(isPassedOver);
      return isPassedOver ? runEnd : whole.apart;
    }
    // A word or two of prose may decode by chance, and what begins within them must not be hidden by that.
    return whole.isBroken && found.length < CHANCE ? runEnd : whole.end;
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
  if (mayBeStream(bytes)) runs.push({ how: "base64", bytes });
  return runEnd;
}

function pushPieces(bytes: Uint8Array, runs: EncodedRun[]): void {
  for (const piece of plausiblePieces(bytes)) runs.push({ how: "base64", bytes: piece });
}

/** With a line end at each cut. */
function inLines(bytes: Uint8Array, cuts: readonly number[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const cut of cuts) {
    pieces.push(bytes.subarray(from, cut), LINE_FEED);
    from = cut;
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
}

/**
 * Decodes from `from`, passing over what stands between groups, as far as it is plausible: to the last word end before the first implausible byte.
 * Behind padding, text goes on with the next group.
 */
function readSpaced(text: string, from: number, isAlone: boolean): SpacedRun {
  // A glance at the first twelve bytes settles nearly every ordinary word.
  let glanced = glance(text, from);
  let isBinary = mayBeFormat(glanced);
  if (isBinary) {
    // A format may go on behind a space; of a text that is none the word itself tells.
    isBinary = startsBinary(GLANCE.subarray(0, glanceAcross(text, from)));
    glanced = glance(text, from);
  }
  if (!isBinary && !reachesEnd(GLANCE, plausibleEnd(GLANCE, 0, glanced), glanced)) return NOTHING;
  const padded: Uint8Array[] = [];
  const cuts = { padded: new Array<number>(), all: new Array<number>() };
  let before = 0;
  let end = from;
  let isBroken = false;
  let apart: number | undefined;
  let taken = "";
  // What is not yet known to be plausible; begins at a group of four characters, so that no word is decoded twice as a rule.
  let tail = "";
  /** Bytes at its beginning that end a character which began before it. */
  let begun = 0;
  for (;;) {
    const wordFrom = end;
    if (isBinary && wordFrom > from) apart ??= wordFrom;
    while (valueAt(text, end) >= 0) end += 1;
    tail += text.slice(wordFrom, end);
    if (!isBinary) {
      const isShort = tail.length <= SHORT.length;
      const bytes = isShort ? SHORT : decode(tail);
      const length = isShort ? decodeInto(SHORT, tail, 0, tail.length) : bytes.length;
      const plausible = plausibleEnd(bytes, begun, length);
      if (!reachesEnd(bytes, plausible, length)) {
        tail = tail.slice(0, tail.length - (end - wordFrom));
        end = wordFrom;
        isBroken = true;
        break;
      }
      // A group may end, and a word too, in the middle of a character.
      const groups = Math.floor(plausible / 3);
      taken += tail.slice(0, groups * 4);
      tail = tail.slice(groups * 4);
      begun = plausible - groups * 3;
    }
    if (isBinary && isAlone) break;
    let next = end;
    const padding = isBinary ? 0 : paddingAt(text, end, tail.length);
    if (padding > 0) {
      const group = decode(taken + tail);
      padded.push(group);
      before += group.length;
      taken = "";
      tail = "";
      begun = 0;
      next += padding;
    }
    const cut = before + bytesOf(taken.length);
    const behind = separatorsEnd(text, next);
    // Nothing parts the groups behind padding from the next ones, if need be; elsewhere what follows a group at once is of no alphabet.
    if (valueAt(text, behind) < 0) break;
    if (padding > 0) cuts.padded.push(cut);
    if (!isBinary && tail === "") cuts.all.push(cut);
    end = behind;
  }
  const characters = taken + tail;
  const length = before + bytesOf(characters.length);
  if (length < LEAST_BYTES) return NOTHING;
  const last = decode(characters);
  return { bytes: padded.length === 0 ? last : Buffer.concat([...padded, last]), end, isBroken, apart, cuts };
}

/** Signs of padding that complete a group of four (RFC 4648, section 4), or 0. */
function paddingAt(text: string, at: number, characters: number): number {
  if (text.charCodeAt(at) !== EQUALS) return 0;
  const padding = text.charCodeAt(at + 1) === EQUALS ? 2 : 1;
  return (characters + padding) % 4 === 0 ? padding : 0;
}

/** The index behind what stands between groups; a plus sign alone joins strings there (`"…" + "…"`). */
function separatorsEnd(text: string, from: number): number {
  let at = from;
  while (valueAt(text, at) === SPACE || (at > from && text.charCodeAt(at) === PLUS && valueAt(text, at + 1) === SPACE)) at += 1;
  return at;
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

/** The same of sixteen characters in several groups. */
function glanceAcross(text: string, from: number): number {
  let characters = "";
  for (let at = from; characters.length < 16; at += 1) {
    at = separatorsEnd(text, at);
    if (valueAt(text, at) < 0) break;
    characters += text.charAt(at);
  }
  return decodeInto(GLANCE, characters, 0, characters.length);
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

/** Whether the first two bytes that are encoded in several groups can begin a text or a known format. */
function mayStartAcross(text: string, from: number): boolean {
  let at = from + 1;
  let second = valueAt(text, at);
  if (second === SPACE) {
    at = separatorsEnd(text, at);
    second = valueAt(text, at);
  }
  let third = valueAt(text, at + 1);
  if (third === SPACE) third = valueAt(text, separatorsEnd(text, at + 1));
  const bits = (valueAt(text, from) << 12) | (second << 6) | third;
  // Fewer than three characters give a negative value, and encode no two bytes.
  return bits >= 0 && mayStart(bits);
}

/** Whether the first two bytes of these eighteen bits can begin a text or a known format. */
function mayStart(bits: number): boolean {
  const first = bits >> 10;
  const byte = (bits >> 2) & 0xff;
  // A NUL in second place may be UTF-16, also of a letter such as `é`.
  if (byte === 0) return true;
  const kind = FIRST_BYTE[first] ?? 0;
  return kind >= 2 || (kind === 1 && (first >= 0x80 ? (byte & 0xc0) === 0x80 : ((FIRST_BYTE[byte] ?? 0) & 1) === 1));
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

function decode(characters: string): Uint8Array {
  return Buffer.from(characters, "base64");
}

function valueAt(text: string, at: number): number {
  // Past the end there is no number, which no table should be asked for.
  return at < text.length ? (BASE64[text.charCodeAt(at)] ?? OTHER) : OTHER;
}

function base64Table(): Int8Array {
  const table = new Int8Array(0x10000).fill(-1);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const [value, character] of [...`${alphabet}+/`].entries()) table[character.charCodeAt(0)] = value;
  // base64url (RFC 4648, section 5).
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  for (const character of " \t\r\n\"',;|") table[character.charCodeAt(0)] = -2;
  return table;
}
