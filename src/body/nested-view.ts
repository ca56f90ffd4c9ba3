import type { JsonNode } from "../model/json.js";
import type { NestedContent, NestedView, NestedViews, ViewBudget, ViewFinder } from "../model/nested-view.js";
import { decodeUtf16, decodeUtf8 } from "./charset.js";
import { type EncodedRun, plausiblePieces, utf8Pieces, utf16Kind } from "./encoded-bytes.js";
import { encodedRuns } from "./encoded-run.js";
import { resolveEntities, resolveEscapes, resolvePercent, resolveQuotedPrintable, resolveUtf7 } from "./escaped-text.js";
import { scanJson } from "./json-scanner.js";
import type { LooseTree } from "./loose-tree.js";
import { magicOf } from "./magic.js";
import { inflateNested } from "./nested-compression.js";
import { normalisedText } from "./normalised-text.js";
import { plausibleEnd } from "./plausible-text.js";
import { elementsIn, pairsIn } from "./text-pairs.js";
import { findTrees } from "./tree-search.js";

const NONE: NestedViews = { views: [], exhausted: false };

/** Shorter texts hold nothing in any encoding, except for look-alikes and escapes. */
const LEAST_ENCODED = 7;

/** Bounds of a JSON text in a string. A deeper one is read from inside, one of more values is left unread, which is said. */
const NESTED_JSON = { depth: 64, nodes: 200_000 };

/** A loose tree is no deeper than its reader goes, twice, since a pair in an array becomes an object; and all of them are in one array. */
const LOOSE_DEPTH = 140;

/** Pairs that are read of one text; more are left unread, which is said. */
const FORM_PAIRS = 100_000;

/** Hints of one pass over a text's characters: which decoders are worth a try. */
const HINT = {
  percent: 1,
  ampersand: 2,
  backslash: 4,
  equals: 8,
  bracket: 16,
  beyondAscii: 32,
  plus: 64,
  quote: 128,
  colon: 256,
  angle: 512,
} as const;

/** What is worth a try alone: a quote and a colon are so together. */
const ALONE = ~(HINT.quote | HINT.colon);

const HINTS = hintTable();

/**
 * Every nested view of one string, to any order of encodings, under the shared budget: trees of JSON, Python and their relatives wherever they stand,
 * base64 and hex in any groups, percent-encoding, HTML references, backslash escapes, quoted-printable, UTF-7, pairs of forms and logs, elements of XML,
 * compression, UTF-16, and the normalised text.
 *
 * A text that decodes to nothing plausible yields no view. Missed on purpose: base32, base58, base85, uuencode, ciphers, reversed or
 * spelt-out text, raw deflate under hex, one value spread over several strings, encoded stretches of fewer than 5 bytes, and values without any sign
 * that they are some, as ordinary logs and lines of code have them (docs/threat-model.md, "Out of scope").
 */
export const findNestedViews: ViewFinder = (text: string, budget: ViewBudget): NestedViews => {
  const hints = hintsOf(text);
  let runs: readonly EncodedRun[] | undefined;
  if (!mayHold(hints)) {
    if (text.length < LEAST_ENCODED) return NONE;
    runs = encodedRuns(text);
    if (runs.length === 0) return NONE;
  }
  const search = new Search(budget, text);
  try {
    search.text(text, [], hints, runs);
  } catch (error) {
    if (!(error instanceof Spent)) throw error;
    search.exhausted = true;
  }
  return search.views.length === 0 && !search.exhausted ? NONE : search;
};

/** Ends the search of a string from whatever depth: what is left unread is refused, so nothing is gained by reading on. */
class Spent extends Error {}

class Search implements NestedViews {
  readonly views: NestedView[] = [];
  exhausted = false;
  readonly #budget: ViewBudget;
  /** Different orders of the same steps lead to the same text, and a text is searched once. */
  readonly #seen: Set<string>;

  constructor(budget: ViewBudget, text: string) {
    this.#budget = budget;
    // Nothing is in an empty text.
    this.#seen = new Set([text, ""]);
  }

  text(text: string, steps: readonly string[], hints = hintsOf(text), known?: readonly EncodedRun[]): void {
    if (mayHoldTree(hints) && this.#json(text, steps)) return;
    if ((hints & HINT.beyondAscii) !== 0) this.#reading(normalisedText(text), [...steps, "normalised"]);
    if ((hints & HINT.percent) !== 0) this.#reading(resolvePercent(text), [...steps, "percent"]);
    if ((hints & HINT.ampersand) !== 0) this.#reading(resolveEntities(text), [...steps, "html"]);
    if ((hints & HINT.backslash) !== 0) this.#reading(resolveEscapes(text), [...steps, "escapes"]);
    if ((hints & HINT.equals) !== 0) {
      if (/=(?:[0-9A-F]{2}|\r?\n)/.test(text)) this.#reading(resolveQuotedPrintable(text), [...steps, "quoted-printable"]);
      this.#form(text, steps);
    }
    if ((hints & HINT.angle) !== 0 && text.includes("</")) this.#elements(text, steps);
    if ((hints & HINT.plus) !== 0) this.#reading(resolveUtf7(text), [...steps, "utf-7"]);
    if (text.length < LEAST_ENCODED) return;
    for (const run of known ?? encodedRuns(text)) this.bytes(run.bytes, [...steps, run.how]);
  }

  bytes(bytes: Uint8Array, steps: readonly string[]): void {
    const utf16 = utf16Kind(bytes);
    const text = utf16 === undefined ? plausibleText(bytes) : decodeUtf16(wholeUnits(bytes, utf16), utf16);
    const magic = magicOf(bytes);
    if (text !== undefined && magic === undefined) {
      this.#reading(text, utf16 === undefined ? steps : [...steps, utf16], steps.length === 0);
      // A BOM, or four letters of UTF-16, may stand in front of any text. Within a piece of UTF-16 there is none of UTF-16 to look for.
      if (utf16 !== undefined) {
        const pieces = (bytes[0] ?? 0) + (bytes[1] ?? 0) === 0xff + 0xfe ? plausiblePieces(bytes) : utf8Pieces(bytes);
        for (const piece of pieces) this.bytes(piece, steps);
      }
      return;
    }
    if (magic !== undefined) {
      this.#yield({ kind: "bytes", bytes, magic }, steps, bytes.length);
      return;
    }
    const inflation = inflateNested(bytes, this.#budget.bytes);
    if (inflation.kind === "over") throw new Spent();
    if (inflation.kind === "damaged") this.#pieces(bytes, steps);
    if (inflation.kind !== "inflated") return;
    this.#spend(inflation.bytes.length, steps.length + 1);
    this.bytes(inflation.bytes, [...steps, inflation.how]);
    for (const part of inflation.beside) this.#beside(part, [...steps, "beside"]);
  }

  /** Bytes that a decoder passes over; each further stream in them is a step deeper, so that a row of thousands ends at the budget's depth. */
  #beside(bytes: Uint8Array, steps: readonly string[]): void {
    this.#spend(bytes.length, steps.length);
    this.bytes(bytes, steps);
    this.#pieces(bytes, steps);
  }

  #pieces(bytes: Uint8Array, steps: readonly string[]): void {
    for (const piece of plausiblePieces(bytes)) this.bytes(piece, steps);
  }

  /** Takes a decoded text as a view and searches it, unless it is one that was searched already. */
  #reading(text: string, steps: readonly string[], isPlain = false): void {
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    if (!isPlain) this.#yield({ kind: "text", text }, steps, text.length);
    this.text(text, steps);
  }

  /** True where the whole text is a tree: then its strings are searched, each on its own, and the text itself no further. */
  #json(text: string, steps: readonly string[]): boolean {
    const whole = text.trim();
    const first = whole.charCodeAt(0);
    const isString = first === 0x22 && whole.length > 2 && whole.endsWith('"');
    if ((first === 0x7b || first === 0x5b || isString) && this.#tree(whole, [...steps, "json-string"], NESTED_JSON.depth)) return true;
    const { trees, isWhole, exhausted } = findTrees(text);
    if (exhausted) throw new Spent();
    this.#trees(
      trees.filter(({ isObject }) => isObject),
      steps,
    );
    for (const tree of trees) if (!tree.isObject) this.#trees([tree], steps);
    return isWhole;
  }

  /** One view for all of them: a log of JSON lines is one text, and spends as one. */
  #trees(trees: readonly LooseTree[], steps: readonly string[]): void {
    const [first] = trees;
    if (first === undefined) return;
    const json = trees.length === 1 ? first.json : `[${trees.map((tree) => tree.json).join(",")}]`;
    // Escapes that are resolved, and other steps that leave a tree as it is, lead to it again.
    if (this.#seen.has(json)) return;
    this.#seen.add(json);
    const how = trees.every((tree) => tree.how === first.how) ? first.how : "loose-literal";
    this.#tree(json, [...steps, how], LOOSE_DEPTH);
  }

  #tree(json: string, steps: readonly string[], depth: number): boolean {
    const { root, faults } = scanJson(json, { depth, nodes: NESTED_JSON.nodes });
    if (root === undefined) {
      if (faults.some(({ rule }) => rule === "nodes")) throw new Spent();
      return false;
    }
    if (root.kind === "string") {
      this.#reading(root.text, steps);
      return true;
    }
    if (root.kind !== "object" && root.kind !== "array") return false;
    this.#yield({ kind: "json", bytes: Buffer.from(json, "utf8"), root }, steps, json.length);
    this.#strings(root, steps);
    return true;
  }

  #strings(root: JsonNode, steps: readonly string[]): void {
    const pending: JsonNode[] = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node.kind === "string") {
        if (this.#seen.has(node.text)) continue;
        this.#seen.add(node.text);
        this.text(node.text, steps);
      } else if (node.kind === "array") {
        for (const item of node.items) pending.push(item);
      } else if (node.kind === "object") {
        for (const { key, value } of node.members) pending.push(key, value);
      }
    }
  }

  #form(text: string, steps: readonly string[]): void {
    const { fields, bytes, exhausted } = pairsIn(text, FORM_PAIRS);
    if (exhausted) throw new Spent();
    if (fields.length > 0) this.#yield({ kind: "form", fields }, [...steps, "form"], bytes);
    for (const field of fields) if (text.slice(field.start, field.end).includes("+")) this.#reading(field.value, [...steps, "form"]);
  }

  #elements(text: string, steps: readonly string[]): void {
    const fields = elementsIn(text);
    const bytes = fields.reduce((sum, { start, end }) => sum + end - start, 0);
    if (fields.length > 0) this.#yield({ kind: "form", fields }, [...steps, "xml"], bytes);
  }

  #yield(content: NestedContent, steps: readonly string[], bytes: number): void {
    this.#spend(bytes, steps.length);
    this.#budget.views -= 1;
    this.views.push({ via: steps.join(">"), depth: steps.length, content });
  }

  #spend(bytes: number, depth: number): void {
    if (depth > this.#budget.depth || this.#budget.views <= 0 || this.#budget.bytes < bytes) throw new Spent();
    this.#budget.bytes -= bytes;
  }
}

/** Where big-endian text is read as little-endian from its second byte on, its last letter is half a unit. */
function wholeUnits(bytes: Uint8Array, kind: "utf-16le" | "utf-16be"): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  return kind === "utf-16le" ? Buffer.concat([bytes, Uint8Array.of(0)]) : bytes.subarray(0, -1);
}

function plausibleText(bytes: Uint8Array): string | undefined {
  return plausibleEnd(bytes, 0) === bytes.length ? decodeUtf8(bytes) : undefined;
}

function hintsOf(text: string): number {
  let hints = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    hints |= code < 128 ? (HINTS[code] ?? 0) : HINT.beyondAscii;
  }
  return hints;
}

/** Whether any decoder but those of base64 and hex is worth a try. */
function mayHold(hints: number): boolean {
  return (hints & ALONE) !== 0 || mayHoldTree(hints);
}

/** A bracket, or a quote with the sign that makes a pair. */
function mayHoldTree(hints: number): boolean {
  return (hints & HINT.bracket) !== 0 || ((hints & HINT.quote) !== 0 && (hints & (HINT.colon | HINT.equals)) !== 0);
}

function hintTable(): Uint16Array {
  const table = new Uint16Array(128);
  // Controls but white space (HTAB to CR), which the normalised text leaves out.
  for (const code of [...Array(0x20).keys(), 0x7f]) if (code < 0x09 || code > 0x0d) table[code] = HINT.beyondAscii;
  const signs: readonly (readonly [string, number])[] = [
    ["%", HINT.percent],
    ["&", HINT.ampersand],
    ["\\", HINT.backslash],
    ["=", HINT.equals],
    ["+", HINT.plus],
    ["{[", HINT.bracket],
    ["\"'`", HINT.quote],
    [":", HINT.colon],
    ["<", HINT.angle],
  ];
  for (const [characters, hint] of signs) for (const character of characters) table[character.charCodeAt(0)] = hint;
  return table;
}
