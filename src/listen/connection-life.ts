import type { ExchangeHandler } from "../model/exchange-handler.js";

/** What a listener knows of one connection while it is served: whether exchanges are in flight, and who is to hear that it drains. */
export class ConnectionLife {
  readonly #draining: () => boolean;
  readonly #onDrain = new Set<() => void>();
  #inFlight = 0;

  constructor(draining: () => boolean) {
    this.#draining = draining;
  }

  get draining(): boolean {
    return this.#draining();
  }

  /** Whether an exchange is in flight, so that draining spares the connection. */
  get busy(): boolean {
    return this.#inFlight > 0;
  }

  /** @returns what takes the callback back */
  onDrain(callback: () => void): () => void {
    this.#onDrain.add(callback);
    return () => this.#onDrain.delete(callback);
  }

  /** Tells those that wait for it. @returns whether any does, and so ends the connection in its own way */
  drain(): boolean {
    for (const callback of this.#onDrain) callback();
    return this.#onDrain.size > 0;
  }

  /** The handler, with its exchanges counted here. */
  watch(handler: ExchangeHandler): ExchangeHandler {
    const during = async (work: Promise<void>): Promise<void> => {
      this.#inFlight += 1;
      try {
        await work;
      } finally {
        this.#inFlight -= 1;
      }
    };
    return {
      parseHead: handler.parseHead,
      connect: (head, context) => handler.connect(head, context),
      handle: (exchange, body, answer) => during(handler.handle(exchange, body, answer)),
      refuse: (refused, context, answer) => during(handler.refuse(refused, context, answer)),
    };
  }
}
