import { refusal, type Refusal } from "../model/refusal.js";

/** What one client, or one case, may ask for; 0: as much as it likes. */
export interface Quota {
  readonly requestsPerMinute: number;
  readonly bytesPerMinute: number;
  readonly concurrent: number;
}

/** Buckets kept of one kind. Past it the one that has been at rest longest goes: it is full again, or nearly. */
const BUCKETS = 10_000;
const MINUTE = 60_000;

interface Bucket {
  requests: number;
  bytes: number;
  running: number;
  /** Milliseconds since the epoch. */
  at: number;
}

/** An exchange that was admitted; told what it brought, and when it is over. */
export interface Admission {
  /**
   * Bytes of its body, once it is here. A body is let in whole while any of the quota is left, and what is too much of it delays the next;
   * of bodies that were admitted together the first takes what is left, and the others are past it.
   */
  charge(bytes: number): Refusal | undefined;
  release(): void;
}

/**
 * Token buckets (a minute's worth at once, refilled steadily) and a count of what is in flight, for each key. Pure state: time is handed in,
 * and memory is bounded whatever number of keys comes.
 */
export class QuotaKeeper {
  readonly #quota: Quota;
  readonly #what: string;
  readonly #buckets = new Map<string, Bucket>();

  /** @param what who the quota is for, in a sentence: `client` */
  constructor(quota: Quota, what: string) {
    this.#quota = quota;
    this.#what = what;
  }

  /** Keys kept now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** @param now milliseconds since the epoch */
  admit(key: string, now: number): Admission | Refusal {
    const { requestsPerMinute, bytesPerMinute, concurrent } = this.#quota;
    if (requestsPerMinute + bytesPerMinute + concurrent === 0) return UNLIMITED;
    const bucket = this.#refilled(key, now);
    const tooManyBytes = `is past its quota of ${bytesPerMinute} bytes a minute`;
    if (concurrent > 0 && bucket.running >= concurrent) return this.#past(`has ${concurrent} exchanges in flight, which is its quota`);
    if (requestsPerMinute > 0 && bucket.requests < 1) return this.#past(`is past its quota of ${requestsPerMinute} requests a minute`);
    if (bytesPerMinute > 0 && bucket.bytes <= 0) return this.#past(tooManyBytes);
    bucket.requests -= 1;
    bucket.running += 1;
    let over = false;
    return {
      charge: (bytes) => {
        if (bytesPerMinute > 0 && bytes > 0 && bucket.bytes <= 0) return this.#past(tooManyBytes);
        bucket.bytes -= bytes;
        return undefined;
      },
      release: () => {
        if (!over) bucket.running -= 1;
        over = true;
      },
    };
  }

  #past(how: string): Refusal {
    return refusal("quota-exceeded", `This ${this.#what} ${how}.`);
  }

  #refilled(key: string, now: number): Bucket {
    const { requestsPerMinute, bytesPerMinute } = this.#quota;
    const bucket = this.#buckets.get(key) ?? { requests: requestsPerMinute, bytes: bytesPerMinute, running: 0, at: now };
    // A clock that jumps back refills nothing.
    const elapsed = Math.max(0, now - bucket.at) / MINUTE;
    bucket.requests = Math.min(requestsPerMinute, bucket.requests + elapsed * requestsPerMinute);
    bucket.bytes = Math.min(bytesPerMinute, bucket.bytes + elapsed * bytesPerMinute);
    bucket.at = now;
    // The order of a Map is that of its insertions: what was asked for last stands last.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > BUCKETS) this.#dropOne();
    return bucket;
  }

  #dropOne(): void {
    for (const [key, { running }] of this.#buckets) {
      if (running > 0) continue;
      this.#buckets.delete(key);
      return;
    }
  }
}

const UNLIMITED: Admission = {
  // Nothing is counted where nothing is limited.
  charge: () => undefined,
  release() {
    // As above.
  },
};
