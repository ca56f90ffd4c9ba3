/** Counts connections: all of them, and each client's. Holds an entry only for a client that is connected, so it is bounded by the total. */
export class ConnectionLedger {
  readonly #most: number;
  readonly #mostOfClient: number;
  readonly #clients = new Map<string, number>();
  #total = 0;

  constructor(most: number, mostOfClient: number) {
    this.#most = most;
    this.#mostOfClient = mostOfClient;
  }

  /** @returns what ends the connection's stay; undefined where there is no room for one more */
  enter(): (() => void) | undefined {
    if (this.#total >= this.#most) return undefined;
    this.#total += 1;
    return () => {
      this.#total -= 1;
    };
  }

  /** The same for one client's share. */
  enterClient(address: string): (() => void) | undefined {
    const mine = this.#clients.get(address) ?? 0;
    if (mine >= this.#mostOfClient) return undefined;
    this.#clients.set(address, mine + 1);
    return () => {
      const left = (this.#clients.get(address) ?? 1) - 1;
      if (left > 0) this.#clients.set(address, left);
      else this.#clients.delete(address);
    };
  }
}
