import { workerData } from "node:worker_threads";
import { findNestedViews } from "./body/nested-view.js";
import { readBody } from "./body/read-body.js";
import { compileInspector } from "./inspect/inspector.js";
import type { WorkerJob, WorkerRules } from "./inspection-pool.js";
import type { Inspection } from "./model/inspection.js";
import { pseudonymsOf } from "./record/installation-key.js";

/**
 * A thread that reads and inspects costly bodies, with rules of its own compiled from the same text and key as the main thread's: equal
 * bodies get equal inspections on either.
 */
const { rules, schemas, limits, operatorEnums, key }: WorkerRules = workerData;
const inspector = compileInspector({ rules, schemas, limits, pseudonyms: pseudonymsOf(key), findViews: findNestedViews, operatorEnums });

export default function inspectBody({ body, head, context }: WorkerJob): Inspection {
  return inspector.inspect(readBody(body, head, limits), context);
}
