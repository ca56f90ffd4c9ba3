/**
 * Where plausible text that begins at `from` and stops at `length` at the latest ends: at the first byte that is a control character (but tab and line ends) or no
 * well-formed UTF-8 (RFC 3629). Random bytes end after 1.6 bytes on average.
 */
export function plausibleEnd(bytes: Uint8Array, from: number, length = bytes.length): number {
  let at = from;
  while (at < length) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) {
      if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f) return at;
      at += 1;
      continue;
    }
    const width = byte >= 0xc2 && byte <= 0xdf ? 2 : byte >= 0xe0 && byte <= 0xef ? 3 : byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
    if (width === 0 || at + width > length) return at;
    const second = bytes[at + 1] ?? 0;
    // Overlong forms, surrogates, beyond U+10FFFF; and C1 controls, which no text holds.
    if ((byte === 0xe0 && second < 0xa0) || (byte === 0xed && second > 0x9f) || (byte === 0xf0 && second < 0x90)) return at;
    if ((byte === 0xf4 && second > 0x8f) || (byte === 0xc2 && second < 0xa0)) return at;
    for (let index = 1; index < width; index += 1) if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return at;
    at += width;
  }
  return at;
}

/** Whether text that ends at `end` goes to the end of the first `length` bytes, or is followed there by a character that is only cut short. */
export function reachesEnd(bytes: Uint8Array, end: number, length = bytes.length): boolean {
  const rest = length - end;
  const lead = end < length ? (bytes[end] ?? 0) : 0;
  return rest === 0 || (rest < 4 && lead >= 0xc2 && rest < (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2));
}

/** Whether text can begin with this byte: printable, tab, line end, or the first of a longer character. */
export function startsText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d || (byte >= 0xc2 && byte <= 0xf4);
}
