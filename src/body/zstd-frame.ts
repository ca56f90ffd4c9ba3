const MAGIC = 0xfd2fb528;

/** RFC 8878, section 3.1.1.1.2: decoders should support at least 8 MiB, encoders should not ask for more. */
const LARGEST_WINDOW = 8 * 1024 * 1024;

/** Frames of one body; honest encoders write one. */
const MOST_FRAMES = 64;

/**
 * Whether the bytes are whole Zstandard frames and nothing else, none with a window over 8 MiB (the decoder would reserve up to 2 GiB before
 * the first byte) and none skippable: a decoder passes over those, so they would carry bytes out that nobody inspected. RFC 8878, 3.1.
 */
export function areSafeFrames(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let frames = 0;
  while (at < view.length && at >= 0 && frames < MOST_FRAMES) {
    at = frameEnd(view, at);
    frames += 1;
  }
  return at === view.length;
}

/** Where the frame at `from` ends, or -1. */
function frameEnd(view: Buffer, from: number): number {
  if (from + 6 > view.length || view.readUInt32LE(from) !== MAGIC) return -1;
  const descriptor = view[from + 4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = from + 5;
  if (!isSingleSegment) {
    const window = view[at] ?? 0;
    const base = 2 ** (10 + (window >> 3));
    if (base + (base / 8) * (window & 7) > LARGEST_WINDOW) return -1;
    at += 1;
  }
  at += [0, 1, 2, 4][descriptor & 3] ?? 0;
  if (at + sizeBytes + 3 > view.length) return -1;
  // Of eight bytes the upper half must be zero: no body is 4 GiB.
  if (sizeBytes === 8 && view.readUInt32LE(at + 4) !== 0) return -1;
  if (isSingleSegment && view.readUIntLE(at, Math.min(4, sizeBytes)) > LARGEST_WINDOW) return -1;
  at += sizeBytes;
  for (;;) {
    if (at + 3 > view.length) return -1;
    const header = view.readUIntLE(at, 3);
    const kind = (header >> 1) & 3;
    if (kind === 3) return -1;
    // A run-length block is one byte, whatever size it unpacks to.
    at += 3 + (kind === 1 ? 1 : header >> 3);
    if ((header & 1) === 1) break;
  }
  at += (descriptor & 4) !== 0 ? 4 : 0;
  return at <= view.length ? at : -1;
}
