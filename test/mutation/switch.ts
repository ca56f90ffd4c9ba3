import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { hearOf } from "./meeting.js";

/**
 * Preloaded into a unit test, in each of its threads: switches on the mutant EGRESS_MUTANT, or writes into the folder EGRESS_MET which
 * mutants would have made a difference.
 */
const { EGRESS_MUTANT, EGRESS_MET } = process.env;
if (EGRESS_MUTANT !== undefined) Reflect.set(globalThis, "egressMutant", Number(EGRESS_MUTANT));
if (EGRESS_MET !== undefined) {
  const met = new Set<number>();
  hearOf((id) => met.add(id));
  process.on("exit", () => writeFileSync(join(EGRESS_MET, `${process.pid}-${threadId}.json`), JSON.stringify([...met])));
}
