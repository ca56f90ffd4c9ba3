import type { Exposition, MetricsRegistry } from "./metrics.js";

/** Renderings at once, and how many come back a second: Prometheus and its replicas ask a few times a minute. */
const BURST = 50;
const A_SECOND = 25;

/**
 * Makes the metrics' text for whoever asks. Each rendering takes some 4 ms of the time in which clients are served, so whoever asks faster than any
 * scraper gets the newest text there is, and slows nobody down.
 */
export class Scrapes {
  readonly #registry: Pick<MetricsRegistry, "render">;
  readonly #now: () => number;
  readonly #newest = new Map<string, Promise<Exposition>>();
  #left = BURST;
  #at: number;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(registry: Pick<MetricsRegistry, "render">, now: () => number = () => performance.now()) {
    this.#registry = registry;
    this.#now = now;
    this.#at = now();
  }

  /** @throws what the rendering throws */
  read(format: Parameters<MetricsRegistry["render"]>[0]): Promise<Exposition> {
    const newest = this.#newest.get(format);
    if (newest !== undefined && !this.#may()) return newest;
    const made = this.#registry.render(format);
    this.#newest.set(format, made);
    made.catch(() => this.#newest.delete(format));
    return made;
  }

  #may(): boolean {
    const now = this.#now();
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1_000) * A_SECOND);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
