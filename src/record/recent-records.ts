import { LRUCache } from "lru-cache";

/** Identities that are remembered, at some 300 bytes each. */
const MOST = 20_000;

/**
 * Which record a UDT became, as far as it is remembered, so that an answer can name it while the store is away. Where it is forgotten, an
 * occurrence's own id is named instead, which resolves to the same record.
 */
export class RecentRecords {
  readonly #records = new LRUCache<string, string>({ max: MOST });

  learn(identity: string, record: string): void {
    this.#records.set(identity, record);
  }

  /** The record of this identity; `id` becomes it where there is none. */
  recordOf(identity: string, id: string): string {
    const known = this.#records.get(identity);
    if (known !== undefined) return known;
    this.#records.set(identity, id);
    return id;
  }
}
