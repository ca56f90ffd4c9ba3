import type { AnswerSink } from "../model/answer.js";
import type { HeaderField } from "../model/exchange.js";

export interface UnreadOptions {
  /** Answers of one client that may wait for it at once. */
  readonly most: number;
  /** Milliseconds that one may wait. */
  readonly withinMs: number;
}

/**
 * Answers that wait for a client to read on. Each holds a connection to its destination meanwhile, or its bytes in memory: a client that asks for a
 * script sixty-four times and reads nothing (an HTTP/2 window of zero does it) would keep everybody else from the destination. Of one client only
 * so many may wait; one more, and the answer that has waited longest is cut: a client that reads keeps none waiting for more than a moment.
 */
export class UnreadAnswers {
  readonly #options: UnreadOptions;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(options: UnreadOptions) {
    this.#options = options;
  }

  /** The answer, which may be cut from here on. */
  pace(answer: AnswerSink, client: string): AnswerSink {
    return new PacedAnswer(answer, (cut) => this.#wait(client, cut));
  }

  /** @returns what ends the waiting */
  #wait(client: string, cut: () => void): () => void {
    const waiting = this.#waiting.get(client) ?? new Set();
    const over = (): void => {
      clearTimeout(timer);
      waiting.delete(giveUp);
      if (waiting.size === 0) this.#waiting.delete(client);
    };
    const giveUp = (): void => {
      over();
      cut();
    };
    const timer = setTimeout(giveUp, this.#options.withinMs);
    waiting.add(giveUp);
    this.#waiting.set(client, waiting);
    const [longest] = waiting;
    if (waiting.size > this.#options.most) longest?.();
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
    if (!flows && this.#over === undefined) {
      this.#over = this.#wait(() => this.#cut());
      this.#client.onDrain(() => this.#caughtUp());
    }
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
