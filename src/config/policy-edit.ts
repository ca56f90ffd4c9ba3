import type { RuleId } from "../model/finding.js";
import type { SourceFile } from "../model/inspection.js";
import type { LimitedCase } from "../model/limited-case.js";
import type { LineEdit } from "./unified-diff.js";
import { entryOf, indentOf, lineOf, readYamlTree } from "./yaml-tree.js";

interface Terms {
  readonly until: string;
  readonly reason: string;
  readonly author: string;
}

/**
 * The lines that open rules in a case of a policy file, in place of what it says of them now; comments and everything else stay as they are.
 * Undefined where the case or its actions are written on one line, or not at all.
 */
export function editActions(
  file: SourceFile,
  caseName: LimitedCase,
  rules: readonly RuleId[],
  terms: Terms,
): readonly LineEdit[] | undefined {
  const lines = file.text.split("\n");
  const found = entryOf(entryOf(readYamlTree(file, []), "cases")?.value, caseName);
  const first = found?.value.kind === "map" ? found.value.entries[0] : undefined;
  if (found === undefined || first === undefined || lineOf(first) === lineOf(found)) return undefined;
  const actions = entryOf(found.value, "actions");
  if (actions === undefined) {
    const indent = indentOf(first);
    return [
      { at: lineOf(found) + 1, remove: 0, insert: [`${indent}actions:`, ...rules.flatMap((rule) => opening(rule, `${indent}  `, terms))] },
    ];
  }
  const member = actions.value.kind === "map" ? actions.value.entries[0] : undefined;
  if (actions.value.kind !== "map" || member === undefined || lineOf(member) === lineOf(actions)) return undefined;
  const indent = indentOf(member);
  return rules
    .map((rule): LineEdit => {
      const known = entryOf(actions.value, rule);
      const insert = opening(rule, indent, terms);
      if (known === undefined) return { at: lineOf(actions) + 1, remove: 0, insert };
      const start = lineOf(known);
      let end = start + 1;
      while (end < lines.length && (lines[end] ?? "").startsWith(`${indent} `)) end += 1;
      return { at: start, remove: end - start, insert };
    })
    .sort((one, other) => one.at - other.at);
}

function opening(rule: RuleId, indent: string, { until, reason, author }: Terms): string[] {
  return [
    `${indent}${rule}:`,
    `${indent}  action: report`,
    `${indent}  until: ${until}`,
    `${indent}  reason: ${quoted(reason)}`,
    `${indent}  author: ${quoted(author)}`,
  ];
}

/** A double-quoted scalar of YAML 1.2, in which every text of JSON is one; what a reviewer would not see is left out. */
function quoted(text: string): string {
  return JSON.stringify(text.replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]+/gu, " ").trim());
}
