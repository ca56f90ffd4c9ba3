import { resolveEscapes } from "./escaped-text.js";
import {
  ANY_SPACE,
  isBareEnd,
  isCloser,
  isComment,
  isQuote,
  JSON_NUMBER,
  LONGEST_KEY,
  STRING_PREFIX,
  type TokenEnds,
  WORDS,
} from "./loose-token.js";

/** A tree as JSON, made of what a text says in JSON or in one of its relatives. */
export interface LooseTree {
  readonly json: string;
  readonly how: "json-string" | "python-literal" | "loose-literal";
  /** Where it stands in the text: [start, end). */
  readonly start: number;
  readonly end: number;
  readonly isObject: boolean;
}

/** Deeper ones are read from the level on where they fit. */
const DEPTH = 64;

/** A value that is cut off by the text's end is read up to so many characters. */
const CUT_VALUE = 256;

/** Fewer numbers than this, alone in their brackets, are a log's: `[4]`, `[1, 2]`. So many are a list, and one that is cut off is still one. */
const FEWEST_NUMBERS = 4;

const NAME = /^[\w .-]*$/;

const LETTER = /[A-Za-z\u0080-\uffff]/;

interface Open {
  /** Where its JSON begins, in `pieces`. */
  readonly piece: number;
  /** The character that ends it; undefined where a key began it, without a bracket. */
  readonly closer: number | undefined;
  kind: "object" | "array" | undefined;
  /** A pair in an array stands in an object of its own. */
  wraps: boolean;
  hasKey: boolean;
}

/**
 * One attempt to read a tree from a place in a text: JSON (RFC 8259), a Python literal, an object as JavaScript, Ruby, PHP or a data class prints it,
 * JSON with comments, trailing commas or raw line ends. Strings, numbers and keys are kept, words that are neither become `null`: in the lines of code of a
 * stack trace they are names of variables. What ends where it must not is read as far as it goes, if there is a pair of key and value in it.
 */
export class LooseReading {
  at: number;
  /** Brackets and signs behind keys that stand in the structure: an attempt that begins at one of them reads nothing more. */
  readonly marks: number[] = [];
  /** The bracket that was opened first is closed, and all between is in the tree: no comment and no unknown word. */
  isWhole = false;
  readonly #ends: TokenEnds;
  readonly #text: string;
  readonly #from: number;
  readonly #pieces: string[] = [];
  readonly #stack: Open[] = [];
  #isClosed = false;
  #isPython = false;
  #isLoose = false;
  #isLossy = false;
  #keys = 0;
  /** Numbers behind a key that names something. */
  #named = 0;
  #strings = 0;
  #numbers = 0;
  #inner = 0;
  #isObject = false;
  /** The last key holds a letter: `12` of `12:33` is none of a pair. */
  #isNamed = false;

  /** `ends` is shared by all attempts on a text. */
  constructor(ends: TokenEnds, from: number) {
    this.#ends = ends;
    this.#text = ends.text;
    this.#from = from;
    this.at = from;
  }

  /** Reads the container that begins with the bracket at `from`. */
  container(): LooseTree | undefined {
    return this.#read(this.#open(this.#text.charCodeAt(this.at)));
  }

  /** Reads pairs without a bracket around them; `key` is the first one's, the sign behind it stands at `sign`. */
  pairs(key: string, sign: number): LooseTree | undefined {
    this.#isLoose = true;
    this.#push(undefined);
    this.at = sign;
    return this.#read(this.#key(JSON.stringify(key)));
  }

  /** Goes on until the outermost container ends, or until something stands where it must not. */
  #read(begun: boolean): LooseTree | undefined {
    let goesOn = begun;
    while (goesOn && this.#stack.length > 0) goesOn = this.#element();
    if (!goesOn) this.#giveUp();
    const isClosed = this.#isClosed;
    this.isWhole = isClosed && !this.#isLossy;
    const isList = this.#strings > 0 && (isClosed || this.#inner > 0 || this.#keys > 0);
    const isWorth = isList || this.#named > 0 || this.#numbers >= FEWEST_NUMBERS;
    if (!isWorth) return undefined;
    return {
      json: this.#pieces.join(""),
      how: this.#isPython ? "python-literal" : this.#isLoose ? "loose-literal" : "json-string",
      start: this.#from,
      end: this.at,
      isObject: this.#isObject,
    };
  }

  /** One element, or the end of the container; false where neither stands there. So do those below. */
  #element(): boolean {
    this.#space();
    const code = this.#text.charCodeAt(this.at);
    if (code === 0x2c || code === 0x3b) {
      this.#isLoose = true;
      this.at += 1;
      return true;
    }
    if (isCloser(code)) return this.#close(code);
    if (isQuote(code)) return this.#string();
    if (code === 0x7b || code === 0x5b || code === 0x28) return this.#open(code);
    return code === 0x3c ? this.#angle() : this.#bare();
  }

  #open(code: number): boolean {
    if (this.#stack.length >= DEPTH) return false;
    this.#value();
    this.marks.push(this.at);
    this.#push(code === 0x7b ? 0x7d : code === 0x5b ? 0x5d : 0x29);
    this.#isPython ||= code === 0x28;
    this.at += 1;
    return true;
  }

  #push(closer: number | undefined): void {
    this.#stack.push({ piece: this.#pieces.length, closer, kind: undefined, wraps: false, hasKey: false });
    this.#pieces.push("");
  }

  #close(code: number): boolean {
    const open = this.#stack.at(-1);
    if (open === undefined || open.closer !== code) return false;
    this.at += 1;
    this.#end(open, code === 0x7d ? "object" : "array");
    if (this.#stack.length === 0) {
      this.#isClosed = true;
      return true;
    }
    this.#inner += 1;
    return this.#behind();
  }

  /** Writes a container's brackets and leaves it. */
  #end(open: Open, ifEmpty: "object" | "array"): void {
    if (open.hasKey) this.#scalar("null");
    const kind = open.kind ?? ifEmpty;
    this.#pieces[open.piece] = `${this.#pieces[open.piece] ?? ""}${kind === "object" ? "{" : "["}`;
    this.#pieces.push(kind === "object" ? "}" : "]");
    this.#stack.pop();
    this.#isObject = kind === "object";
    this.#unwrap();
  }

  #string(): boolean {
    const { at } = this;
    const text = this.#text;
    const quote = text[at] ?? "";
    const long = text.startsWith(quote.repeat(3), at) && quote !== "`";
    const first = at + (long ? 3 : 1);
    const end = this.#ends.ofString(first, long ? quote.repeat(3) : quote);
    if (quote !== '"' || long) this.#isPython = true;
    if (end < 0) {
      const isCut = this.#stack.at(-1)?.hasKey === true && text.length - first <= CUT_VALUE;
      if (!isCut) return false;
      this.#strings += 1;
      this.#value();
      this.#scalar(JSON.stringify(text.slice(first)));
      this.at = text.length;
      return false;
    }
    const inner = text.slice(first, end);
    const json = quote === '"' && !long && isPlain(inner) ? text.slice(at, end + 1) : JSON.stringify(resolveEscapes(inner));
    this.at = end + (long ? 3 : 1);
    if (this.#isKey()) {
      // A key that is no name is searched as a string is.
      if (!NAME.test(inner)) this.#strings += 1;
      return this.#key(json);
    }
    this.#strings += 1;
    this.#value();
    this.#scalar(json);
    return this.#behind();
  }

  /** Words, numbers, and what is neither. */
  #bare(): boolean {
    const text = this.#text;
    const from = this.at;
    const isValue = this.#stack.at(-1)?.hasKey === true;
    let end = from;
    while (!isBareEnd(text.charCodeAt(end), isValue) && !isComment(text, end)) end += 1;
    if (end === from) return false;
    this.at = end;
    const word = text.slice(from, end).trimEnd();
    const next = text.charCodeAt(end);
    if (isQuote(next)) {
      // `it's` is no string in a tree, `b'x'` is.
      if (end - from !== word.length || !STRING_PREFIX.test(word)) return false;
      this.#isPython = true;
      return true;
    }
    // A class or a call: `User(…)`, `ObjectId("…")`, `Point {…}`. What it holds is the value.
    if (next === 0x28 || next === 0x5b || next === 0x7b) {
      this.#isLossy = true;
      this.#isLoose = true;
      return true;
    }
    if (this.#isKey()) {
      this.#isLoose = true;
      return this.#key(JSON.stringify(word.slice(-LONGEST_KEY)));
    }
    this.#word(word, isValue);
    return this.#behind();
  }

  #word(word: string, isValue: boolean): void {
    const known = WORDS.get(word);
    this.#value();
    if (known !== undefined) {
      if (known !== word) this.#isPython = true;
      this.#scalar(known);
    } else if (JSON_NUMBER.test(word)) {
      this.#numbers += 1;
      if (isValue && this.#isNamed) this.#named += 1;
      this.#scalar(word);
    } else {
      this.#isLossy = true;
      this.#isLoose = true;
      this.#scalar("null");
    }
  }

  /** `<User 3>`, as Python prints what has no literal. */
  #angle(): boolean {
    const length = this.#text.slice(this.at, this.at + CUT_VALUE).indexOf(">");
    if (length < 0) return false;
    this.#isLossy = true;
    this.#isPython = true;
    this.#value();
    this.#scalar("null");
    this.at += length + 1;
    return this.#behind();
  }

  /** Whether a sign that ends a key follows; it is passed over by `#key`. */
  #isKey(): boolean {
    const open = this.#stack.at(-1);
    if (open === undefined || open.hasKey) return false;
    let { at } = this;
    while (ANY_SPACE.test(this.#text[at] ?? "")) at += 1;
    const code = this.#text.charCodeAt(at);
    if (code !== 0x3a && (code !== 0x3d || this.#text.charCodeAt(at + 1) === 0x3d)) return false;
    this.at = at;
    return true;
  }

  #key(json: string): boolean {
    const open = this.#stack.at(-1);
    if (open === undefined) return false;
    this.marks.push(this.at);
    this.#keys += 1;
    const isEquals = this.#text.charCodeAt(this.at) === 0x3d;
    if (isEquals) this.#isLoose = true;
    this.at += isEquals && this.#text.charCodeAt(this.at + 1) === 0x3e ? 2 : 1;
    const isFirst = open.kind === undefined;
    open.kind ??= "object";
    if (!isFirst) this.#pieces.push(",");
    if (open.kind === "array") {
      open.wraps = true;
      this.#isLoose = true;
      this.#pieces.push("{");
    }
    this.#pieces.push(json, ":");
    this.#isNamed = LETTER.test(json);
    open.hasKey = true;
    return true;
  }

  /** Makes room for a value: behind its key, or as the next item. */
  #value(): void {
    const open = this.#stack.at(-1);
    if (open === undefined || open.hasKey) {
      if (open !== undefined) open.hasKey = false;
      return;
    }
    if (open.kind !== undefined) this.#pieces.push(",");
    open.kind ??= "array";
    // A value without a key among pairs.
    if (open.kind === "object") this.#pieces.push('"":');
  }

  #scalar(json: string): void {
    this.#pieces.push(json);
    this.#unwrap();
  }

  #unwrap(): void {
    const open = this.#stack.at(-1);
    if (open?.wraps !== true) return;
    open.wraps = false;
    this.#pieces.push("}");
  }

  /** What stands behind a value: a comma, or the end of the container. Anything else says that the brackets or the quotes were read amiss. */
  #behind(): boolean {
    this.#space();
    const code = this.#text.charCodeAt(this.at);
    if (code === 0x2c || code === 0x3b) {
      if (code === 0x3b) this.#isLoose = true;
      this.at += 1;
      this.#space();
      this.#isLoose ||= isCloser(this.#text.charCodeAt(this.at));
      return true;
    }
    return isCloser(code);
  }

  #space(): void {
    const end = this.#ends.space(this.at);
    if (end < 0) {
      this.#isLossy = true;
      this.#isLoose = true;
      this.at = -end;
    } else this.at = end;
  }

  /** Ends every container that is open where the reading broke off. */
  #giveUp(): void {
    this.#isLoose = true;
    for (let open = this.#stack.at(-1); open !== undefined; open = this.#stack.at(-1)) this.#end(open, "array");
  }
}

/** Without escapes and control characters a string is its own JSON. */
function isPlain(inner: string): boolean {
  for (let at = 0; at < inner.length; at += 1) {
    const code = inner.charCodeAt(at);
    if (code < 0x20 || code === 0x5c) return false;
  }
  return true;
}
