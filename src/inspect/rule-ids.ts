import type { Fault } from "../model/fault.js";
import type { RuleId } from "../model/finding.js";
import type { SourceFile } from "../model/inspection.js";
import { loadRules } from "./rule-file.js";

/** Rules that are code, since they judge structure rather than text; policy may name them like any other. */
const BUILT_IN: readonly RuleId[] = [
  "schema/unknown-field",
  "schema/wrong-type",
  "schema/missing-field",
  "schema/not-in-enum",
  "schema/out-of-bounds",
  "schema/pattern",
  "schema/date-not-near",
  "annotation/label-names",
  "blob/multipart-file",
  "integrity/foreign-tenant",
  "integrity/script-changed",
  "integrity/deadline",
  "integrity/view-budget",
  "integrity/schema-missing",
];

/** The ids of every rule that policy may name: those of the rule files and those in code. Faulty files are told by `compileInspector`. */
export function ruleIdsOf(files: readonly SourceFile[]): ReadonlySet<string> {
  const faults: Fault[] = [];
  return new Set([...BUILT_IN, ...loadRules(files, faults).map((rule) => rule.id)]);
}
