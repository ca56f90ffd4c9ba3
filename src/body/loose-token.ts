/** What a word stands for in JavaScript, Python, Ruby, Go. */
export const WORDS: ReadonlyMap<string, string> = new Map([
  ["true", "true"],
  ["True", "true"],
  ["false", "false"],
  ["False", "false"],
  ["null", "null"],
  ["None", "null"],
  ["nil", "null"],
  ["undefined", "null"],
]);

/** RFC 8259, section 6. */
export const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Python's and Rust's `u'x'`, `b'x'`, `rb'x'` say how a string is written, not what it holds. */
export const STRING_PREFIX = /^[bBuUrRfF]{1,2}$/;

/** White space of any script, the byte order mark too. */
export const ANY_SPACE = /^\s$/;

/** Of longer keys the end is read, by which rules know them. */
export const LONGEST_KEY = 256;

/** Longer comments are none, or every bracket before one would be read as far as it goes. */
const LONGEST_COMMENT = 512;

export function isCloser(code: number): boolean {
  return code === 0x7d || code === 0x5d || code === 0x29;
}

export function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60;
}

/**
 * Whether a run of characters without quotes ends before this one: at brackets, quotes, commas, line ends and the text's end; where it may be a key,
 * at the sign behind a key too.
 */
export function isBareEnd(code: number, isValue: boolean): boolean {
  if (Number.isNaN(code)) return true;
  return isValue ? VALUE_END[code] === 1 : KEY_END[code] === 1;
}

/** Whether a comment begins here, behind white space: `https://` begins none, nor does `[#12]`. */
export function isComment(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code !== 0x23 && code !== 0x2f) return false;
  const next = text.charCodeAt(at + 1);
  return ANY_SPACE.test(text[at - 1] ?? "") && (code === 0x23 ? next === 0x20 : next === 0x2f || next === 0x2a);
}

const VALUE_END = ends("\n\r,;{}[]()<>\"'`\\");
const KEY_END = ends("\n\r,;{}[]()<>\"'`\\:=");

function ends(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/**
 * Where strings, comments and white space of one text end. What was looked for in vain once is not looked for again further on, or a text full of
 * beginnings would be read to its end from each.
 */
export class TokenEnds {
  readonly text: string;
  readonly #unclosed = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
  }

  /** The index of the quote (one character or three) that ends a string, or -1. A backslash takes the next character with it. */
  ofString(from: number, quote: string): number {
    const { text } = this;
    if (from >= (this.#unclosed.get(quote) ?? Infinity)) return -1;
    const code = quote.charCodeAt(0);
    for (let at = from; at < text.length; at += 1) {
      const here = text.charCodeAt(at);
      if (here === 0x5c) at += 1;
      else if (here === code && (quote.length === 1 || text.startsWith(quote, at))) return at;
    }
    this.#unclosed.set(quote, from);
    return -1;
  }

  /**
   * The index behind white space and comments (`//`, `#` with a space, slash and star), negated where there was a comment. One that doesn't
   * end soon, be it for want of a line's end, is none.
   */
  space(from: number): number {
    const { text } = this;
    let at = from;
    let sign = 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) at += 1;
      else if (code >= 0x80 && ANY_SPACE.test(text[at] ?? "")) at += 1;
      else {
        const end = code === 0x23 || code === 0x2f ? this.#commentEnd(at, code) : -1;
        if (end < 0) return at * sign;
        sign = -1;
        at = end;
      }
    }
  }

  #commentEnd(at: number, code: number): number {
    const { text } = this;
    const next = text.charCodeAt(at + 1);
    // `https://…` in brackets is a key and a value.
    const isLine = code === 0x23 ? next === 0x20 : next === 0x2f && text.charCodeAt(at - 1) !== 0x3a;
    if (!isLine && (code === 0x23 || next !== 0x2a)) return -1;
    const closer = isLine ? "\n" : "*/";
    if (at >= (this.#unclosed.get(closer) ?? Infinity)) return -1;
    const end = text.indexOf(closer, at + 2);
    if (end < 0) this.#unclosed.set(closer, at);
    return end < 0 || end - at > LONGEST_COMMENT ? -1 : end + closer.length;
  }
}
