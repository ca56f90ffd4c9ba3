import { workerData } from "node:worker_threads";
import { findNestedViews } from "./body/nested-view.js";
import { readBody } from "./body/read-body.js";
import { compileInspector } from "./inspect/inspector.js";
import type { WorkerJob, WorkerRules } from "./inspection-job.js";
import type { Inspection } from "./model/inspection.js";
import { pseudonymsOf } from "./record/installation-key.js";
import { longWarmUp, WARM_UP } from "./warm-up.js";

/**
 * A thread that reads and inspects costly bodies, with rules of its own compiled from the same text and key as the main thread's: equal
 * bodies get equal inspections on either.
 */
const handed: unknown = workerData;
if (!isWorkerRules(handed)) throw new TypeError("The inspection thread was started without its rules.");
const { rules, schemas, limits, operatorEnums, key } = handed;
const inspector = compileInspector({ rules, schemas, limits, pseudonyms: pseudonymsOf(key), findViews: findNestedViews, operatorEnums });
for (const job of [...WARM_UP, longWarmUp(), longWarmUp()]) inspectBody(job);

export default function inspectBody({ body, head, context }: WorkerJob): Inspection {
  const inspection = inspector.inspect(readBody(body, head, limits), context);
  // A getter of a class is no member of its own, which a structured clone would pass over.
  return { ...inspection, identity: inspection.identity };
}

/** The pool's own data, cloned into this thread: its presence is checked, its form is the compiler's business on the other side. */
function isWorkerRules(data: unknown): data is WorkerRules {
  return typeof data === "object" && data !== null && "rules" in data && "schemas" in data && "limits" in data && "key" in data;
}
