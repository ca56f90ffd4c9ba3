import type { SourceFile } from "../model/inspection.js";
import type { LineEdit } from "./unified-diff.js";
import { entryOf, indentOf, lineOf, readYamlTree } from "./yaml-tree.js";

/** Names to add to one list of the policy's `values`, with a line of evidence each. */
export interface NamesToAdd {
  readonly list: string;
  readonly names: readonly { readonly name: string; readonly evidence: string }[];
}

/**
 * The lines that add names to the policy's `values`; undefined where what is there is written in a way that no edit is made for.
 */
export function editValues(policy: SourceFile, additions: readonly NamesToAdd[]): readonly LineEdit[] | undefined {
  const tree = readYamlTree(policy, []);
  const lines = policy.text.split("\n");
  const values = entryOf(tree, "values");
  if (values === undefined) {
    const cases = entryOf(tree, "cases");
    if (cases === undefined) return undefined;
    // Above the comment that belongs to `cases`.
    let at = lineOf(cases);
    while (at > 0 && (lines[at - 1] ?? "").startsWith("#")) at -= 1;
    return [{ at, remove: 0, insert: ["values:", ...additions.flatMap((addition) => fresh(addition, "  ")), ""] }];
  }
  const first = values.value.kind === "map" ? values.value.entries[0] : undefined;
  if (first === undefined || lineOf(first) === lineOf(values)) return undefined;
  const indent = indentOf(first);
  const edits: LineEdit[] = [];
  for (const addition of additions) {
    const known = entryOf(values.value, addition.list);
    if (known === undefined) {
      edits.push({ at: lineOf(values) + 1, remove: 0, insert: fresh(addition, indent) });
      continue;
    }
    const line = lines[lineOf(known)] ?? "";
    const added = addition.names.map(({ name }) => name).join(", ");
    const inline = /^(\s*[a-z_]+: \[)(.*)(\]\s*)$/.exec(line);
    if (inline === null) return undefined;
    const evidence = addition.names.map((one) => `${indent}# ${one.name}: ${one.evidence}`);
    const list = [inline[2], added].filter((part) => part !== "").join(", ");
    edits.push({ at: lineOf(known), remove: 1, insert: [...evidence, `${inline[1] ?? ""}${list}${inline[3] ?? ""}`] });
  }
  return edits.sort((one, other) => one.at - other.at);
}

function fresh({ list, names }: NamesToAdd, indent: string): string[] {
  return [
    ...names.map(({ name, evidence }) => `${indent}# ${name}: ${evidence}`),
    `${indent}${list}: [${names.map(({ name }) => name).join(", ")}]`,
  ];
}
