import type { BodyLimits, BodyView, MultipartPart, Unreadable } from "../model/body-view.js";
import type { Reason } from "../model/reasons.js";
import { decodeUtf8 } from "./charset.js";
import { parseMediaType, parseParameters, type MediaType } from "./media-type.js";

/** More parts than this are refused (`nodes`), whatever the policy's limit for JSON values is: a form has no thousand fields. */
const MOST_PARTS = 1_000;

/** Bytes of one part's header section; past it the part is `multipart-invalid`. */
const HEADER_BYTES = 8 * 1024;

/** RFC 2046, section 5.1.1, without the characters that only confuse readers (space, quotes). */
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=?-]{1,70}$/;

interface MultipartReading {
  readonly views: readonly BodyView[];
  readonly faults: readonly Unreadable[];
}

/** Ends the reading; never leaves this file. */
class Refused extends Error {
  readonly fault: Unreadable;

  constructor(rule: string, at: number, why: string, reason: Reason = "body-not-readable") {
    super(why);
    this.fault = { reason, rule, pointer: "", range: [at, at], why };
  }
}

/**
 * Reads `multipart/form-data` (RFC 7578) in its one plain form: no preamble, no epilogue, CRLF line ends, and in each part a
 * Content-Disposition with a name, perhaps a Content-Type, and nothing else. Whatever two readers could split in two ways is refused.
 *
 * Faults: `multipart-invalid`, `nodes`, `charset` (a text part that is not UTF-8).
 */
export function readMultipart(bytes: Uint8Array, type: MediaType, via: string, limits: Pick<BodyLimits, "nodes">): MultipartReading {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const parts = readParts(body, type.parameters.get("boundary"), Math.min(MOST_PARTS, limits.nodes));
    return { views: [{ kind: "multipart", via, bytes, parts }], faults: [] };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { views: [], faults: [error.fault] };
  }
}

function readParts(body: Buffer, boundary: string | undefined, most: number): MultipartPart[] {
  if (boundary === undefined || !BOUNDARY.test(boundary))
    throw new Refused("multipart-invalid", 0, "The boundary is missing or malformed.");
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  const parts: MultipartPart[] = [];
  if (!body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) {
    throw new Refused("multipart-invalid", 0, "The body does not begin with its boundary.");
  }
  let at = delimiter.length - 2;
  while (!isLast(body, at)) {
    if (body[at] !== 0x0d || body[at + 1] !== 0x0a) throw new Refused("multipart-invalid", at, "A boundary is not followed by a line end.");
    const end = body.indexOf(delimiter, at);
    if (end < 0) throw new Refused("multipart-invalid", at, "The last boundary is missing.");
    if (parts.length >= most) throw new Refused("nodes", at, `The form holds more than ${most} parts.`);
    parts.push(readPart(body, at + 2, end));
    at = end + delimiter.length;
  }
  return parts;
}

/** `--` and the body's end, with one line end at most. */
function isLast(body: Buffer, at: number): boolean {
  if (body[at] !== 0x2d || body[at + 1] !== 0x2d) return false;
  const rest = body.length - at - 2;
  if (rest === 0 || (rest === 2 && body[at + 2] === 0x0d && body[at + 3] === 0x0a)) return true;
  throw new Refused("multipart-invalid", at, "Bytes follow the last boundary.");
}

function readPart(body: Buffer, from: number, end: number): MultipartPart {
  const section = headerSection(body.subarray(from, Math.min(end, from + HEADER_BYTES)));
  const headers = readHeaders(section, from);
  const start = from + section.length + 4;
  const disposition = headers.get("content-disposition");
  const { head, parameters } = parseParameters(disposition ?? "");
  const name = parameters?.get("name");
  if (head.toLowerCase() !== "form-data" || parameters === undefined || name === undefined) {
    throw new Refused("multipart-invalid", from, "A part does not state its name once, in a Content-Disposition of form-data.");
  }
  for (const known of parameters.keys()) {
    if (known !== "name" && known !== "filename")
      throw new Refused("multipart-invalid", from, "A Content-Disposition has an unknown parameter.");
  }
  const filename = parameters.has("filename") ? (parameters.get("filename") ?? "") : undefined;
  const stated = headers.get("content-type");
  const type = stated === undefined ? undefined : parseMediaType(stated);
  if (stated !== undefined && type === undefined) throw new Refused("multipart-invalid", from, "A part's content type is malformed.");
  const text = decodeUtf8(body.subarray(start, end));
  const isText = filename === undefined && (type === undefined || type.essence.startsWith("text/"));
  // Whatever a part is, it is read as UTF-8 here, so it must not say otherwise.
  if (isText || type?.parameters.has("charset") === true) requireUtf8(name, type, text, start);
  return { name, filename, contentType: type?.essence, start, end, value: text };
}

/** What stands before the empty line. Nothing, where there is none within the limit: and nothing is no header. */
function headerSection(part: Buffer): Buffer {
  return part.subarray(0, Math.max(0, part.indexOf("\r\n\r\n")));
}

function readHeaders(section: Buffer, from: number): Map<string, string> {
  const text = decodeUtf8(section);
  if (text === undefined) throw new Refused("charset", from, "A part's header is not UTF-8.", "charset-not-readable");
  const headers = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const match = /^([A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (match === null || (name !== "content-disposition" && name !== "content-type") || headers.has(name)) {
      throw new Refused(
        "multipart-invalid",
        from,
        "A part has a header that is malformed, repeated, without an end, or neither Content-Disposition nor Content-Type.",
      );
    }
    headers.set(name, match[2] ?? "");
  }
  return headers;
}

/** RFC 7578, section 4.6: a `_charset_` field would change how the others are read. */
function requireUtf8(name: string, type: MediaType | undefined, text: string | undefined, at: number): void {
  const stated = type?.parameters.has("charset") === true ? (type.parameters.get("charset")?.toLowerCase() ?? "") : "utf-8";
  const field = name === "_charset_" ? text?.toLowerCase() : "utf-8";
  if (text === undefined || stated !== "utf-8" || field !== "utf-8") {
    throw new Refused("charset", at, "A text part is not UTF-8, or says that it is not.", "charset-not-readable");
  }
}
