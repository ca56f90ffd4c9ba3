/** Letters that no decomposition makes plain. */
const PLAIN: Readonly<Record<string, string>> = {
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  ı: "i",
  ß: "s",
  æ: "a",
  œ: "o",
  þ: "t",
  "’": "'",
  "‑": "-",
  "–": "-",
  "\u00a0": " ",
};

const folded = new Map<string, string>();

/** Lower case without accents, each character in its place: positions in the folded text are those in the text itself. */
export function foldText(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  let out = "";
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    out += code < 0x80 ? (text[at] ?? "").toLowerCase() : foldCharacter(text[at] ?? "");
  }
  return out;
}

/** The same for one UTF-16 unit. */
export function foldUnit(unit: number): number {
  if (unit < 0x80) return unit >= 0x41 && unit <= 0x5a ? unit | 0x20 : unit;
  return foldCharacter(String.fromCharCode(unit)).charCodeAt(0);
}

function foldCharacter(character: string): string {
  const known = folded.get(character);
  if (known !== undefined) return known;
  const lower = character.toLowerCase();
  const base = PLAIN[lower[0] ?? ""] ?? lower.normalize("NFD")[0] ?? character;
  // Hangul falls apart into letters that no word list is written in.
  const plain = /[\uac00-\ud7a3]/.test(character) ? character : base;
  folded.set(character, plain);
  return plain;
}
