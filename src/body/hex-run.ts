import { accept, type EncodedRun, LEAST_BYTES, LEAST_INNER_BYTES, plausiblePieces, startsBinary } from "./encoded-bytes.js";
import { hexDigit } from "./form.js";
import { mayStartBinary } from "./magic.js";
import { plausibleEnd, startsText } from "./plausible-text.js";

/** A failed hex reading of this many bytes is not begun again inside: keeps hostile text linear. */
const LONG_HEX = 64;

/** Signs between two pairs of hex digits, at most: `", "` has four. */
const MOST_SEPARATORS = 4;

/** Whether hex pairs may begin here, and the first says a byte that a text or a format may begin with. */
export function mayStartHex(text: string, at: number): boolean {
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
export function hexFrom(text: string, from: number, runs: EncodedRun[]): number {
  const bytes: number[] = [];
  let at = from;
  let isSplit = false;
  for (;;) {
    let pair = at;
    const lead = text.charCodeAt(pair);
    if ((lead === 0x30 || lead === 0x5c) && (text.charCodeAt(pair + 1) | 0x20) === 0x78) pair += 2;
    else if (at === from && lead === 0x78) pair += 1;
    const high = hexDigit(text.charCodeAt(pair));
    if (high < 0) break;
    let second = pair + 1;
    let low = hexDigit(text.charCodeAt(second));
    if (low < 0) {
      // Groups of an odd length part the digits of a pair.
      if (!isSplit && !(pair > from && hexDigit(text.charCodeAt(pair - 1)) >= 0)) break;
      second = separatorsEnd(text, second);
      low = hexDigit(text.charCodeAt(second));
      if (low < 0) break;
      isSplit = true;
    }
    const byte = high * 16 + low;
    bytes.push(byte);
    // The first two bytes settle nearly every id and digest.
    if (bytes.length <= 2 && !mayBegin(bytes[0] ?? 0, byte, bytes.length)) return from;
    at = second + 1;
    // Eight bytes show every format that is told by its start, and UTF-16.
    if (bytes.length === 8 && !startsBinary(Uint8Array.from(bytes)) && plausibleEnd(Uint8Array.from(bytes), 0) < 3) return from;
    at = separatorsEnd(text, at);
  }
  if (bytes.length < LEAST_BYTES) return from;
  const decoded = Uint8Array.from(bytes);
  const found = readable(decoded, hexDigit(text.charCodeAt(at)));
  for (const each of found) runs.push({ how: "hex", bytes: each });
  return found.length > 0 || decoded.length > LONG_HEX ? at : from;
}

/** All of it where it is text or of a known format, else each piece that is text; and those of the other half of each pair, where one may begin as well. */
function readable(decoded: Uint8Array, rest: number): readonly Uint8Array[] {
  const whole = accept(decoded);
  const here = whole === undefined ? [...plausiblePieces(decoded)] : whole.length < LEAST_BYTES ? [] : [whole];
  return [...here, ...plausiblePieces(halfAPairOn(decoded, rest))];
}

/** The same digits without the first one; `rest` is the one behind them, negative where there is none. */
function halfAPairOn(bytes: Uint8Array, rest: number): Uint8Array {
  const on = bytes.map((byte, index) => (byte << 4) | ((bytes[index + 1] ?? rest << 4) >> 4));
  return rest < 0 ? on.subarray(0, -1) : on;
}

/**
 * Text in hex inside a word, whatever it begins with: a length, as programs write it, half a pair, or a name (`user_64616e61…`, whose hyphens and
 * underscores are of base64url's alphabet).
 */
export function hexPieces(text: string, from: number, end: number, runs: EncodedRun[]): void {
  // Asked for each word: a digit is looked for where so many could end, so that one letter rules out all before it.
  const least = 2 * LEAST_INNER_BYTES;
  for (let begin = from; begin + least <= end; ) {
    let at = begin + least - 1;
    while (at >= begin && hexDigit(text.charCodeAt(at)) >= 0) at -= 1;
    if (at >= begin) {
      begin = at + 1;
      continue;
    }
    at = begin + least;
    while (at < end && hexDigit(text.charCodeAt(at)) >= 0) at += 1;
    for (const shift of [0, 1])
      for (const bytes of plausiblePieces(Buffer.from(text.slice(begin + shift, at), "hex"))) runs.push({ how: "hex", bytes });
    begin = at + 1;
  }
}

/** Whether a text or a format may begin with this byte, or by `first` and this byte: in UTF-8 a second one may be no letter of its own. */
function mayBegin(first: number, byte: number, length: number): boolean {
  if (startsText(byte) || byte === 0 || mayStartBinary(first)) return true;
  return length === 2 && first >= 0xc2 && (byte & 0xc0) === 0x80;
}

function separatorsEnd(text: string, from: number): number {
  let at = from;
  while (at < from + MOST_SEPARATORS && at < text.length && SEPARATORS[text.charCodeAt(at)] === 1) at += 1;
  return at;
}

/** Space, line ends, quotes, `:`, `,`, `;`, `-`, `_`, `.`, `|`. */
const SEPARATORS = new Uint8Array(128);
for (const sign of " \t\r\n\"':,;-_.|") SEPARATORS[sign.charCodeAt(0)] = 1;
