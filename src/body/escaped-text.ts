import { hexDigit } from "./form.js";

/** Named references that hide a character which a rule looks for; the others only spell letters that no rule needs. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  commat: "@",
  period: ".",
  colon: ":",
  sol: "/",
  bsol: "\\",
  lpar: "(",
  rpar: ")",
  lsqb: "[",
  lbrack: "[",
  rsqb: "]",
  rbrack: "]",
  lcub: "{",
  lbrace: "{",
  rcub: "}",
  rbrace: "}",
  equals: "=",
  plus: "+",
  hyphen: "-",
  dash: "-",
  lowbar: "_",
  num: "#",
  comma: ",",
  semi: ";",
  percnt: "%",
  excl: "!",
  quest: "?",
  Tab: "\t",
  NewLine: "\n",
  shy: "",
  zwj: "",
  zwnj: "",
};

const REFERENCE = /&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z]{2,8}));?/g;

/** HTML character references resolved (WHATWG HTML, section 13.2.5.72), numeric ones all, named ones where they matter. */
export function resolveEntities(text: string): string {
  return text.replace(REFERENCE, (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return codePoint(code) ?? whole;
  });
}

const ESCAPE = /\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{3})|([nrtbf"'/\\]))/g;

const LETTER_ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

/** Backslash escapes resolved as programming languages write them: `\u0040`, `\u{40}`, `\U00000040`, `\x40`, `\100`, `\n`, `\"`. */
export function resolveEscapes(text: string): string {
  return text.replace(ESCAPE, (whole: string, ...groups: (string | undefined)[]) => {
    const [braced, short, long, byte, octal, letter] = groups;
    if (letter !== undefined) return LETTER_ESCAPES[letter] ?? letter;
    const hex = braced ?? short ?? long ?? byte;
    // A surrogate pair comes as two escapes, so a half may stand here; the joined text is whole again.
    const code = hex === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(hex, 16);
    return code >= 0xd800 && code <= 0xdfff ? String.fromCharCode(code) : (codePoint(code) ?? whole);
  });
}

function codePoint(code: number): string | undefined {
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined;
}

const PERCENT = 0x25;
const EQUALS = 0x3d;

/**
 * Percent-encoding resolved once (RFC 3986, section 2.1), `%u0040` of JavaScript's `escape` too (ECMA-262, annex B); a sign without digits
 * stays. Bytes that are not UTF-8 become U+FFFD.
 */
export function resolvePercent(text: string): string {
  const plain = text.replace(/%u([0-9a-fA-F]{4})/g, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)));
  return resolveBytes(plain, PERCENT);
}

/** Quoted-printable resolved (RFC 2045, section 6.7), soft line breaks removed. */
export function resolveQuotedPrintable(text: string): string {
  return resolveBytes(text.replace(/=\r?\n/g, ""), EQUALS);
}

/**
 * UTF-7 resolved (RFC 2152): `+` begins base64 of UTF-16, which `-` or any other character ends. What is none, as the `+` of a telephone number,
 * stays.
 */
export function resolveUtf7(text: string): string {
  return text.replace(/\+([A-Za-z0-9+/]{3,})-?/g, (whole: string, coded: string) => utf7Units(coded) ?? whole);
}

function utf7Units(coded: string): string | undefined {
  // Bits past the last unit: fewer than a character's six. They should be zero; readers that don't ask see the text all the same.
  const spare = (coded.length * 6) % 16;
  if (spare >= 6) return undefined;
  const bytes = Buffer.from(coded, "base64");
  const units = Math.floor((coded.length * 6) / 16);
  const decoded = bytes
    .subarray(0, units * 2)
    .swap16()
    .toString("utf16le");
  // A unit or two of opaque base64 is a character of some far script as often as not; of four it is by chance once in some hundred.
  const isText = /^[\u0000-\u052f]+$/.test(decoded) || (units >= 4 && !/[\p{Cn}\p{Co}\p{Cs}\ufffd]/u.test(decoded));
  return isText && !/\p{Cc}/u.test(decoded) ? decoded : undefined;
}

function resolveBytes(text: string, sign: number): string {
  const bytes = Buffer.from(text, "utf8");
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = bytes[at] ?? 0;
    if (byte === sign) {
      const high = hexDigit(bytes[at + 1]);
      const low = hexDigit(bytes[at + 2]);
      // `=12` before other digits is a value, not an encoded control character.
      if (high >= 0 && low >= 0 && (sign === PERCENT || high >= 2 || (high === 0 && (low === 9 || low === 10 || low === 13)))) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    bytes[length] = byte;
    length += 1;
  }
  return bytes.toString("utf8", 0, length);
}
