/** Letters of other scripts that look like an ASCII letter, in pairs: the look-alikes, and what each stands for. */
const LOOK_ALIKES: readonly (readonly [from: string, to: string])[] = [
  // Cyrillic
  ["аеорсухіјѕһԁԛԝкгпмтнвьуӏѵ", "aeopcyxijshdqwkrnmthbbylv"],
  ["АВЕКМНОРСТУХІЈЅԌԚԜӀѴ", "ABEKMHOPCTYXIJSGQWIV"],
  // Greek
  ["αβγεηικνορτυχω", "abyenikvoptuxw"],
  ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"],
  // Latin beyond ASCII, small capitals, Armenian
  ["ıɑɡɩøđłħŧƒɐɔəɛʋ", "iagiodlhtfaceev"],
  ["ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢꜰ", "abcdeghijklmnoprstuvwyzf"],
  ["օոսհԁցյ", "onuhdgj"],
  // Punctuation that stands in addresses, numbers and keys
  ["‐‑‒–—−﹣⁃", "--------"],
  ["。｡٫⸱·∙⋅", "......."],
  ["∕⁄⧸", "///"],
  ["∶ː։", ":::"],
  ["ǃ‚‘’“”", "!,''\"\""],
];

/** First digits of the decimal digit blocks that telemetry may hold: Arabic, Persian, N'Ko, Indic scripts, Thai, Lao, Tibetan, Myanmar, Khmer. */
const ZEROS = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810,
];

const ASCII_FOR: ReadonlyMap<string, string> = new Map([
  ...LOOK_ALIKES.flatMap(([from, to]) => [...from].map((letter, index): [string, string] => [letter, to[index] ?? letter])),
  ...ZEROS.flatMap((zero) =>
    Array.from({ length: 10 }, (_, digit): [string, string] => [String.fromCodePoint(zero + digit), String(digit)]),
  ),
]);

/** Format characters, marks that combine, fillers, variation selectors and controls but white space: invisible, or laid over a letter. */
// oxlint-disable-next-line no-control-regex -- NULs between letters are UTF-16 that was read byte by byte
const INVISIBLE = /[\p{Cf}\p{Mn}\p{Me}\u115f\u1160\u3164\uffa0\x00-\x08\x0e-\x1f\x7f-\x9f]/gu;

/** Tags (Unicode, section 23.9) spell ASCII that nobody sees and language models read. */
const TAG = /[\u{e0020}-\u{e007e}]/gu;

const BEYOND_ASCII = /[^\x00-\x7f]/gu;

/** What may change, in a row: most of a text is ASCII, which stays. Halves of a pair stay together. */
// oxlint-disable-next-line no-control-regex -- as above
const CHANGING = /[\x00-\x08\x0e-\x1f\x7f-\uffff]+/g;

/**
 * The text as a person would read it who sees only shapes: compatibility forms (fullwidth, mathematical, circled) made plain, invisible
 * characters and accents removed, look-alikes of ASCII letters, digits and punctuation folded to ASCII. For rules to look at; never sent.
 * Source: Unicode UAX #15 (NFKD), UTS #39 (the idea of a skeleton; the table is this file's own and covers Latin, Greek, Cyrillic, Armenian).
 */
export function normalisedText(text: string): string {
  return text.replace(CHANGING, plain);
}

/** Marks that compose with the ASCII letter before them are left out, so that a row may be read without what stands around it. */
function plain(row: string): string {
  return row
    .normalize("NFKD")
    .replace(TAG, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000))
    .replace(INVISIBLE, "")
    .normalize("NFC")
    .replace(BEYOND_ASCII, (letter) => ASCII_FOR.get(letter) ?? letter);
}
