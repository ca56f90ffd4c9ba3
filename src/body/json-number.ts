import type { JsonNumber } from "../model/json.js";
import type { Cursor } from "./json-string.js";

/** Integers of up to this many characters are always within ±(2^53 - 1). */
const SURELY_SAFE = 15;

/**
 * Reads a number from its first character (RFC 8259, section 6). Beyond what every reader holds alike, it is noted as `number-range`: an
 * integer outside ±(2^53 - 1), and an exponent that overflows to infinity or underflows to zero.
 */
export function scanNumber(cursor: Cursor): JsonNumber {
  const { text, at: from } = cursor;
  let at = from;
  if (text.charCodeAt(at) === 0x2d) at += 1;
  const whole = at;
  at = digits(text, at);
  if (at === whole || (at - whole > 1 && text.charCodeAt(whole) === 0x30)) fail(cursor, at);
  const integerEnd = at;
  if (text.charCodeAt(at) === 0x2e) {
    const fraction = at + 1;
    at = digits(text, fraction);
    if (at === fraction) fail(cursor, at);
  }
  const mark = text.charCodeAt(at);
  if (mark === 0x65 || mark === 0x45) {
    at += 1;
    const sign = text.charCodeAt(at);
    if (sign === 0x2b || sign === 0x2d) at += 1;
    const exponent = at;
    at = digits(text, exponent);
    if (at === exponent) fail(cursor, at);
  }
  const start = from + cursor.shift;
  const literal = text.slice(from, at);
  cursor.at = at;
  if (at - from > SURELY_SAFE || at !== integerEnd) judge(cursor, literal, at === integerEnd, start);
  return { kind: "number", start, end: at + cursor.shift, text: literal };
}

function judge(cursor: Cursor, literal: string, isInteger: boolean, start: number): void {
  const value = Number(literal);
  if (isInteger ? !Number.isSafeInteger(value) : !Number.isFinite(value)) {
    cursor.note("number-range", "A number is beyond what a double holds exactly, so two readers may take different values.", start);
  } else if (value === 0 && /^-?[0.]*[1-9]/.test(literal)) {
    cursor.note("number-range", "A number is so small that it reads as zero.", start);
  }
}

function digits(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (!(code >= 0x30 && code <= 0x39)) return at;
    at += 1;
  }
}

function fail(cursor: Cursor, at: number): never {
  cursor.at = at;
  return cursor.invalid("A number is not written as JSON writes it.");
}
