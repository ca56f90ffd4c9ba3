/** Clients that hold nothing and are kept in mind all the same. */
const AT_REST = 1_000;

/**
 * Bytes of bodies held in memory at once, over all connections: two thousand clients that each send a body up to the policy's limit would
 * otherwise hold gigabytes. One client gets a quarter at most, so that it can't keep the others out.
 */
export class BodyBudget {
  readonly #most: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  /** @param most bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes held now. */
  get total(): number {
    return this.#total;
  }

  /** A share for one body of one client; ends with `release`. */
  share(client: string): BodyShare {
    let mine = 0;
    return {
      take: (bytes) => {
        const ofClient = this.#held.get(client) ?? 0;
        if (this.#total + bytes > this.#most || ofClient + bytes > this.#most / 4) return false;
        mine += bytes;
        this.#total += bytes;
        this.#held.set(client, ofClient + bytes);
        return true;
      },
      release: () => {
        const left = (this.#held.get(client) ?? 0) - mine;
        this.#total -= mine;
        mine = 0;
        // A client at zero may stay for its next body: a map that is added to and deleted from is built anew every few turns.
        if (left > 0 || this.#held.size <= AT_REST) this.#held.set(client, left);
        else this.#held.delete(client);
      },
    };
  }
}

export interface BodyShare {
  /** Whether so many bytes more may be held; false: nothing was taken, and the body is to be refused. */
  take(bytes: number): boolean;
  release(): void;
}
