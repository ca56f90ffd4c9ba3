import { isAscii, isUtf8 } from "node:buffer";
import type { MediaType } from "./media-type.js";
import { done, failed, type Step } from "./fault.js";

/** A body's text and the UTF-8 bytes that every range counts in (the body's own bytes, unless it came as UTF-16). */
export interface BodyText {
  readonly text: string;
  readonly bytes: Uint8Array;
}

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

/**
 * Reads bytes as text: UTF-8, or UTF-16 of either byte order, with or without BOM. The charset parameter, the BOM and, for text that must
 * begin with an ASCII character as JSON does, the place of the first NUL must not contradict each other. A UTF-8 BOM stays in the text
 * (JSON refuses it, RFC 8259, section 8.1); a UTF-16 BOM is taken off.
 *
 * Fault: `charset`, for any other charset, for two of them, and for bytes that are not valid in theirs.
 */
export function readText(bytes: Uint8Array, type: MediaType | undefined): Step<BodyText> {
  const encoding = encodingOf(bytes, type);
  if (encoding === undefined) {
    return failed("charset-not-readable", "charset", "The charset is stated twice, contradicts the bytes, or is neither UTF-8 nor UTF-16.");
  }
  if (encoding === "utf-8") {
    const text = decodeUtf8(bytes);
    return text === undefined ? failed("charset-not-readable", "charset", "The body is not valid UTF-8.") : done({ text, bytes });
  }
  const text = decodeUtf16(bytes, encoding);
  return text === undefined
    ? failed("charset-not-readable", "charset", "The body is not valid UTF-16.")
    : done({ text, bytes: Buffer.from(text, "utf8") });
}

/** UTF-8 to text, strictly (RFC 3629: no overlong form, no surrogate, nothing cut short); undefined where it is not. A BOM is kept. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer)) return buffer.toString("latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : undefined;
}

/** UTF-16 to text, without its BOM; undefined where it is cut short or holds a lone surrogate. */
export function decodeUtf16(bytes: Uint8Array, encoding: "utf-16le" | "utf-16be"): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function encodingOf(bytes: Uint8Array, type: MediaType | undefined): Encoding | undefined {
  const stated = type?.parameters.has("charset") === true ? (type.parameters.get("charset")?.toLowerCase() ?? "stated twice") : undefined;
  const seen = seenEncoding(bytes);
  switch (stated) {
    case undefined:
      return seen ?? "utf-8";
    case "utf-8":
    case "utf8":
      return seen === undefined || seen === "utf-8" ? "utf-8" : undefined;
    case "utf-16":
      // Without BOM, RFC 2781 says big-endian and most readers little-endian: only the bytes can say.
      return seen === "utf-8" ? undefined : seen;
    case "utf-16le":
    case "utf-16be":
      return seen === undefined || seen === stated ? stated : undefined;
    default:
      return undefined;
  }
}

/** By BOM, or by the NUL beside a leading ASCII character. */
function seenEncoding(bytes: Uint8Array): Encoding | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0 && second !== undefined && second !== 0) return "utf-16be";
  if (first !== undefined && first !== 0 && second === 0 && third !== 0) return "utf-16le";
  return undefined;
}
