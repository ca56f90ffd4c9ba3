import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";

/**
 * Whether bytes hold the marker or an annotation's geometry, under any order of encodings. Simple and slow, and none of the product's code:
 * it tries every decoding on every stretch that could be one, to a depth, and looks for the words.
 */
export function isDirty(bytes: Buffer, marker: string): boolean {
  return search(bytes, marker.toLowerCase(), 5, new Set());
}

const LEAST = 16;

function search(bytes: Buffer, marker: string, depth: number, seen: Set<string>): boolean {
  const text = bytes.toString("latin1");
  if (seen.has(text)) return false;
  seen.add(text);
  const plain = text.toLowerCase();
  if (plain.includes(marker) || plain.includes("label_file_id") || plain.replaceAll("\0", "").includes(marker)) return true;
  if (depth === 0) return false;
  return readings(bytes, text).some((reading) => search(reading, marker, depth - 1, seen));
}

function readings(bytes: Buffer, text: string): Buffer[] {
  const found: Buffer[] = [];
  const [first = 0, second = 0] = bytes;
  for (const inflate of [gunzipSync, inflateSync, inflateRawSync]) {
    // Without their first bytes (RFC 1952, section 2.3.1; RFC 1950, section 2.2) these two refuse, at the price of an error each.
    if (inflate === gunzipSync && (first !== 0x1f || second !== 0x8b)) continue;
    if (inflate === inflateSync && ((first & 15) !== 8 || ((first << 8) | second) % 31 !== 0)) continue;
    try {
      found.push(inflate(bytes, { maxOutputLength: 1_000_000 }));
    } catch {
      // Not that one.
    }
  }
  if (text.includes("%"))
    found.push(
      Buffer.from(
        text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
        "latin1",
      ),
    );
  if (text.includes("\\")) {
    found.push(
      Buffer.from(
        text
          .replaceAll(/\\u00([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
          .replaceAll(/\\(.)/g, "$1"),
        "latin1",
      ),
    );
  }
  for (const run of text.match(/[A-Za-z0-9+/_-]{16,}={0,2}/g) ?? []) {
    if (run.length < LEAST) continue;
    found.push(Buffer.from(run, "base64"));
    if (/^[0-9a-f]+$/i.test(run)) found.push(Buffer.from(run.slice(0, run.length & ~1), "hex"));
  }
  return found;
}
