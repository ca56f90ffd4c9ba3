/** What ends a turn. */
export type TurnOver = () => void;

/**
 * Lets costly work be done by a few at a time, and clients in turn: each has a queue of its own, and the next turn is the next client's. Whoever
 * sends a hundred waits behind itself, and keeps nobody else waiting for more than one of them.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #waitingOfClient: number;
  readonly #clients: number;
  /** In the order of their turns. */
  readonly #queues = new Map<string, ((over: TurnOver) => void)[]>();
  #running = 0;

  /**
   * @param atOnce turns at the same time
   * @param waitingOfClient that one client may have waiting
   * @param clients that may wait at all: addresses may be an attacker's to choose
   */
  constructor(atOnce: number, waitingOfClient: number, clients: number) {
    this.#atOnce = atOnce;
    this.#waitingOfClient = waitingOfClient;
    this.#clients = clients;
  }

  /** @returns undefined where the client has enough waiting, or too many wait */
  take(client: string): Promise<TurnOver> | undefined {
    const queue = this.#queues.get(client) ?? [];
    if (queue.length >= this.#waitingOfClient || (queue.length === 0 && this.#queues.size >= this.#clients)) return undefined;
    return new Promise((resolve) => {
      queue.push(resolve);
      this.#queues.set(client, queue);
      this.#next();
    });
  }

  #next(): void {
    const [first] = this.#queues;
    if (first === undefined || this.#running >= this.#atOnce) return;
    const [client, queue] = first;
    const begin = queue.shift();
    this.#queues.delete(client);
    if (queue.length > 0) this.#queues.set(client, queue);
    this.#running += 1;
    begin?.(() => {
      this.#running -= 1;
      this.#next();
    });
  }
}
