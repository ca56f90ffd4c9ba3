import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Contexts that may wait for a collection, which holds the event loop some 100 ms: 20 MB, as much as the cache itself. */
const MOST = 1_000;

let collect: ((options: { readonly type: "major"; readonly execution: "async" }) => unknown) | undefined;

/**
 * Counts TLS contexts that were let go, and has V8 collect once there are many. A context is 20 kB of OpenSSL's memory behind an object of
 * some bytes: V8 sees the object alone and no reason to look for hours, while a policy of thousands of hosts drops one for each that it mints
 * (measured: 20,000 leaves took 230 MiB beyond the cache's bound, and none with collections).
 */
export class DroppedContexts {
  #waiting = 0;

  add(): void {
    this.#waiting += 1;
    if (this.#waiting < MOST) return;
    this.#waiting = 0;
    if (collect === undefined) {
      // The flag gives the function to contexts that are made after it, and so to nobody else.
      setFlagsFromString("--expose-gc");
      collect = runInNewContext("gc") as NonNullable<typeof collect>;
      setFlagsFromString("--no-expose-gc");
    }
    collect({ type: "major", execution: "async" });
  }
}
