import type { RuleId } from "../model/finding.js";
import type { SourceFile } from "../model/inspection.js";

/** Rules that are code, since they judge structure rather than text; policy may name them like any other. */
export const BUILT_IN_RULES: readonly RuleId[] = [
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

/**
 * The ids of every rule that policy may name: those of the rule files, whose path says their id, and those in code. Where a file says another
 * id than its path, `compileInspector` tells.
 */
export function ruleIdsOf(files: readonly SourceFile[]): ReadonlySet<string> {
  return new Set([
    ...BUILT_IN_RULES,
    ...files.map(({ path }) =>
      path
        .split(/[\\/]/)
        .slice(-2)
        .join("/")
        .replace(/\.yaml$/, ""),
    ),
  ]);
}
