import { isUtf8 } from "node:buffer";
import type { BodyLimits, FormField, Unreadable } from "../model/body-view.js";

export interface FormReading {
  readonly fields: readonly FormField[];
  readonly faults: readonly Unreadable[];
}

/** Faults kept of one form; a hostile one may hold one in each pair. */
const FAULTS_KEPT = 32;

/** What stands behind the ampersand of an HTML character reference: a page's reader puts it together, a form's reader cuts it in two. */
const CUT_REFERENCE = /^(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6})|[A-Za-z]{2,31};)/;
const A_REFERENCE = "A pair begins as an HTML character reference does.";

const AMPERSAND = 0x26;
const NUMBER_SIGN = 0x23;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Form-encoded pairs (WHATWG URL, section 5.1), decoded once: `+` is a space, `%XX` a byte, the bytes UTF-8. A pair without `=` is a name
 * with an empty value; empty pairs are passed over; names may repeat. `start` and `end` frame the whole pair, in bytes.
 *
 * Faults, reason `body-not-readable`: `form-invalid`, where readers differ (`%` without two hex digits, NUL, other control characters,
 * bytes that are not UTF-8, `&#64;`), and `nodes`, past `limits.nodes` pairs. The pair itself is still given, as far as it reads.
 */
export function parseForm(bytes: Uint8Array, limits: Pick<BodyLimits, "nodes">): FormReading {
  const form = new Form(limits.nodes);
  form.read(bytes, 0, bytes.length);
  return form;
}

/** Lines of form-encoded pairs, as analytics beacons send them in `text/plain`. Faults as in `parseForm`. */
export function parseFormLines(bytes: Uint8Array, limits: Pick<BodyLimits, "nodes">): FormReading {
  const form = new Form(limits.nodes);
  let from = 0;
  while (from < bytes.length) {
    const newline = bytes.indexOf(LINE_FEED, from);
    const next = newline < 0 ? bytes.length : newline;
    if (!form.read(bytes, from, next > from && newline >= 0 && bytes[next - 1] === CARRIAGE_RETURN ? next - 1 : next)) break;
    from = next + 1;
  }
  return form;
}

class Form implements FormReading {
  readonly fields: FormField[] = [];
  readonly faults: Unreadable[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns false past the bound, of which one fault tells */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    // Looked for in this line alone: a search in all of the bytes, once a line, takes the square of their length.
    const line = bytes.subarray(0, to);
    let start = from;
    while (start < to) {
      const ampersand = line.indexOf(AMPERSAND, start);
      const end = ampersand < 0 ? to : ampersand;
      if (end > start) {
        if (this.fields.length >= this.#most) {
          this.#fault("nodes", start, end, `The form holds more than ${this.#most} pairs.`);
          return false;
        }
        this.#pair(bytes, start, end);
      }
      start = end + 1;
    }
    return true;
  }

  #pair(bytes: Uint8Array, start: number, end: number): void {
    const equals = bytes.subarray(start, end).indexOf(EQUALS);
    const nameEnd = equals < 0 ? end : start + equals;
    const name = decodeComponent(bytes.subarray(start, nameEnd));
    const value = decodeComponent(bytes.subarray(Math.min(nameEnd + 1, end), end));
    this.fields.push({ name: name.text, value: value.text, start, end });
    const cut = start > 0 && beginsAsReference(bytes.subarray(start, Math.min(nameEnd, start + 33))) ? A_REFERENCE : undefined;
    const why = name.why ?? value.why ?? cut;
    if (why !== undefined) this.#fault("form-invalid", start, end, why);
  }

  #fault(rule: string, start: number, end: number, why: string): void {
    if (this.faults.length >= FAULTS_KEPT && rule !== "nodes") return;
    this.faults.push({ reason: "body-not-readable", rule, pointer: "", range: [start, end], why });
  }
}

/** One name or value. `why` says what is ambiguous about it. */
export function decodeComponent(bytes: Uint8Array): { readonly text: string; readonly why: string | undefined } {
  let why: string | undefined;
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = bytes[at] ?? 0;
    if (byte === PLUS) byte = 0x20;
    else if (byte === PERCENT) {
      const high = hexDigit(bytes[at + 1]);
      const low = hexDigit(bytes[at + 2]);
      if (high < 0 || low < 0) why ??= "A percent sign has no two hex digits after it.";
      else {
        byte = high * 16 + low;
        at += 2;
      }
    }
    if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f) why ??= "The form holds a control character.";
    out[length] = byte;
    length += 1;
  }
  const content = out.subarray(0, length);
  if (!isUtf8(content)) why ??= "The form's bytes are not valid UTF-8 once decoded.";
  return { text: content.toString("utf8"), why };
}

function beginsAsReference(name: Uint8Array): boolean {
  return (name[0] === NUMBER_SIGN || name.includes(SEMICOLON)) && CUT_REFERENCE.test(Buffer.from(name).toString("latin1"));
}

/** By code: the value of each ASCII hex digit. */
const HEX_DIGITS: readonly number[] = Array.from({ length: 0x67 }, (_, code) =>
  "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase()),
);

/** Value of an ASCII hex digit, or -1. */
export function hexDigit(code: number | undefined): number {
  return HEX_DIGITS[code ?? -1] ?? -1;
}
