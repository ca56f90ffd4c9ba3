/** A seeded source of choices: the same seed and path give the same corpus on every machine. */
export interface Rng {
  /** 32 bits. */
  next(): number;
  /** Both ends included. */
  int(low: number, high: number): number;
  /** In [0, 1). */
  float(): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** `count` different items, in order of drawing. */
  sample<T>(items: readonly T[], count: number): T[];
  /** `count` characters of the alphabet. */
  text(alphabet: string, count: number): string;
  digits(count: number): string;
  hex(count: number): string;
  bytes(count: number): Buffer;
  /** RFC 9562 version 4. */
  uuid(): string;
}

export const LOWER = "abcdefghijklmnopqrstuvwxyz";
export const UPPER = LOWER.toUpperCase();
export const DIGITS = "0123456789";
export const ALNUM = UPPER + LOWER + DIGITS;

/** sfc32 (public domain, C. Doty-Humphrey), seeded by FNV-1a over the seed text. */
export function createRng(seed: string): Rng {
  let [a, b, c, d] = [hash(`${seed}/a`), hash(`${seed}/b`), hash(`${seed}/c`), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();
  return fromNext(next);
}

function fromNext(next: () => number): Rng {
  const float = (): number => next() / 4_294_967_296;
  const int = (low: number, high: number): number => low + Math.floor(float() * (high - low + 1));
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError("nothing to pick from");
    return items[int(0, items.length - 1)] as T;
  };
  const text = (alphabet: string, count: number): string => {
    let out = "";
    for (let index = 0; index < count; index += 1) out += alphabet.charAt(int(0, alphabet.length - 1));
    return out;
  };
  const bytes = (count: number): Buffer => {
    const out = Buffer.alloc(count);
    for (let index = 0; index < count; index += 1) out[index] = next() & 0xff;
    return out;
  };
  const sample = <T>(items: readonly T[], count: number): T[] => {
    const pool = [...items];
    const out: T[] = [];
    while (out.length < count && pool.length > 0) out.push(...pool.splice(int(0, pool.length - 1), 1));
    return out;
  };
  const uuid = (): string => {
    const raw = bytes(16);
    raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x40;
    raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80;
    return raw.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  return {
    next,
    int,
    float,
    chance: (probability) => float() < probability,
    pick,
    sample,
    text,
    digits: (count) => text(DIGITS, count),
    hex: (count) => text("0123456789abcdef", count),
    bytes,
    uuid,
  };
}

function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  state ^= state >>> 16;
  state = Math.imul(state, 0x85ebca6b);
  return (state ^ (state >>> 13)) | 0;
}
