import type { RequestHead } from "../model/exchange.js";
import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { BodyShare } from "./body-budget.js";
import type { ByteReader } from "./byte-reader.js";
import { GatheredBytes } from "./gathered-bytes.js";

/** What `listen/` needs of the chunked decoder; the composition hands in the one of `http/`. */
export interface ChunkedPieces {
  push(piece: Buffer, sink: (data: Buffer) => void): { kind: "more" } | { kind: "end"; used: number } | Refusal;
}

/** How much of a refused body is read and thrown away, so that the client gets to read the answer. */
const DISCARD_BYTES = 2 * 1024 * 1024;
const DISCARD_MS = 2_000;

export interface BodyBounds {
  readonly bytes: number;
  /** Milliseconds for the whole body. */
  readonly withinMs: number;
  /** What it may take of the memory that all bodies share. */
  readonly share: BodyShare;
}

/** The memory for bodies is taken: of what was asked, nothing is kept. */
export function noRoom(): Refusal {
  return refusal("quota-exceeded", "The proxy holds as many bytes of bodies as it may; try again later.");
}

/**
 * Reads a request's body whole, bounded in bytes and time. Nothing is cut short: past a bound the body is refused.
 */
export async function captureBody(
  reader: ByteReader,
  framing: RequestHead["framing"],
  bounds: BodyBounds,
  newDecoder: () => ChunkedPieces,
): Promise<Buffer | Refusal> {
  const tooLarge = refusal("body-too-large", `The body is larger than ${bounds.bytes} bytes.`);
  const deadline = Date.now() + bounds.withinMs;
  if (framing.kind === "none") return Buffer.alloc(0);
  if (framing.kind === "length") {
    if (framing.length > bounds.bytes) return tooLarge;
    return captureLength(reader, framing.length, deadline, bounds.share);
  }
  const gathered = new GatheredBytes();
  let total = 0;
  let room = true;
  const outcome = await decodeChunks(reader, newDecoder(), deadline, (data) => {
    total += data.length;
    if (total > bounds.bytes || !room) return false;
    room = bounds.share.take(data.length);
    if (room) gathered.add(data);
    return room;
  });
  if (outcome === "over") return room ? tooLarge : noRoom();
  return outcome === "end" ? gathered.whole() : outcome;
}

/** Takes memory as bytes arrive, not as they are announced: a length costs the client nothing to write. */
async function captureLength(reader: ByteReader, length: number, deadline: number, share: BodyShare): Promise<Buffer | Refusal> {
  if (reader.peek().length >= length) return share.take(length) ? reader.take(length) : noRoom();
  const gathered = new GatheredBytes();
  for (let left = length; ; ) {
    const piece = reader.take(Math.min(reader.peek().length, left));
    if (!share.take(piece.length)) return noRoom();
    gathered.add(piece);
    left -= piece.length;
    if (left === 0) return gathered.whole();
    const ended = await reader.more(deadline);
    if (ended !== undefined) return incomplete(ended);
  }
}

async function decodeChunks(
  reader: ByteReader,
  decoder: ChunkedPieces,
  deadline: number,
  accept: (data: Buffer) => boolean,
): Promise<"end" | "over" | Refusal> {
  for (;;) {
    const piece = reader.take(reader.peek().length);
    let within = true;
    const step = decoder.push(piece, (data) => {
      within = accept(data) && within;
    });
    if (isRefusal(step)) return step;
    if (!within) return "over";
    if (step.kind === "end") {
      reader.giveBack(piece.subarray(step.used));
      return "end";
    }
    const ended = await reader.more(deadline);
    if (ended !== undefined) return incomplete(ended);
  }
}

function incomplete(ended: "closed" | "late"): Refusal {
  if (ended === "late") return refusal("request-late", "The body did not arrive in time.");
  return refusal("body-incomplete", "The client hung up in the middle of the body.");
}

/**
 * Reads a refused request's body to its end and keeps nothing, bounded: a client that is still sending would otherwise get a reset in
 * place of the answer.
 *
 * @returns whether the body ended, so that the connection can be used again
 */
export async function discardBody(reader: ByteReader, framing: RequestHead["framing"], newDecoder: () => ChunkedPieces): Promise<boolean> {
  const deadline = Date.now() + DISCARD_MS;
  if (framing.kind === "none") return true;
  if (framing.kind === "chunked") {
    let total = 0;
    const outcome = await decodeChunks(reader, newDecoder(), deadline, (data) => {
      total += data.length;
      return total <= DISCARD_BYTES;
    });
    return outcome === "end";
  }
  let left = framing.length;
  if (left > DISCARD_BYTES) return false;
  for (;;) {
    left -= reader.take(Math.min(left, reader.peek().length)).length;
    if (left === 0) return true;
    if ((await reader.more(deadline)) !== undefined) return false;
  }
}
