/** Scripts that put no space between words: a number or an address goes on into them and ends all the same (`卡号4111…已拒绝`, `dana@acme.org으로`). */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々]/u;

/** A letter with which a word goes on; none of a script without spaces. */
export function isLetter(character: string | undefined): boolean {
  return character !== undefined && /\p{L}/u.test(character) && !UNSPACED.test(character);
}

/** A letter with which a word goes on, or a digit. */
export function isLetterOrDigit(character: string | undefined): boolean {
  return isLetter(character) || (character !== undefined && /\p{N}/u.test(character));
}

/** What stands before the first letter of a script without spaces. */
export function beforeUnspaced(text: string): string {
  const at = text.search(UNSPACED);
  return at < 0 ? text : text.slice(0, at);
}
