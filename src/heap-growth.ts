import { setFlagsFromString } from "node:v8";

/**
 * How far a heap may grow beyond what a collection left of it before the next one, in per cent. V8's own choice is up to four times as much where
 * collections are cheap: of 50 MiB that live, 200 stood in memory most of the time, in each thread (`bench/endurance/soak`: 315 to 512 MiB resident).
 * A full collection costs some 20 ms of the event loop, most of it on other threads, and comes once in some 50,000 events.
 */
const GROWING_PERCENT = 50;

/** For this process and its threads, from the next collection on. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}
