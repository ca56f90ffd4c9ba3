import { constants, inflateRawSync } from "node:zlib";
import { hasZlibHeader, isTooLarge, parseInfo, unzstd } from "./content-coding.js";
import { mayBeDeflate } from "./deflate-head.js";

export type NestedCoding = "gzip" | "zlib" | "deflate" | "zstd";

export type NestedInflation =
  /** `beside`: what no decoder shows, the fields of a gzip's header and whatever follows the stream; none of it empty. */
  | { readonly kind: "inflated"; readonly how: NestedCoding; readonly bytes: Uint8Array; readonly beside: readonly Uint8Array[] }
  /** It is compressed, and unpacks to more than may be spent. */
  | { readonly kind: "over" }
  /** It begins as compressed bytes do, and can't be unpacked. */
  | { readonly kind: "damaged" }
  | { readonly kind: "none" };

/** Whether the first bytes say gzip (RFC 1952), zstd (RFC 8878) or zlib (RFC 1950, by its check bits). */
export function isCompressed(bytes: Uint8Array): boolean {
  return codingOf(bytes) !== undefined;
}

/** Whether bytes may be a stream all the same where nothing surely says so: raw deflate, or zlib's with another window than every encoder's. */
export function mayBeStream(bytes: Uint8Array): boolean {
  return mayBeDeflate(bytes.subarray(unsureHeader(bytes)));
}

/** Unpacks compressed bytes, also where they are cut short or followed by others: the aim is to see, not to judge. Of a gzip its first member. */
export function inflateNested(bytes: Uint8Array, most: number): NestedInflation {
  const how = codingOf(bytes) ?? "deflate";
  if (how === "zstd") {
    // Strict, unlike the others: its decoder reserves memory by what the header claims.
    const step = unzstd(bytes, { bytes: most, passed: "size" });
    if (step.ok) return { kind: "inflated", how, bytes: step.value, beside: [] };
    return { kind: step.fault.rule === "size" ? "over" : "damaged" };
  }
  if (how === "deflate" && !mayBeStream(bytes)) return { kind: "none" };
  const from = how === "gzip" ? gzipHeader(bytes) : how === "zlib" ? ZLIB_HEADER : unsureHeader(bytes);
  const inflated = inflate(bytes.subarray(from), most, how);
  if (inflated === "over") return { kind: "over" };
  if (inflated === undefined) return { kind: how === "deflate" ? "none" : "damaged" };
  const { buffer, consumed } = inflated;
  if (how === "deflate" && buffer.length === 0) return { kind: "none" };
  const beside = [
    bytes.subarray(how === "gzip" ? GZIP_HEADER : from, from),
    bytes.subarray(from + consumed + (how === "gzip" ? GZIP_TRAILER : how === "zlib" ? ZLIB_TRAILER : 0)),
  ].filter(({ length }) => length > 0);
  return { kind: "inflated", how, bytes: buffer, beside };
}

/**
 * Always the raw stream, past its header: zlib's own readers of gzip and zlib refuse all of it for a checksum that is wrong, and gzip's
 * for a word of prose behind it, where `zcat` shows everything.
 */
function inflate(bytes: Uint8Array, most: number, how: NestedCoding): ReturnType<typeof parseInfo> | "over" | undefined {
  // Without a signature only a whole stream counts as one.
  const finishFlush = how === "deflate" ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
  let answer: unknown;
  try {
    answer = inflateRawSync(bytes, { maxOutputLength: Math.max(1, most), chunkSize: 4_096, finishFlush, info: true });
  } catch (error) {
    return isTooLarge(error) ? "over" : undefined;
  }
  // Outside of what is caught: a Node that no longer says what it consumed must end the inspection, and not pass for damaged bytes.
  return parseInfo(answer);
}

const ZLIB_HEADER = 2;
/** Adler-32. */
const ZLIB_TRAILER = 4;
/** CRC-32 and size. */
const GZIP_TRAILER = 8;
const GZIP_HEADER = 10;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;

/** Bytes of a zlib header by its check bits alone, which one in a thousand words of other bytes has too. */
function unsureHeader(bytes: Uint8Array): number {
  return hasZlibHeader(bytes) ? ZLIB_HEADER : 0;
}

/** Where a member's deflate stream begins (RFC 1952, section 2.3). */
function gzipHeader(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  let at = GZIP_HEADER;
  if ((flags & FLAG.extra) !== 0) at += 2 + (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
  for (const flag of [FLAG.name, FLAG.comment]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    at = end < 0 ? bytes.length : end + 1;
  }
  return at + ((flags & FLAG.headerCrc) !== 0 ? 2 : 0);
}

function codingOf(bytes: Uint8Array): Exclude<NestedCoding, "deflate"> | undefined {
  const [b0, b1, b2, b3] = bytes;
  if (b0 === 0x1f && b1 === 0x8b && b2 === 8) return "gzip";
  if (b0 === 0x28 && b1 === 0xb5 && b2 === 0x2f && b3 === 0xfd) return "zstd";
  // 0x78 is the 32 KiB window that every encoder writes; `x` and a letter is also text, so only the four level bytes count.
  if (b0 === 0x78 && (b1 === 0x01 || b1 === 0x5e || b1 === 0x9c || b1 === 0xda)) return "zlib";
  return undefined;
}
