import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { ParsedNode } from "yaml";
import type { Fault } from "../model/fault.js";
import type { SourceFile } from "../model/inspection.js";

/** A YAML value that knows where it was written: `FILE:LINE:COLUMN`. */
export type Tree =
  | { readonly kind: "scalar"; readonly where: string; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly where: string; readonly items: readonly Tree[] }
  | { readonly kind: "map"; readonly where: string; readonly entries: readonly TreeEntry[] };

export interface TreeEntry {
  readonly key: string;
  /** Of the key. */
  readonly where: string;
  readonly value: Tree;
}

/** Characters of one file: what people write by hand is far below it, and a parser's time stays bounded. */
const MAX_CHARACTERS = 1_000_000;
const MAX_DEPTH = 40;

/**
 * Reads one YAML 1.2 document strictly: duplicate keys, tags, anchors with aliases, merge keys, several documents and keys that are not
 * text are faults. Aliases are refused altogether, since they make small files huge and an auditor reads a policy from top to bottom.
 * An empty file is an empty map. Faults are added to `faults`; undefined where nothing could be read.
 */
export function readYamlTree(source: SourceFile, faults: Fault[]): Tree | undefined {
  if (source.text.length > MAX_CHARACTERS) {
    faults.push({ where: source.path, what: `The file is over ${MAX_CHARACTERS} characters.`, mend: "Split it." });
    return undefined;
  }
  const lines = new LineCounter();
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${source.path}:${line}:${col}`;
  };
  const document = parseOrFault(source, lines, faults);
  if (document === undefined) return undefined;
  // Every error and warning of the parser is a fault: a warning there is a line that does not mean what it says.
  for (const problem of [...document.errors, ...document.warnings]) {
    faults.push({ where: place(problem.pos[0]), what: `Not valid YAML: ${sentence(problem.message)}`, mend: yamlMend(problem.code) });
  }
  if (document.errors.length > 0) return undefined;
  if (document.contents === null) return { kind: "map", where: `${source.path}:1:1`, entries: [] };
  return convert(document.contents, place, faults, 0);
}

function parseOrFault(source: SourceFile, lines: LineCounter, faults: Fault[]): ReturnType<typeof parseDocument<ParsedNode>> | undefined {
  try {
    return parseDocument<ParsedNode>(source.text, {
      lineCounter: lines,
      prettyErrors: false,
      strict: true,
      uniqueKeys: true,
      schema: "core",
      logLevel: "silent",
    });
  } catch (error) {
    // The parser is recursive: thousands of nested brackets end its stack.
    const why = error instanceof RangeError ? "it is nested too deep" : String(error);
    faults.push({ where: source.path, what: `The file can't be parsed: ${why}.`, mend: "Write it flatter." });
    return undefined;
  }
}

function convert(node: ParsedNode, place: (offset: number) => string, faults: Fault[], depth: number): Tree | undefined {
  const where = place(node.range[0]);
  if (depth > MAX_DEPTH) {
    faults.push({ where, what: `Nested deeper than ${MAX_DEPTH}.`, mend: "Write it flatter." });
    return undefined;
  }
  if (isAlias(node)) {
    faults.push({ where, what: "Aliases are not read.", mend: "Write the value out, so that the file can be read from top to bottom." });
    return undefined;
  }
  if (node.tag !== undefined && !node.tag.startsWith("tag:yaml.org,2002:")) {
    faults.push({ where, what: `The tag ${node.tag} is not read.`, mend: "Remove it." });
    return undefined;
  }
  if (isScalar(node)) {
    const value: unknown = node.value;
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", where, value };
    }
    faults.push({ where, what: "This kind of value is not read.", mend: "Write text, a number, true or false." });
    return undefined;
  }
  if (isSeq(node)) {
    const items: Tree[] = [];
    for (const item of node.items) {
      const read = convertItem(item, where, place, faults, depth);
      if (read !== undefined) items.push(read);
    }
    return { kind: "list", where, items };
  }
  const entries: TreeEntry[] = [];
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const keyWhere = place(key.range[0]);
      if (!isScalar(key) || typeof key.value !== "string" || key.value === "<<") {
        faults.push({ where: keyWhere, what: "This key is not plain text.", mend: "Write a name before the colon." });
        continue;
      }
      const read = value === null ? ({ kind: "scalar", where: keyWhere, value: null } as const) : convert(value, place, faults, depth + 1);
      if (read !== undefined) entries.push({ key: key.value, where: keyWhere, value: read });
    }
  }
  return { kind: "map", where, entries };
}

function convertItem(item: unknown, where: string, place: (offset: number) => string, faults: Fault[], depth: number): Tree | undefined {
  if (isPair(item)) {
    faults.push({ where, what: "A list's item is a bare pair.", mend: "Write the pair as a map of its own." });
    return undefined;
  }
  return convert(item as ParsedNode, place, faults, depth + 1);
}

/** The same as plain values, for a validator that reports paths. */
export function plainValue(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(plainValue);
  // A null prototype, so that a key called `__proto__` is a key and nothing else.
  const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const entry of tree.entries) plain[entry.key] = plainValue(entry.value);
  return plain;
}

/** Where the value at a path was written; where it is absent, the place of the nearest that holds it. `key` asks for the key's place. */
export function placeOf(tree: Tree, path: readonly PropertyKey[], key = false): string {
  let at = tree;
  let where = tree.where;
  for (const step of path) {
    if (at.kind === "map") {
      const entry = at.entries.find((candidate) => candidate.key === step);
      if (entry === undefined) return where;
      at = entry.value;
      where = key ? entry.where : entry.value.where;
    } else if (at.kind === "list" && typeof step === "number") {
      const item = at.items[step];
      if (item === undefined) return where;
      at = item;
      where = item.where;
    } else return where;
  }
  return where;
}

function sentence(message: string): string {
  const line = message.split("\n")[0]?.trim() ?? message;
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function yamlMend(code: string): string {
  if (code === "DUPLICATE_KEY") return "Keep one of the two.";
  if (code === "MULTIPLE_DOCS") return "Keep one document in the file.";
  if (code === "TAB_AS_INDENT") return "Indent with spaces.";
  if (code === "TAG_RESOLVE_FAILED") return "Remove the tag.";
  if (code === "BAD_ALIAS") return "Write the value out.";
  return "Check indentation, quotes and colons on this line and the one before.";
}

/** A map's member by its key. */
export function entryOf(tree: Tree | undefined, key: string): TreeEntry | undefined {
  return tree?.kind === "map" ? tree.entries.find((entry) => entry.key === key) : undefined;
}

/** The line that a member's key stands on, from 0. */
export function lineOf({ where }: TreeEntry): number {
  return Number(/:(\d+):\d+$/.exec(where)?.[1] ?? 1) - 1;
}

/** The white space before a member's key, where nothing else is. */
export function indentOf({ where }: TreeEntry): string {
  return " ".repeat(Number(/:(\d+)$/.exec(where)?.[1] ?? 1) - 1);
}
