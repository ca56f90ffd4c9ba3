import { basename } from "node:path";
import type { SourceFile } from "../model/inspection.js";
import type { LineEdit } from "./unified-diff.js";
import { entryOf, indentOf, lineOf, readYamlTree, type Tree, type TreeEntry } from "./yaml-tree.js";

/** Where a schema's file takes another member. */
export interface SchemaPlace {
  readonly file: SourceFile;
  /** From 0: the line before which it is written. */
  readonly at: number;
  readonly indent: string;
}

/** A part of a schema and the file that it stands in. */
interface Part {
  readonly file: SourceFile;
  readonly root: Tree;
  readonly tree: Tree;
}

/** Steps that a reference, a choice or a list may cost; past it the schema is a circle. */
const STEPS = 64;

/**
 * Finds where the members of an object are written in the schema's files: along properties, lists (`*`), references and the first choice
 * that has the way.
 *
 * @param steps from the message's root to the object
 * @returns undefined where no schema names that object, or writes its members on one line
 */
export function placeForMember(schemas: readonly SourceFile[], schema: string, steps: readonly string[]): SchemaPlace | undefined {
  const file = fileOf(schemas, schema);
  const root = file === undefined ? undefined : readYamlTree(file, []);
  if (file === undefined || root === undefined) return undefined;
  const members = membersOf({ file, root, tree: root }, steps, schemas, STEPS);
  if (members === undefined) return undefined;
  const { entry } = members;
  const entries = entry.value.kind === "map" ? entry.value.entries : [];
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined || lineOf(first) === lineOf(entry)) return undefined;
  const indent = indentOf(first);
  const lines = members.file.text.split("\n");
  let at = lineOf(last) + 1;
  while (at < lines.length && (lines[at] ?? "").startsWith(`${indent} `)) at += 1;
  return { file: members.file, at, indent };
}

/** The edit that writes a member there. */
export function insertAt({ at, indent }: SchemaPlace, lines: readonly string[]): LineEdit {
  return { at, remove: 0, insert: lines.map((line) => `${indent}${line}`) };
}

function membersOf(
  part: Part,
  steps: readonly string[],
  schemas: readonly SourceFile[],
  budget: number,
): { readonly file: SourceFile; readonly entry: TreeEntry } | undefined {
  if (budget <= 0) return undefined;
  const { tree, file } = part;
  const ref = entryOf(tree, "$ref")?.value;
  if (ref?.kind === "scalar" && typeof ref.value === "string") {
    const led = follow(part, ref.value, schemas);
    return led === undefined ? undefined : membersOf(led, steps, schemas, budget - 1);
  }
  const choices = [
    ...valuesOf(entryOf(entryOf(tree, "x-discriminator")?.value, "mapping")?.value),
    ...valuesOf(entryOf(tree, "anyOf")?.value),
  ];
  for (const choice of choices) {
    const found = membersOf({ ...part, tree: choice }, steps, schemas, budget - 1);
    if (found !== undefined) return found;
  }
  const [step, ...rest] = steps;
  const properties = entryOf(tree, "properties");
  if (step === undefined) return properties === undefined ? undefined : { file, entry: properties };
  const next =
    step === "*"
      ? entryOf(tree, "items")?.value
      : (entryOf(properties?.value, step)?.value ?? entryOf(tree, "additionalProperties")?.value);
  return next === undefined ? undefined : membersOf({ ...part, tree: next }, rest, schemas, budget - 1);
}

function follow(part: Part, ref: string, schemas: readonly SourceFile[]): Part | undefined {
  const [name = "", inside = ""] = ref.split("#/$defs/");
  const file = name === "" ? part.file : fileOf(schemas, name);
  const root = name === "" ? part.root : file === undefined ? undefined : readYamlTree(file, []);
  const tree = entryOf(entryOf(root, "$defs")?.value, inside)?.value;
  return file === undefined || root === undefined || tree === undefined ? undefined : { file, root, tree };
}

function fileOf(schemas: readonly SourceFile[], name: string): SourceFile | undefined {
  return schemas.find(({ path }) => basename(path) === `${name}.yaml`);
}

function valuesOf(tree: Tree | undefined): readonly Tree[] {
  if (tree?.kind === "map") return tree.entries.map(({ value }) => value);
  return tree?.kind === "list" ? tree.items : [];
}
