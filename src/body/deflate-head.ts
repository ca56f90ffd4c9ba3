/** Symbols of a fixed block that are read: of random bytes hardly any get so far. */
const SYMBOLS_READ = 48;

/** RFC 1951, section 3.2.5: extra bits of the length codes from 257 on, and of the distance codes. */
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
  24577,
];

const END_OF_BLOCK = 256;

/**
 * False where the bytes can't be a raw deflate stream (RFC 1951), told by its first block: a decoder of zlib's would refuse them as well. Opaque
 * text is tried as such a stream at several places, and each refusal of zlib's costs a decoder, its buffers and an error.
 */
export function mayBeDeflate(bytes: Uint8Array): boolean {
  const bits = new Bits(bytes);
  bits.take(1);
  switch (bits.take(2)) {
    case 0:
      return isStored(bytes);
    case 1:
      return isFixed(bits);
    case 2:
      return isDynamic(bits);
    default:
      return false;
  }
}

/** From the lowest bit of each byte on (section 3.1.1). */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isBeyondEnd(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1) value |= this.#next() << bit;
    return value;
  }

  /** A Huffman code stands with its highest bit first. */
  takeCode(count: number, before = 0): number {
    let code = before;
    for (let bit = 0; bit < count; bit += 1) code = (code << 1) | this.#next();
    return code;
  }

  #next(): number {
    const bit = ((this.#bytes[this.#at >> 3] ?? 0) >> (this.#at & 7)) & 1;
    this.#at += 1;
    return bit;
  }
}

/** Section 3.2.4: the length stands twice, once inverted, from the second byte on. */
function isStored(bytes: Uint8Array): boolean {
  const [, low = 0, high = 0, invertedLow = 0, invertedHigh = 0] = bytes;
  return bytes.length >= 5 && (low ^ invertedLow) === 0xff && (high ^ invertedHigh) === 0xff;
}

/** Section 3.2.6; a match may reach back no further than to the stream's beginning. */
function isFixed(bits: Bits): boolean {
  let written = 0;
  for (let symbols = 0; symbols < SYMBOLS_READ; symbols += 1) {
    const symbol = fixedSymbol(bits);
    if (bits.isBeyondEnd) return false;
    if (symbol === END_OF_BLOCK) return true;
    if (symbol < END_OF_BLOCK) {
      written += 1;
      continue;
    }
    const base = LENGTH_BASE[symbol - 257];
    if (base === undefined) return false;
    const length = base + bits.take(LENGTH_EXTRA[symbol - 257] ?? 0);
    const code = bits.takeCode(5);
    const from = DISTANCE_BASE[code];
    if (from === undefined) return false;
    const distance = from + bits.take(DISTANCE_EXTRA[code] ?? 0);
    if (bits.isBeyondEnd || distance > written) return false;
    written += length;
  }
  return true;
}

function fixedSymbol(bits: Bits): number {
  const seven = bits.takeCode(7);
  if (seven <= 0b0010111) return END_OF_BLOCK + seven;
  const eight = bits.takeCode(1, seven);
  if (eight >= 0b00110000 && eight <= 0b10111111) return eight - 0b00110000;
  if (eight >= 0b11000000 && eight <= 0b11000111) return 280 + eight - 0b11000000;
  return 144 + bits.takeCode(1, eight) - 0b110010000;
}

/** Section 3.2.7: the code for the codes' lengths must be complete, as zlib asks. */
function isDynamic(bits: Bits): boolean {
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  const lengths = bits.take(4) + 4;
  if (literals > 286 || distances > 30) return false;
  let filled = 0;
  for (let index = 0; index < lengths; index += 1) {
    const length = bits.take(3);
    if (length > 0) filled += 1 << (7 - length);
  }
  return filled === 1 << 7 && !bits.isBeyondEnd;
}
