import { createHash } from "node:crypto";

/**
 * A frame of the spool: marker, length of the payload (4 bytes, big-endian), SHA-256 of the payload, payload. The marker lets a reader
 * find the next whole frame behind a damaged one.
 */
const MARKER = Buffer.from([0xf0, 0x45, 0x47, 0x0a]);
const HEADER_BYTES = MARKER.length + 4 + 32;

/** More than any transfer takes; a longer stated length is damage. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

export function frame(payload: string): Buffer {
  const bytes = Buffer.from(payload, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([MARKER, length, digest(bytes), bytes]);
}

export interface Frames {
  readonly payloads: readonly string[];
  /** Bytes up to which everything was read or is damage with a whole frame behind it. */
  readonly consumed: number;
  /** Ranges that hold no whole frame, though one follows. */
  readonly damaged: readonly (readonly [start: number, end: number])[];
  /** Set where the rest behind `consumed` is no whole frame: a torn write, or one that is still under way. */
  readonly torn: boolean;
}

/** Reads the frames of a spool or of a piece of one that starts at a frame; stops after `most` payloads. */
export function readFrames(bytes: Buffer, most = Number.POSITIVE_INFINITY): Frames {
  const payloads: string[] = [];
  const damaged: [number, number][] = [];
  let at = 0;
  let consumed = 0;
  while (at < bytes.length && payloads.length < most) {
    const payload = payloadAt(bytes, at);
    if (payload === undefined) {
      const next = bytes.indexOf(MARKER, at + 1);
      if (next === -1) break;
      at = next;
      continue;
    }
    if (at > consumed) damaged.push([consumed, at]);
    payloads.push(payload.toString("utf8"));
    at += HEADER_BYTES + payload.length;
    consumed = at;
  }
  return { payloads, consumed, damaged, torn: consumed < bytes.length && payloads.length < most };
}

function payloadAt(bytes: Buffer, at: number): Buffer | undefined {
  if (bytes.length - at < HEADER_BYTES || !bytes.subarray(at, at + MARKER.length).equals(MARKER)) return undefined;
  const length = bytes.readUInt32BE(at + MARKER.length);
  const start = at + HEADER_BYTES;
  if (length > MAX_PAYLOAD_BYTES || start + length > bytes.length) return undefined;
  const payload = bytes.subarray(start, start + length);
  return digest(payload).equals(bytes.subarray(at + MARKER.length + 4, start)) ? payload : undefined;
}

function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
