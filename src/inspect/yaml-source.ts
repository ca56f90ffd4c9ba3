import { isNode, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { ZodType } from "zod";
import type { Fault } from "../model/fault.js";
import type { SourceFile } from "../model/inspection.js";

/** A YAML file with the line and column of each of its parts. */
export interface YamlSource {
  readonly value: unknown;
  /** `file:line:column` of the deepest part of the path that the file has. */
  where(path: readonly PropertyKey[]): string;
}

/** Reads one file; syntax errors and duplicate keys go to `faults`, and undefined comes back. */
export function readYaml(file: SourceFile, faults: Fault[]): YamlSource | undefined {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): string => {
    const position = lines.linePos(offset);
    return `${file.path}:${position.line}:${position.col}`;
  };
  for (const problem of [...document.errors, ...document.warnings]) {
    faults.push({
      what: `This is not valid YAML: ${problem.message}.`,
      where: at(problem.pos[0]),
      mend: "Mend the line; indentation and quotes are the usual causes.",
    });
  }
  if (document.errors.length > 0) return undefined;
  // maxAliasCount 0 refuses aliases, by which a small file could grow without bound.
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    faults.push({ what: "The file uses YAML aliases.", where: at(0), mend: "Write the value out, or use $ref in a schema." });
    return undefined;
  }
  return { value, where: (path) => at(offsetOf(document, path)) };
}

/** Holds the value against a shape; every mismatch becomes a fault with its place. */
export function parseShape<T>(
  source: YamlSource,
  shape: ZodType<T>,
  faults: Fault[],
  base: readonly PropertyKey[] = [],
  value: unknown = source.value,
): T | undefined {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const place = issue.path.length === 0 ? "" : ` at \`${issue.path.map(String).join(".")}\``;
    faults.push({
      what: `${issue.message}${place}.`,
      where: source.where([...base, ...issue.path]),
      mend: "See docs/rules.md for the form.",
    });
  }
  return undefined;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
