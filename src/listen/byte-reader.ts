import type { Duplex } from "node:stream";

const EMPTY: Buffer = Buffer.alloc(0);
/** Bytes that a client may send ahead of what is being read; past it the socket is paused (no unbounded queue). */
const AHEAD = 64 * 1024;

/** Why reading ended: the client left, or stayed silent past a deadline. An abort, not a fault. */
export type ReadEnd = "closed" | "late";

/**
 * Reads a socket by demand. Bytes that arrive early wait here, bounded; a socket that ends or fails ends the read that waits.
 */
export class ByteReader {
  readonly #socket: Duplex;
  readonly #onData: (chunk: Buffer) => void;
  readonly #onEnd: () => void;
  #buffered: Buffer = EMPTY;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#onData = (chunk) => {
      this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
      if (this.#buffered.length > AHEAD) socket.pause();
      this.#wakeUp();
    };
    this.#onEnd = () => {
      this.#ended = true;
      this.#wakeUp();
    };
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onEnd);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What has arrived and was not taken. */
  peek(): Buffer {
    return this.#buffered;
  }

  take(length: number): Buffer {
    const taken = this.#buffered.subarray(0, length);
    this.#buffered = length === this.#buffered.length ? EMPTY : this.#buffered.subarray(length);
    return taken;
  }

  /** Puts bytes back that were taken and belong to what comes next. */
  giveBack(bytes: Buffer): void {
    if (bytes.length > 0) this.#buffered = this.#buffered.length === 0 ? bytes : Buffer.concat([bytes, this.#buffered]);
  }

  /**
   * Waits until something more arrives than stands in `peek()` now.
   *
   * @param deadline milliseconds since the epoch
   * @returns undefined when more is there
   */
  async more(deadline: number): Promise<ReadEnd | undefined> {
    const before = this.#buffered.length;
    if (this.#ended) return "closed";
    const wait = deadline - Date.now();
    if (wait <= 0) return "late";
    this.#socket.resume();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#wakeUp(), wait);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.#buffered.length > before) return undefined;
    return this.#ended ? "closed" : "late";
  }

  /** Ends reading by this reader and gives back what was not taken, for whoever reads the socket next. */
  release(): Buffer {
    this.#socket.pause();
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("close", this.#onEnd);
    return this.take(this.#buffered.length);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
