import { type LooseTree, LooseReading } from "./loose-tree.js";
import { isQuote, LONGEST_KEY, TokenEnds } from "./loose-token.js";

export interface TreeSearch {
  /** From left to right; they don't overlap but where one was read amiss. */
  readonly trees: readonly LooseTree[];
  /** The only tree is all of the text, and holds all of it. */
  readonly isWhole: boolean;
  /** The text takes more work than may be spent on it, so that trees may be left in it. */
  readonly exhausted: boolean;
  /** Characters that all attempts together read. */
  readonly work: number;
}

/**
 * Characters that all attempts together may read, for each character of the text. Each bracket and key stands in the structure of one failed
 * attempt at most, so an honest text takes one or two; only strings that begin at several places, by several kinds of quotes, take more.
 */
const WORK = 8;

/** For texts so short that nothing can be gained. */
const LEAST_WORK = 4_096;

/**
 * Where a tree may begin: at a bracket with the first of a value or key behind it; at a quote with the sign behind a key; at the end of a key
 * without quotes whose value has some.
 */
const START =
  /[{[]\s*(?:["'`{[(\d.-]|[bBuUrR]{1,2}["']|[A-Za-z_$:\u0080-\uffff][\w$.\u0080-\uffff-]{0,63}\s*[:=([{]|[}\]]|\/[/*]|# )|["'`]\s*(?::|=(?!=))|[\w$\u0080-\uffff-]\s*(?::|=>?)\s*["'`]/g;

const OPENS = /[{[]/;
const SIGN = /[:=]/;

/**
 * Every tree in a text, wherever it stands and whatever stands around it: JSON, Python literals and their relatives, several of them, cut off,
 * without their outer bracket. Never throws; the work is bounded by the length.
 */
export function findTrees(text: string): TreeSearch {
  const trees: LooseTree[] = [];
  const done = new Set<number>();
  const most = Math.max(LEAST_WORK, text.length * WORK);
  let work = 0;
  let isWhole = false;
  const ends = new TokenEnds(text);
  const start = new RegExp(START);
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    const { index } = match;
    start.lastIndex = index + 1;
    const isBracket = OPENS.test(text[index] ?? "");
    const mark = isBracket ? index : index + match[0].search(SIGN);
    if (done.has(mark)) continue;
    const reading = new LooseReading(ends, isBracket ? index : keyStart(text, index));
    const tree = isBracket ? reading.container() : reading.pairs(keyBefore(text, index), mark);
    if (tree !== undefined) trees.push(tree);
    work += reading.at - index;
    if (work > most) return { trees, isWhole: false, exhausted: true, work };
    // What is read whole is read; its strings are searched on their own. Of others the strings may have begun at the wrong quote.
    if (reading.isWhole) {
      start.lastIndex = reading.at;
      isWhole ||= tree !== undefined && isAll(text, index, reading.at);
    } else for (const each of reading.marks) done.add(each);
  }
  return { trees, isWhole, exhausted: false, work };
}

function isAll(text: string, from: number, to: number): boolean {
  return text.slice(0, from).trim() === "" && text.slice(to).trim() === "";
}

/** The key whose last character, or whose closing quote, stands at `end`. */
function keyBefore(text: string, end: number): string {
  return isQuote(text.charCodeAt(end)) ? text.slice(keyStart(text, end) + 1, end) : text.slice(keyStart(text, end), end + 1);
}

function keyStart(text: string, end: number): number {
  const least = Math.max(0, end - LONGEST_KEY);
  const code = text.charCodeAt(end);
  if (isQuote(code)) {
    let at = end - 1;
    while (at > least && text.charCodeAt(at) !== code) at -= 1;
    return Math.max(0, at);
  }
  let at = end;
  while (at > least && WORD.test(text[at - 1] ?? "")) at -= 1;
  return at;
}

const WORD = /[\w$.\u0080-\uffff-]/;
