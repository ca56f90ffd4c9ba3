import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

/**
 * Preloaded into a unit test, in each of its threads: switches on the mutant EGRESS_MUTANT, or writes into the folder EGRESS_MET how the
 * conditions came out that the test met.
 */
const { EGRESS_MUTANT, EGRESS_MET } = process.env;
if (EGRESS_MUTANT !== undefined) Reflect.set(globalThis, "egressMutant", Number(EGRESS_MUTANT));
if (EGRESS_MET !== undefined) {
  const met = new Set<string>();
  Reflect.set(globalThis, "egressMeet", (site: number, value: unknown): unknown => {
    met.add(`${site}:${Boolean(value)}`);
    return value;
  });
  process.on("exit", () => writeFileSync(join(EGRESS_MET, `${process.pid}-${threadId}.json`), JSON.stringify([...met])));
}
