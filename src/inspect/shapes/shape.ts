import type { JsonNode, JsonObject } from "../../model/json.js";
import { keyOf } from "../place.js";
import type { Place } from "../place.js";

/** A detector in code, for what a pattern can't say: the form of a tree, or what decoded bytes are. */
export interface Shape {
  /** Says of a container whether it has the form: the outermost ones of a free tree are found, in one walk for all shapes (`walkShapes`). */
  readonly judge?: Judge;
  /** Finds by a walk of its own. */
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

/**
 * Searches a tree from the top for all shapes at once. What a shape has found it doesn't enter, so that one list of boxes is one finding.
 * @returns the hits of each judge
 */
export function walkShapes(root: JsonNode, place: Place | undefined, judges: readonly Judge[]): readonly (readonly ShapeHit[])[] {
  const hits: ShapeHit[][] = judges.map(() => []);
  const visit = (node: JsonNode, at: Place | undefined, key: string | undefined, open: readonly number[]): void => {
    let left = open;
    for (const index of open) {
      if (judges[index]?.(node, key) !== true) continue;
      hits[index]?.push({ node, place: at });
      left = left.filter((other) => other !== index);
    }
    if (left.length === 0) return;
    if (node.kind === "object") {
      for (const { key: name, value } of node.members)
        if (isContainer(value)) visit(value, { parent: at, step: name.text }, name.text, left);
    } else if (node.kind === "array") {
      node.items.forEach((item, index) => {
        if (isContainer(item)) visit(item, { parent: at, step: index }, key, left);
      });
    }
  };
  if (isContainer(root))
    visit(
      root,
      place,
      keyOf(place),
      judges.map((_, index) => index),
    );
  return hits;
}

export function isContainer(node: JsonNode): boolean {
  return node.kind === "object" || node.kind === "array";
}

const NUMBER = /^-?\d{1,7}(?:\.\d{1,20})?$/;

/**
 * A list of numbers as numbers; undefined where one item is anything else. Tables and readers of CSV write numbers as texts, gaps as null, and
 * a column as an object by its rows' numbers (`DataFrame.to_json`).
 */
export function numbersOf(node: JsonNode): readonly number[] | undefined {
  const items = itemsOf(node);
  if (items === undefined) return undefined;
  const numbers: number[] = [];
  for (const item of items) {
    if (item.kind === "number" || (item.kind === "string" && item.text.length <= 28 && NUMBER.test(item.text)))
      numbers.push(Number(item.text));
    else if (item.kind !== "null") return undefined;
  }
  return numbers;
}

/** What a list holds, or an object whose names count from zero on. */
export function itemsOf(node: JsonNode): readonly JsonNode[] | undefined {
  if (node.kind === "array") return node.items;
  if (node.kind !== "object" || node.members[0]?.key.text !== "0") return undefined;
  if (!node.members.every(({ key }, index) => key.text === String(index))) return undefined;
  return node.members.map(({ value }) => value);
}

/** Whether all but a stray item or two are of a kind, `fewest` at least: a null, a head or a remark among points must not hide them. */
export function nearlyAll<Item>(items: readonly Item[], fewest: number, isOne: (item: Item) => boolean): boolean {
  if (items.length < fewest) return false;
  let strays = 0;
  for (const item of items) if (!isOne(item)) strays += 1;
  return strays === 0 || (strays * 4 <= items.length && items.length - strays >= fewest);
}

let named: JsonObject | undefined;
let numeric: ReadonlySet<string> = new Set();

/** The names of an object's members whose value is a number, or a text that is one. Remembers the last object, of which several shapes ask. */
export function numericNames(node: JsonObject): ReadonlySet<string> {
  if (node === named) return numeric;
  const names = new Set<string>();
  for (const { key, value } of node.members)
    if (value.kind === "number" || (value.kind === "string" && value.text.length <= 18 && /^-?\d{1,7}(?:\.\d{1,9})?$/.test(value.text)))
      names.add(plainName(key.text));
  named = node;
  numeric = names;
  return names;
}

function plainName(name: string): string {
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (!((code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39))) return name.toLowerCase().replace(/[^a-z0-9]/g, "");
  }
  return name;
}
