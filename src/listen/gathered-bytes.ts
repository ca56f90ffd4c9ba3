const LEAST = 4_096;

/**
 * Bytes that come in pieces, kept as one. Copied rather than listed: a body sent in chunks of one byte would otherwise cost a hundred times
 * its size in objects.
 */
export class GatheredBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  add(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2, LEAST));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = needed;
  }

  /** All of them, without a copy. */
  whole(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
