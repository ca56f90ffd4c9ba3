import type { JsonString } from "../model/json.js";

/** The scanner's place in its text, and its two ways to object. */
export interface Cursor {
  readonly text: string;
  at: number;
  shift: number;
  invalid(why: string): never;
  note(rule: string, why: string, start: number): void;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** With the `u` flag a pair is one code point, so only a lone half has this property. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Reads a string from its opening quote (RFC 8259, section 7). A lone surrogate is noted as `surrogate`; anything else ends the scan. */
export function scanString(cursor: Cursor): JsonString {
  const { text } = cursor;
  const first = cursor.at + 1;
  const start = cursor.at + cursor.shift;
  let at = first;
  let shift = cursor.shift;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      cursor.at = at + 1;
      cursor.shift = shift;
      return { kind: "string", start, end: at + 1 + shift, text: text.slice(first, at) };
    }
    if (code === 0x5c) break;
    if (code >= 0x80) shift += extraBytes(code);
    else if (!(code >= 0x20)) refuse(cursor, at, shift);
    at += 1;
  }
  return escapedString(cursor, start, first, at, shift);
}

/** Continues a string at its first backslash. */
function escapedString(cursor: Cursor, start: number, first: number, backslash: number, shiftThere: number): JsonString {
  const { text } = cursor;
  let plainFrom = first;
  let value = "";
  let at = backslash;
  let shift = shiftThere;
  let escapesSurrogate = false;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) break;
    if (code === 0x5c) {
      value += text.slice(plainFrom, at);
      const escape = text[at + 1];
      const simple = escape === undefined ? undefined : SIMPLE_ESCAPES[escape];
      if (simple !== undefined) {
        value += simple;
        at += 2;
      } else {
        const unit = escape === "u" ? hexUnit(text, at + 2) : -1;
        if (unit < 0) {
          cursor.at = at;
          cursor.shift = shift;
          cursor.invalid("A string holds an escape that JSON doesn't know.");
        }
        value += String.fromCharCode(unit);
        escapesSurrogate ||= unit >= 0xd800 && unit <= 0xdfff;
        at += 6;
      }
      plainFrom = at;
      continue;
    }
    if (code >= 0x80) shift += extraBytes(code);
    else if (!(code >= 0x20)) refuse(cursor, at, shift);
    at += 1;
  }
  value += text.slice(plainFrom, at);
  cursor.at = at + 1;
  cursor.shift = shift;
  if (escapesSurrogate && LONE_SURROGATE.test(value)) {
    cursor.note("surrogate", "A string holds half of a surrogate pair, which no UTF-8 text can hold.", start);
  }
  return { kind: "string", start, end: at + 1 + shift, text: value };
}

function refuse(cursor: Cursor, at: number, shift: number): never {
  cursor.at = Math.min(at, cursor.text.length);
  cursor.shift = shift;
  return cursor.invalid(at >= cursor.text.length ? "The JSON ends inside a string." : "A string holds a raw control character.");
}

/** UTF-8 bytes of one UTF-16 unit, less one; half of a surrogate pair stands for two of four bytes. */
function extraBytes(unit: number): number {
  return unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
}

function hexUnit(text: string, from: number): number {
  let unit = 0;
  for (let at = from; at < from + 4; at += 1) {
    const code = text.charCodeAt(at);
    let digit = -1;
    if (code >= 0x30 && code <= 0x39) digit = code - 0x30;
    else if (code >= 0x41 && code <= 0x46) digit = code - 0x37;
    else if (code >= 0x61 && code <= 0x66) digit = code - 0x57;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}
