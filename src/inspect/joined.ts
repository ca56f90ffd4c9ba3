import type { JsonArray } from "../model/json.js";

/** Letters of a text in pieces: fewer make no address. */
const FEWEST_PIECES = 6;

/** Of so many items one may be of another kind than the rest: a null among letters, a length before them. */
const ITEMS_A_STRAY = 4;

/** RFC 4648, sections 4 and 5. */
const BASE64_PART = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Encoded characters that hold something. */
const FEWEST_CODED = 8;

/**
 * What a list says when its items are read in one: a command's arguments (`["mysqldump", "-u", "root", "-p…"]`), a text in pieces of a letter or
 * two or parted at its sign (`["dana", "@", "acme.org"]`), the codes of its characters (a Buffer in JSON). Undefined where it is none of these.
 * However long it is: each item stands in one list, so that all lists together are no longer than the body.
 */
export function joinedOf({ items }: JsonArray): string | undefined {
  if (items.length < 2) return undefined;
  const texts: string[] = [];
  let areOptions = false;
  let areParted = false;
  let short = 0;
  for (const item of items) {
    if (item.kind !== "string") continue;
    const { text } = item;
    areOptions ||= /^--?[A-Za-z]/.test(text);
    areParted ||= text === "@" || (text.length <= 64 && /^@[\w.-]+$|^[\w.+-]+@$/.test(text));
    if (text.length <= 2) short += 1;
    texts.push(text);
  }
  if (texts.length === 0) return fromCodes(items);
  // Numbers are arguments as well: `["mysql", "-P", 3306]`.
  if (areOptions) return items.map((item) => (item.kind === "string" || item.kind === "number" ? item.text : "")).join(" ");
  if (areParted) return texts.join("");
  return short >= FEWEST_PIECES && isMost(short, items.length) ? texts.filter(({ length }) => length <= 2).join("") : fromCodes(items);
}

function fromCodes(items: JsonArray["items"]): string | undefined {
  let text = "";
  for (const item of items) {
    const code = item.kind === "number" && /^\d{1,3}$/.test(item.text) ? Number(item.text) : 0;
    if (code === 9 || code === 10 || code === 13 || (code >= 32 && code <= 126)) text += String.fromCharCode(code);
  }
  return text.length >= FEWEST_PIECES && isMost(text.length, items.length) ? text : undefined;
}

function isMost(part: number, all: number): boolean {
  return all - part <= all / ITEMS_A_STRAY;
}

/** The items that may be groups of one base64 text, with a space between two: `["ZGFu", "YS5t", …]`. */
export function codedOf({ items }: JsonArray): string | undefined {
  const parts = items.flatMap((item) => (item.kind === "string" && BASE64_PART.test(item.text) ? [item.text] : []));
  if (parts.length < 2) return undefined;
  const text = parts.join(" ");
  return text.length < FEWEST_CODED ? undefined : text;
}
