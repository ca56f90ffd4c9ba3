import type { AnswerSink } from "../model/answer.js";
import type { HeaderField } from "../model/exchange.js";

/** Bytes of a script that are looked at; a tag manager's container is 100 to 400 kB. Past it the script counts as one that can't be read. */
export const SCRIPT_BYTES = 4 * 1_048_576;

/** An answer as it came. */
export interface SeenAnswer {
  readonly status: number;
  readonly headers: readonly HeaderField[];
  /** Undefined where it is longer than what is looked at. */
  readonly body: Buffer | undefined;
}

/**
 * Stands between the destination and the client, and keeps a copy of the answer. Where it holds, the client gets nothing until `release`:
 * what is to be proved first must not be handed on piece by piece.
 */
export class WatchedAnswer implements AnswerSink {
  readonly #client: AnswerSink;
  readonly holds: boolean;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: readonly HeaderField[] = [];

  constructor(client: AnswerSink, holds: boolean) {
    this.#client = client;
    this.holds = holds;
  }

  /** What came, once it has come whole. */
  get seen(): SeenAnswer {
    const whole = this.#bytes <= SCRIPT_BYTES;
    return { status: this.#status, headers: this.#headers, body: whole ? Buffer.concat(this.#pieces) : undefined };
  }

  head(status: number, headers: readonly HeaderField[]): void {
    this.#status = status;
    this.#headers = headers;
    if (!this.holds) this.#client.head(status, headers);
  }

  data(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes <= SCRIPT_BYTES) this.#pieces.push(Buffer.from(chunk));
    else this.#pieces.length = 0;
    return this.holds || this.#client.data(chunk);
  }

  end(): void {
    if (!this.holds) this.#client.end();
  }

  /** Of an answer that is held the client has seen nothing, so it can still be told why. */
  abort(): void {
    if (!this.holds) this.#client.abort();
  }

  onDrain(callback: () => void): void {
    this.#client.onDrain(callback);
  }

  onClose(callback: () => void): void {
    this.#client.onClose(callback);
  }

  /** Hands on what was held, at the client's pace. */
  async release(): Promise<void> {
    this.#client.head(this.#status, this.#headers);
    for (const piece of this.#pieces) {
      if (!this.#client.data(piece)) await caughtUp(this.#client);
    }
    this.#client.end();
  }
}

/** Until the client has read what was written, or has left. */
async function caughtUp(client: AnswerSink): Promise<void> {
  await new Promise<void>((resolve) => {
    client.onClose(resolve);
    client.onDrain(resolve);
  });
}
