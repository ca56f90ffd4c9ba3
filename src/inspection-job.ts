import type { BodyHead } from "./body/read-body.js";
import type { InspectionContext, SourceFile } from "./model/inspection.js";
import type { Limits, Policy } from "./model/policy.js";

/** What a worker compiles its inspector from; crosses by structured clone. */
export interface WorkerRules {
  readonly rules: readonly SourceFile[];
  readonly schemas: readonly SourceFile[];
  readonly limits: Limits;
  readonly operatorEnums: Policy["values"];
  readonly key: Uint8Array;
}

export interface WorkerJob {
  readonly body: Uint8Array;
  readonly head: BodyHead;
  readonly context: InspectionContext;
}
