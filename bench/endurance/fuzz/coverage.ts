import { type Profiler, Session } from "node:inspector";

/**
 * Which blocks of the product's code have run, from V8's own precise coverage of this thread (`Profiler.startPreciseCoverage`): no build of
 * its own, no instrumented copy, so that what is fuzzed is what ships.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  get blocks(): number {
    return this.#seen.size;
  }

  /** The blocks that ran since the last asking. Some 10 ms: asked once a batch. */
  ran(): Set<string> {
    const blocks = new Set<string>();
    // The answer comes before `post` returns, as the session is of this thread.
    this.#session.post("Profiler.takePreciseCoverage", (_, answer?: Profiler.TakePreciseCoverageReturnType) => {
      for (const { url, functions } of answer?.result ?? []) {
        if (!url.includes("/dist/src/")) continue;
        for (const { functionName, ranges } of functions)
          for (const { startOffset, endOffset, count } of ranges)
            if (count > 0) blocks.add(`${url.slice(url.indexOf("/dist/src/"))}:${functionName}:${startOffset}:${endOffset}`);
      }
    });
    return blocks;
  }

  /** Those among them that had never run before; from now on they have. */
  fresh(): Set<string> {
    const fresh = new Set([...this.ran()].filter((block) => !this.#seen.has(block)));
    for (const block of fresh) this.#seen.add(block);
    return fresh;
  }
}
