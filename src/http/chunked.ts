import { refusal, type Refusal } from "../model/refusal.js";

const CR = 0x0d;
const LF = 0x0a;
/** Six hex digits: 16 MiB, over every limit on bodies; more digits are where readers overflow. */
const SIZE_DIGITS = 6;

export type ChunkedStep =
  /** All bytes so far are taken; more are needed. */
  | { readonly kind: "more" }
  /** The message ends; `used` bytes of this piece belonged to it. */
  | { readonly kind: "end"; readonly used: number };

/**
 * A decoder of the chunked transfer coding (RFC 9112, section 7.1) without its options: chunk extensions and trailers are refused, since
 * what they hold would be in nobody's sight; bare LF, white space and leading zeros beyond six digits are refused, since readers differ.
 * Fed piece by piece; hands every data byte to `sink` in order.
 */
export class ChunkedDecoder {
  #state: "size" | "size-lf" | "data" | "data-cr" | "data-lf" | "end-cr" | "end-lf" | "done" = "size";
  #size = 0;
  #digits = 0;

  push(piece: Buffer, sink: (data: Buffer) => void): ChunkedStep | Refusal {
    let index = 0;
    while (index < piece.length) {
      if (this.#state === "data") {
        const take = Math.min(this.#size, piece.length - index);
        sink(piece.subarray(index, index + take));
        index += take;
        this.#size -= take;
        if (this.#size === 0) this.#state = "data-cr";
        continue;
      }
      const problem = this.#step(piece[index] ?? 0);
      if (problem !== undefined) return problem;
      index += 1;
      if (this.#state === "done") return { kind: "end", used: index };
    }
    return { kind: "more" };
  }

  #step(byte: number): Refusal | undefined {
    switch (this.#state) {
      case "size":
        return this.#sizeByte(byte);
      case "size-lf":
        if (byte !== LF) return malformed("A chunk's size line does not end with CRLF.");
        this.#state = this.#size === 0 ? "end-cr" : "data";
        this.#digits = 0;
        return undefined;
      case "data-cr":
        if (byte !== CR) return malformed("A chunk is longer than its size says.");
        this.#state = "data-lf";
        return undefined;
      case "data-lf":
        if (byte !== LF) return malformed("A chunk does not end with CRLF.");
        this.#state = "size";
        return undefined;
      case "end-cr":
        if (byte !== CR) return refusal("message-ambiguous", "The body has trailers, which are not inspected.");
        this.#state = "end-lf";
        return undefined;
      case "end-lf":
        if (byte !== LF) return malformed("The last chunk does not end with CRLF.");
        this.#state = "done";
        return undefined;
      case "data":
      case "done":
        return malformed("Bytes after the last chunk.");
    }
  }

  #sizeByte(byte: number): Refusal | undefined {
    const digit = hexDigit(byte);
    if (digit !== undefined) {
      this.#digits += 1;
      if (this.#digits > SIZE_DIGITS) return malformed(`A chunk's size has more than ${SIZE_DIGITS} digits.`);
      this.#size = this.#size * 16 + digit;
      return undefined;
    }
    if (this.#digits === 0) return malformed("A chunk's size is not a hexadecimal number.");
    if (byte === 0x3b) return refusal("message-ambiguous", "A chunk has an extension, which is not inspected.");
    if (byte !== CR) return malformed("A chunk's size line holds something other than hexadecimal digits.");
    this.#state = "size-lf";
    return undefined;
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}

function malformed(detail: string): Refusal {
  return refusal("message-malformed", detail);
}
