import type { AnswerSink } from "../model/answer.js";
import type { HeaderField } from "../model/exchange.js";

export interface UnreadOptions {
  /** Answers of one client that may wait for it at once for as long as any. */
  readonly most: number;
  /** Milliseconds that one of these may wait. */
  readonly withinMs: number;
  /** The same of each further one. A client on a slow line reads a little at a time, and begins to wait anew with each piece. */
  readonly furtherMs: number;
}

/**
 * Answers that wait for a client to read on. Each holds a connection to its destination meanwhile, or its bytes in memory: a client that asks for a
 * script sixty-four times and reads nothing (an HTTP/2 window of zero does it) would keep everybody else from the destination. Of one client only
 * so many may wait for long; each further one is cut within a moment in which nothing of it is read.
 */
export class UnreadAnswers {
  readonly #options: UnreadOptions;
  /** How many wait, by client. */
  readonly #waiting = new Map<string, number>();

  constructor(options: UnreadOptions) {
    this.#options = options;
  }

  /** The answer, which may be cut from here on. */
  pace(answer: AnswerSink, client: string): AnswerSink {
    return new PacedAnswer(answer, (cut) => this.#wait(client, cut));
  }

  /** @returns what ends the waiting */
  #wait(client: string, cut: () => void): () => void {
    const { most, withinMs, furtherMs } = this.#options;
    const before = this.#waiting.get(client) ?? 0;
    this.#waiting.set(client, before + 1);
    const over = (): void => {
      clearTimeout(timer);
      const left = (this.#waiting.get(client) ?? 1) - 1;
      if (left > 0) this.#waiting.set(client, left);
      else this.#waiting.delete(client);
    };
    const giveUp = (): void => {
      over();
      cut();
    };
    const timer = setTimeout(giveUp, before < most ? withinMs : Math.min(withinMs, furtherMs));
    return over;
  }
}

/** Stands between an answer and its client, and tells when the client does not read. */
class PacedAnswer implements AnswerSink {
  readonly #client: AnswerSink;
  readonly #wait: (cut: () => void) => () => void;
  /** Ends the waiting, while there is one. */
  #over: (() => void) | undefined;
  #onDrain: (() => void) | undefined;
  #onClose: (() => void) | undefined;

  constructor(client: AnswerSink, wait: (cut: () => void) => () => void) {
    this.#client = client;
    this.#wait = wait;
  }

  head(status: number, headers: readonly HeaderField[]): void {
    this.#client.head(status, headers);
  }

  data(chunk: Uint8Array): boolean {
    const flows = this.#client.data(chunk);
    if (!flows) this.#over ??= this.#waiting();
    return flows;
  }

  end(): void {
    this.#client.end();
  }

  abort(): void {
    this.#rest();
    this.#client.abort();
  }

  onDrain(callback: () => void): void {
    if (this.#over === undefined) callback();
    else this.#onDrain = callback;
  }

  onClose(callback: () => void): void {
    this.#onClose = callback;
    this.#client.onClose(() => {
      this.#rest();
      callback();
    });
  }

  /** @returns what ends it */
  #waiting(): () => void {
    this.#client.onDrain(() => this.#caughtUp());
    return this.#wait(() => this.#cut());
  }

  #caughtUp(): void {
    this.#rest();
    this.#onDrain?.();
  }

  #rest(): void {
    this.#over?.();
    this.#over = undefined;
  }

  /** The client can tell that it has a part, and whoever writes hears that it left. */
  #cut(): void {
    this.#over = undefined;
    this.#client.abort();
    this.#onClose?.();
  }
}
