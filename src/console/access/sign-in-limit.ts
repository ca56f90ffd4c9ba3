import { LRUCache } from "lru-cache";
import type { Clock } from "../../model/ports.js";

const WINDOW_MS = 15 * 60_000;
/** Failures in a window: of one name from one address, of one address, of one name from anywhere. */
const OF_PAIR = 5;
const OF_ADDRESS = 20;
const OF_NAME = 50;

/** Slows down guessing of passwords. Bounded: names and addresses are an attacker's to choose. */
export class SignInLimit {
  readonly #clock: Clock;
  readonly #failures = new LRUCache<string, { count: number; readonly until: number }>({ max: 20_000 });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds to wait before another try; 0 where one may be made now. Counts the try as failed until `succeeded` takes it back. */
  begin(name: string, address: string): number {
    const keys = keysOf(name, address);
    const now = this.#clock.now();
    for (const [key, most] of keys) {
      const kept = this.#failures.get(key);
      if (kept !== undefined && kept.until > now && kept.count >= most) return Math.ceil((kept.until - now) / 1_000);
    }
    for (const [key] of keys) {
      const kept = this.#failures.get(key);
      if (kept === undefined || kept.until <= now) this.#failures.set(key, { count: 1, until: now + WINDOW_MS });
      else kept.count += 1;
    }
    return 0;
  }

  succeeded(name: string, address: string): void {
    const [pair, ...others] = keysOf(name, address);
    this.#failures.delete(pair[0]);
    for (const [key] of others) {
      const kept = this.#failures.get(key);
      if (kept !== undefined && kept.count > 0) kept.count -= 1;
    }
  }
}

function keysOf(name: string, address: string): [readonly [string, number], ...(readonly [string, number])[]] {
  const lower = name.toLowerCase().slice(0, 64);
  return [
    [`pair ${address} ${lower}`, OF_PAIR],
    [`address ${address}`, OF_ADDRESS],
    [`name ${lower}`, OF_NAME],
  ];
}
