import { brotliDecompressSync, constants, crc32, inflateRawSync, inflateSync, type ZlibOptions } from "node:zlib";
import { Decompress } from "fzstd";
import type { BodyLimits, Unreadable } from "../model/body-view.js";
import { done, failed, type Step } from "./fault.js";
import { areSafeFrames } from "./zstd-frame.js";

/** What a coding's bytes may grow to: `size` and `ratio` name the limit that would be passed. */
export interface OutputBound {
  readonly bytes: number;
  readonly passed: "size" | "ratio";
}

type Decoder = (coded: Uint8Array, bound: OutputBound) => Step<Uint8Array>;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  deflate: inflate,
  br: (coded, bound) => withZlib("br", coded, bound, brotliDecompressSync),
  zstd: unzstd,
};

/** zlib's own window plus one byte: small bodies don't pay for a large first chunk. */
const CHUNK = 16 * 1024;

/**
 * Undoes a Content-Encoding list, last coding first (RFC 9110, section 8.4). `identity` is taken as no coding; a multi-member gzip body and
 * a multi-frame zstd body are read to their last member, all within the one bound.
 *
 * Faults: `coding` (unknown, empty list item, damaged, cut short, bytes after its end, readable in two ways), `coding-count`, `ratio`, `size`.
 */
export function decodeContent(bytes: Uint8Array, contentEncoding: string | undefined, limits: BodyLimits): Step<Uint8Array> {
  if (bytes.length > limits.bodyBytes) return failed("body-too-large", "size", `The body is over ${limits.bodyBytes} bytes.`);
  if (contentEncoding === undefined) return done(bytes);
  const names = contentEncoding.split(",").map((name) => name.trim().toLowerCase());
  const codings = names.filter((name) => name !== "identity");
  if (names.length > limits.codings + 1 || codings.length > limits.codings) {
    return failed("coding-not-readable", "coding-count", `Content-Encoding lists more than ${limits.codings} codings.`);
  }
  if (codings.some((name) => !Object.hasOwn(DECODERS, name))) {
    return failed(
      "coding-not-readable",
      "coding",
      "Content-Encoding names a coding other than gzip, deflate, br, zstd and identity, or none between two commas.",
    );
  }
  const byRatio = bytes.length * limits.ratio;
  const bound: OutputBound = byRatio < limits.bodyBytes ? { bytes: byRatio, passed: "ratio" } : { bytes: limits.bodyBytes, passed: "size" };
  let content = bytes;
  for (const name of codings.reverse()) {
    const step = DECODERS[name]?.(content, bound) ?? failed("coding-not-readable", "coding", "The coding is unknown.");
    if (!step.ok) return step;
    content = step.value;
  }
  return done(content);
}

/** Members of one gzip body; honest encoders write one. */
const MOST_MEMBERS = 64;

/**
 * Gzip, member by member (RFC 1952, section 2.2). Node's own reader skips what follows the last member, and every reader skips a header's
 * name, comment and extra field: each would carry bytes out that nobody inspected, so each is refused.
 */
export function gunzip(coded: Uint8Array, bound: OutputBound): Step<Uint8Array> {
  const damaged = failed(
    "coding-not-readable",
    "coding",
    "The gzip coding is damaged, cut short, followed by other bytes or has a named header.",
  );
  const view = Buffer.from(coded.buffer, coded.byteOffset, coded.byteLength);
  const members: Uint8Array[] = [];
  let length = 0;
  let at = 0;
  do {
    // ID1, ID2, deflate; of the flags only FTEXT, which adds no field.
    if (
      members.length >= MOST_MEMBERS ||
      view.length < at + 18 ||
      view.readUIntBE(at, 3) !== 0x1f8b08 ||
      ((view[at + 3] ?? 0) & 0xfe) !== 0
    )
      return damaged;
    const step = inflateStream(view.subarray(at + 10), bound.bytes - length);
    if (step === "over") return overBound("gzip", bound);
    if (step === undefined) return damaged;
    at += 10 + step.consumed;
    if (view.length < at + 8 || view.readUInt32LE(at) !== crc32(step.buffer) || view.readUInt32LE(at + 4) !== step.buffer.length)
      return damaged;
    at += 8;
    length += step.buffer.length;
    members.push(step.buffer);
  } while (at < view.length);
  return done(members.length === 1 ? (members[0] ?? view) : Buffer.concat(members, length));
}

function inflateStream(bytes: Uint8Array, most: number): ReturnType<typeof parseInfo> | "over" | undefined {
  try {
    return parseInfo(inflateRawSync(bytes, { maxOutputLength: Math.max(1, most), chunkSize: CHUNK, info: true }));
  } catch (error) {
    return isTooLarge(error) ? "over" : undefined;
  }
}

/**
 * `deflate` is zlib's format (RFC 9110, section 8.4.1.2), but some clients send raw deflate. Where both readings succeed and differ, two
 * receivers would see two bodies.
 */
export function inflate(coded: Uint8Array, bound: OutputBound): Step<Uint8Array> {
  const raw = (): Step<Uint8Array> => withZlib("deflate", coded, bound, inflateRawSync);
  if (!hasZlibHeader(coded)) return raw();
  const wrapped = withZlib("deflate", coded, bound, inflateSync);
  if (!wrapped.ok) return wrapped;
  const other = raw();
  if (other.ok && Buffer.compare(other.value, wrapped.value) !== 0) {
    return failed("coding-not-readable", "coding", "The deflate coding can be read in two ways, with and without the zlib header.");
  }
  return wrapped;
}

/** RFC 1950, section 2.2: method 8, window up to 32 KiB, and the check bits. */
export function hasZlibHeader(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0;
}

function withZlib(
  name: string,
  coded: Uint8Array,
  bound: OutputBound,
  decompress: (bytes: Uint8Array, options: ZlibOptions) => unknown,
): Step<Uint8Array> {
  try {
    const answer = decompress(coded, {
      maxOutputLength: Math.max(1, bound.bytes),
      chunkSize: CHUNK,
      info: true,
      ...(name === "br" ? {} : { finishFlush: constants.Z_FINISH }),
    });
    const { buffer, consumed } = parseInfo(answer);
    if (consumed !== coded.length) return failed("coding-not-readable", "coding", `Bytes follow the end of the ${name} coding.`);
    return done(buffer);
  } catch (error) {
    return isTooLarge(error)
      ? overBound(name, bound)
      : failed("coding-not-readable", "coding", `The ${name} coding is damaged or cut short.`);
  }
}

/** With `info`, zlib answers `{buffer, engine}`, which its types don't say. */
export function parseInfo(answer: unknown): { readonly buffer: Uint8Array; readonly consumed: number } {
  if (typeof answer === "object" && answer !== null && "buffer" in answer && "engine" in answer) {
    const { buffer, engine } = answer;
    if (buffer instanceof Uint8Array && typeof engine === "object" && engine !== null && "bytesWritten" in engine) {
      const { bytesWritten } = engine;
      if (typeof bytesWritten === "number") return { buffer, consumed: bytesWritten };
    }
  }
  throw new TypeError("node:zlib did not say how many bytes it consumed.");
}

export function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function overBound(name: string, bound: OutputBound): { readonly ok: false; readonly fault: Unreadable } {
  return failed("body-too-large", bound.passed, `The ${name} coding unpacks to more than ${bound.bytes} bytes.`);
}

class OverBound extends Error {}

/** Zstandard (RFC 8878), frame by frame and block by block, so that a bomb is stopped within one block of 128 KiB. */
export function unzstd(coded: Uint8Array, bound: OutputBound): Step<Uint8Array> {
  if (coded.length === 0) return failed("coding-not-readable", "coding", "The body is empty, which is no zstd.");
  if (!areSafeFrames(coded)) {
    return failed(
      "coding-not-readable",
      "coding",
      "The zstd coding is damaged, cut short, holds skippable frames or asks for a window over 8 MiB.",
    );
  }
  const blocks: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = new Decompress((block) => {
      length += block.length;
      if (length > bound.bytes) throw new OverBound();
      // fzstd reuses its window, so a block must be copied.
      blocks.push(block.slice());
    });
    stream.push(coded, true);
  } catch (error) {
    return error instanceof OverBound
      ? overBound("zstd", bound)
      : failed("coding-not-readable", "coding", "The zstd coding is damaged or cut short.");
  }
  return done(Buffer.concat(blocks, length));
}
