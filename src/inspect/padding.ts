import type { Collected, Frame, Text } from "./collector.js";
import { placeIn } from "./collector.js";

/** Space between two words that is more than one, a line of dots to a value, empty lines, much of either at an end, options in quotes. */
const PADDED = /\S(?:[ \t\u00a0\u3000]{2,}|\t)\S|([.\-_*=~\u00b7])\1{4}|\n\s*\n\s*\n|^\s{16}|\s{16}$|(['"]), ?\2-{1,2}[A-Za-z]/;

/** A row of signs that leads from a name to its value. */
const LEADER = /([.\-_*=~\u00b7])\1{4,}/g;
/** Arguments as a fault of a command lists them: `['sshpass', '-p', …]`. */
const OPTION = /(['"]), ?\1-{1,2}[A-Za-z]/;
const ARGUMENTS = /(['"]), ?\1/g;
const GAP = /(\S)(?:[ \t\u00a0\u3000]{2,}|\t)(?=(\S))/g;

/**
 * The text as it reads without padding; undefined where it has none. Columns of a table part what belongs together (`SSN          111222333`,
 * `Dana        Whitfield`), and rules ask for one space or look so many characters far. Numbers in columns stay apart: they are none.
 */
export function unpadded(text: string): string | undefined {
  if (!mayBePadded(text) || !PADDED.test(text)) return undefined;
  const plain = text
    .replace(LEADER, " ")
    .replace(GAP, (all: string, before: string, after: string) => (isDigit(before) && isDigit(after) ? all : `${before} `))
    .replace(/\n\s*\n\s*\n/g, "\n")
    .trim();
  // Only where one of them is an option: other lists are no sentence.
  if (OPTION.test(plain)) return plain.replace(ARGUMENTS, " ");
  return plain === text ? undefined : plain;
}

/** Two spaces or signs alike in a row, another space than that, or a comma behind a quote: what any of the forms holds, at a look a character. */
function mayBePadded(text: string): boolean {
  let before = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Letters and digits, which most are.
    if (unit >= 0x30 && unit < 0x80 && unit !== 0x3d && unit !== 0x5f && unit !== 0x7e) {
      before = unit;
      continue;
    }
    if (unit === 0x09 || unit === 0xa0 || unit === 0x3000) return true;
    if (unit === before || (before === 0x0a && unit <= 0x20)) return true;
    if (unit === 0x2c && (before === 0x27 || before === 0x22)) return true;
    before = unit;
  }
  return false;
}

/** Adds what texts say without their padding, each with the place and range of its string. */
export function collectUnpadded(into: Collected): void {
  const { length } = into.texts;
  for (let index = 0; index < length; index += 1) {
    const text = into.texts[index];
    const plain = text === undefined || text.number ? undefined : unpadded(text.text);
    if (text !== undefined && plain !== undefined) into.texts.push({ ...text, text: plain, frame: frameOf(text) });
  }
}

function frameOf(text: Text): Frame {
  return {
    view: `${text.kind === "key" ? "key" : text.frame.view}>unpadded`,
    base: text.frame.base,
    bytes: undefined,
    anchor: text.frame.anchor ?? { place: placeIn(text.frame, text.place), range: text.range },
  };
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}
