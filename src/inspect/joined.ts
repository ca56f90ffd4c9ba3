import type { JsonArray } from "../model/json.js";

/** Items and characters of a list that is read as one text: a command with its arguments, a short buffer. */
const MOST_ITEMS = 4096;
const MOST_CHARACTERS = 16_384;

/** Letters of a text in pieces: fewer make no address. */
const FEWEST_PIECES = 6;

/**
 * What a list says when its items are read in one: a command's arguments (`["mysqldump", "-u", "root", "-p…"]`), a text in pieces of a letter or
 * two or parted at its sign (`["dana", "@", "acme.org"]`), the codes of its characters (a Buffer in JSON). Undefined where it is none of these.
 */
export function joinedOf({ items }: JsonArray): string | undefined {
  const [first] = items;
  if (items.length < 2 || items.length > MOST_ITEMS) return undefined;
  if (first?.kind === "number") return items.length < FEWEST_PIECES ? undefined : fromCodes(items);
  if (first?.kind !== "string") return undefined;
  const texts: string[] = [];
  let characters = 0;
  let areOptions = false;
  let areParted = false;
  let longest = 0;
  for (const item of items) {
    if (item.kind !== "string") return undefined;
    characters += item.text.length;
    if (characters > MOST_CHARACTERS) return undefined;
    areOptions ||= /^--?[A-Za-z]/.test(item.text);
    areParted ||= item.text === "@" || (item.text.length <= 64 && /^@[\w.-]+$|^[\w.+-]+@$/.test(item.text));
    longest = Math.max(longest, item.text.length);
    texts.push(item.text);
  }
  if (areOptions) return texts.join(" ");
  return areParted || (longest <= 2 && texts.length >= FEWEST_PIECES) ? texts.join("") : undefined;
}

function fromCodes(items: JsonArray["items"]): string | undefined {
  let text = "";
  for (const item of items) {
    const code = item.kind === "number" && /^\d{1,3}$/.test(item.text) ? Number(item.text) : 0;
    if (code !== 9 && code !== 10 && code !== 13 && (code < 32 || code > 126)) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}
