import type { FormField } from "../model/body-view.js";
import { decodeComponent } from "./form.js";

/** What programs say of a value in its place. */
const TYPE =
  /^(?:None|True|False|N(?:ULL|ull|aN)|String|Str|Text|Integer|Int|Number|Boolean|Bool|Float|Date|DateTime|Any|Optional|Column|Field|Object)\b/;

export interface TextPairs {
  /** Decoded as a form's are; `start` and `end` frame the pair in the text. */
  readonly fields: readonly FormField[];
  /** Of all pairs together, in UTF-8. */
  readonly bytes: number;
  /** More pairs than may be read stand in the text. */
  readonly exhausted: boolean;
}

interface Pair {
  readonly start: number;
  readonly equals: number;
  readonly end: number;
  /** What joins it to the pair before: `&`, `;`, white space. */
  readonly link: "strong" | "space" | undefined;
  /** Behind `?`, `#`, `&` or `;`, whatever that belongs to. */
  readonly isQuery: boolean;
}

const KEY_STOP = stops("&;?#\"'`<>(){}|,=\\");
const VALUE_STOP = stops("&;\"'`<>{}\\");

/** The gap between two pairs that belong together: `&`, `&&`, `; `. */
const STRONG_GAP = /^\s{0,8}[&;][&;\s]{0,8}$/;

/** `user.name`, `names[0]`, `name()`. */
const CALL = /^[a-z_]\w*(?:\.\w+|\[|\().*$/;

/** Placeholders of statements and templates. */
const PLACEHOLDER = /^(?:%(?:\(\w*\))?[sdrif]|\$\d+|\?|:\w+|@\w+)$/;

/**
 * Every `key=value` that stands with others of its kind, wherever it stands in a text: form-encoded pairs (WHATWG URL, section 5.1) in a sentence or behind the
 * `?` of a URL, with `&` or `;` between them (HTML 4.01, appendix B.2.2), as in a Cookie field, or with white space, as in logs (logfmt).
 * A pair alone counts where its value is a word that no program writes so, `first_name=Dana`. Between spaces or semicolons those are left out
 * whose value names a variable, as the lines of code in a stack trace do.
 */
export function pairsIn(text: string, most: number): TextPairs {
  const fields: FormField[] = [];
  let bytes = 0;
  let before: Pair | undefined;
  let isTaken = false;
  for (
    let equals = text.indexOf("=");
    equals >= 0;
    equals = text.indexOf("=", (before?.equals ?? 0) === equals ? Math.max(before?.end ?? 0, equals + 1) : equals + 1)
  ) {
    const pair = pairAt(text, equals, before);
    if (pair === undefined) continue;
    const joins = pair.link !== undefined;
    if (joins && before !== undefined && !isTaken) bytes += take(text, before, pair.link, fields);
    isTaken = joins || pair.isQuery || isSaid(text, pair);
    if (isTaken) bytes += take(text, pair, pair.isQuery ? "strong" : pair.link, fields);
    before = pair;
    if (fields.length > most) return { fields, bytes, exhausted: true };
  }
  return { fields, bytes, exhausted: false };
}

function pairAt(text: string, equals: number, before: Pair | undefined): Pair | undefined {
  const least = before?.end ?? 0;
  let start = equals;
  while (start > least && !isStop(text.charCodeAt(start - 1), KEY_STOP)) start -= 1;
  const next = text.charCodeAt(equals + 1);
  // `==`, `=>`, `=~` compare.
  if (start === equals || next === 0x3d || next === 0x3e || next === 0x7e) return undefined;
  let end = equals + 1;
  while (end < text.length && !isStop(text.charCodeAt(end), VALUE_STOP)) end += 1;
  return { start, equals, end, link: linkOf(text, start, before), isQuery: isBehindSign(text, start) };
}

function linkOf(text: string, start: number, before: Pair | undefined): Pair["link"] {
  if (before === undefined || start - before.end > 18) return undefined;
  const gap = text.slice(before.end, start);
  if (STRONG_GAP.test(gap)) return "strong";
  // Behind a comma it is the next argument of a call, or the next column of a statement.
  return gap !== "" && gap.trim() === "" && text[before.end - 1] !== "," ? "space" : undefined;
}

/** A pair among words: white space before it and behind it, and a value that is no name in a program and no placeholder. */
function isSaid(text: string, { start, equals, end }: Pair): boolean {
  if ((start > 0 && !isSpace(text[start - 1])) || (end < text.length && !isSpace(text[end]))) return false;
  const value = text.slice(equals + 1, Math.min(end, equals + 64));
  return /^[\p{Lu}\p{Lo}\u0080-\uffff][^()[\],]+$/u.test(value) && !TYPE.test(value);
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && character.trim() === "";
}

function isBehindSign(text: string, start: number): boolean {
  let at = start - 1;
  const isSpaced = text.charCodeAt(at) === 0x20;
  while (text.charCodeAt(at) === 0x20) at -= 1;
  const sign = text[at] ?? "";
  return isSpaced ? sign === ";" : sign === "&" || sign === ";" || sign === "?" || sign === "#";
}

/** Adds the pair and returns its length, unless it is one of code. */
function take(text: string, { start, equals, end }: Pair, link: "strong" | "space" | undefined, fields: FormField[]): number {
  const name = text.slice(start, equals);
  const value = text.slice(equals + 1, end);
  if ((link === "space" || text[start - 1] === ";" || text[end] === ";") && isCode(name, value)) return 0;
  fields.push({ name: decoded(name), value: decoded(value), start, end });
  return Buffer.byteLength(name) + Buffer.byteLength(value) + 1;
}

/** `e.first_name=t.first_name`, `first_name=%s`: what moves a value says nothing of it. */
function isCode(name: string, value: string): boolean {
  if (PLACEHOLDER.test(value) || CALL.test(value)) return true;
  const last = lastWord(value);
  return last !== "" && last === lastWord(name);
}

/** Elements of HTML whose names are keys that rules know: they say how a text is shown. */
const HTML = /^(?:label|address|title|summary|time|data|object|source|code|name)$/i;

const ELEMENT = /<([A-Za-z_][\w.:-]{0,63})(?:\s[^<>]{0,512})?>([^<>]{1,4096})<\/\1\s*>/g;

/** Elements of XML that hold a text and no other element, as pairs. */
export function elementsIn(text: string): FormField[] {
  const fields: FormField[] = [];
  for (const match of text.matchAll(ELEMENT)) {
    const [whole, name = "", value = ""] = match;
    if (!HTML.test(name)) fields.push({ name, value, start: match.index, end: match.index + whole.length });
  }
  return fields;
}

function lastWord(words: string): string {
  return /[\w$]+(?=\W*$)/.exec(words.slice(-64))?.[0] ?? "";
}

function decoded(component: string): string {
  return /[%+]/.test(component) ? decodeComponent(Buffer.from(component, "utf8")).text : component;
}

function isStop(code: number, table: Uint8Array): boolean {
  return code < 128 ? table[code] === 1 : code === 0xa0 || code === 0x2028 || code === 0x2029;
}

/** The characters, and white space. */
function stops(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of `${characters} \t\r\n\v\f`) table[character.charCodeAt(0)] = 1;
  return table;
}
