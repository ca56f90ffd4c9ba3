import type { JsonNode, JsonObject } from "../../model/json.js";
import type { Place } from "../place.js";

/** A detector in code, for what a pattern can't say: the form of a tree, or what decoded bytes are. */
export interface Shape {
  /** The outermost nodes of a free tree that have the form. */
  tree?(root: JsonNode, place: Place | undefined): readonly ShapeHit[];
  /** Whether bytes that a string decodes to are of the kind. */
  bytes?(bytes: Uint8Array, magic: string | undefined): boolean;
}

export interface ShapeHit {
  readonly node: JsonNode;
  readonly place: Place | undefined;
}

/** Whether a node has the form; `key` is the nearest member name above it. */
export type Judge = (node: JsonNode, key: string | undefined) => boolean;

/** Searches a tree from the top and doesn't enter what it has found, so that one list of boxes is one finding. */
export function outermost(
  root: JsonNode,
  place: Place | undefined,
  key: string | undefined,
  judge: Judge,
  hits: ShapeHit[] = [],
): readonly ShapeHit[] {
  if (root.kind !== "object" && root.kind !== "array") return hits;
  if (judge(root, key)) {
    hits.push({ node: root, place });
    return hits;
  }
  if (root.kind === "object") {
    for (const entry of root.members) {
      if (isContainer(entry.value)) outermost(entry.value, { parent: place, step: entry.key.text }, entry.key.text, judge, hits);
    }
  } else {
    root.items.forEach((item, index) => {
      if (isContainer(item)) outermost(item, { parent: place, step: index }, key, judge, hits);
    });
  }
  return hits;
}

export function isContainer(node: JsonNode): boolean {
  return node.kind === "object" || node.kind === "array";
}

/** A list of numbers as numbers; undefined where one item is none. */
export function numbersOf(node: JsonNode): readonly number[] | undefined {
  if (node.kind !== "array") return undefined;
  const numbers: number[] = [];
  for (const item of node.items) {
    if (item.kind !== "number") return undefined;
    numbers.push(Number(item.text));
  }
  return numbers;
}

/** The names of an object's members whose value is a number, or a text that is one. */
export function numericNames(node: JsonObject): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { key, value } of node.members)
    if (value.kind === "number" || (value.kind === "string" && /^-?\d{1,7}(?:\.\d{1,9})?$/.test(value.text)))
      names.add(key.text.toLowerCase().replace(/[^a-z0-9]/g, ""));
  return names;
}
