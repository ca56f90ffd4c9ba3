import { constants, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { unzstd } from "./content-coding.js";
import { mayBeDeflate } from "./deflate-head.js";

export type NestedCoding = "gzip" | "zlib" | "deflate" | "zstd";

export type NestedInflation =
  | { readonly kind: "inflated"; readonly how: NestedCoding; readonly bytes: Uint8Array }
  /** It is compressed, and unpacks to more than may be spent. */
  | { readonly kind: "over" }
  | { readonly kind: "none" };

/** Whether the first bytes say gzip (RFC 1952), zstd (RFC 8878) or zlib (RFC 1950, by its check bits). */
export function isCompressed(bytes: Uint8Array): boolean {
  return codingOf(bytes) !== undefined;
}

/** Unpacks compressed bytes, also where they are cut short or followed by others: the aim is to see, not to judge. */
export function inflateNested(bytes: Uint8Array, most: number): NestedInflation {
  const how = codingOf(bytes) ?? "deflate";
  if (how === "zstd") {
    // Strict, unlike the others: its decoder reserves memory by what the header claims.
    const step = unzstd(bytes, { bytes: most, passed: "size" });
    if (step.ok) return { kind: "inflated", how, bytes: step.value };
    return { kind: step.fault.rule === "size" ? "over" : "none" };
  }
  if (how === "deflate" && !mayBeDeflate(bytes)) return { kind: "none" };
  try {
    const inflated = how === "gzip" ? inflateMembers(bytes, most) : inflate(how === "zlib" ? bytes.subarray(2) : bytes, most, how).bytes;
    return inflated.length === 0 ? { kind: "none" } : { kind: "inflated", how, bytes: inflated };
  } catch (error) {
    return { kind: error instanceof RangeError ? "over" : "none" };
  }
}

/** What comes of Node's `info` option, which its types leave out. */
const WITH_INFO = z.object({ buffer: z.instanceof(Buffer), engine: z.object({ bytesWritten: z.number() }) });

/**
 * Always the raw stream, past its header: zlib's own readers of gzip and zlib refuse all of it for a checksum that is wrong, and gzip's
 * for a word of prose behind it, where `zcat` shows everything.
 */
function inflate(bytes: Uint8Array, most: number, how: NestedCoding): { readonly bytes: Uint8Array; readonly used: number } {
  // Raw deflate has no signature, so only a whole stream counts as one.
  const finishFlush = how === "deflate" ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
  const options = { maxOutputLength: Math.max(1, most), chunkSize: 4_096, finishFlush, info: true };
  const { buffer, engine } = WITH_INFO.parse(inflateRawSync(bytes, options));
  return { bytes: buffer, used: engine.bytesWritten };
}

/** Every member of a gzip file (RFC 1952, section 2.2), up to what is none. */
function inflateMembers(bytes: Uint8Array, most: number): Uint8Array {
  const members: Uint8Array[] = [];
  let left = most;
  for (let rest = bytes; codingOf(rest) === "gzip"; ) {
    const from = gzipHeader(rest);
    // Behind a first member nothing has to be one: what was read stays.
    const member = members.length === 0 ? inflate(rest.subarray(from), left, "gzip") : tried(rest.subarray(from), left);
    if (member === undefined) break;
    members.push(member.bytes);
    left -= member.bytes.length;
    rest = rest.subarray(from + member.used + GZIP_TRAILER);
  }
  return members.length === 1 ? (members[0] ?? new Uint8Array(0)) : Buffer.concat(members);
}

function tried(bytes: Uint8Array, most: number): ReturnType<typeof inflate> | undefined {
  try {
    return inflate(bytes, most, "gzip");
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return undefined;
  }
}

/** CRC-32 and size. */
const GZIP_TRAILER = 8;
const GZIP_HEADER = 10;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;

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
