import { constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
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
  const inflate = how === "gzip" ? gunzipSync : how === "zlib" ? inflateSync : inflateRawSync;
  try {
    // Raw deflate has no signature, so only a whole stream counts as one.
    const finishFlush = how === "deflate" ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
    const inflated = inflate(bytes, { maxOutputLength: Math.max(1, most), chunkSize: 4_096, finishFlush });
    return inflated.length === 0 ? { kind: "none" } : { kind: "inflated", how, bytes: inflated };
  } catch (error) {
    return { kind: error instanceof RangeError ? "over" : "none" };
  }
}

function codingOf(bytes: Uint8Array): Exclude<NestedCoding, "deflate"> | undefined {
  const [b0, b1, b2, b3] = bytes;
  if (b0 === 0x1f && b1 === 0x8b && b2 === 8) return "gzip";
  if (b0 === 0x28 && b1 === 0xb5 && b2 === 0x2f && b3 === 0xfd) return "zstd";
  // 0x78 is the 32 KiB window that every encoder writes; `x` and a letter is also text, so only the four level bytes count.
  if (b0 === 0x78 && (b1 === 0x01 || b1 === 0x5e || b1 === 0x9c || b1 === 0xda)) return "zlib";
  return undefined;
}
