import type { Finding } from "../model/finding.js";
import type { JsonArray, JsonNode, JsonObject } from "../model/json.js";

/** What stands where a value was. A payload schema that is to let a redacted field pass names it in the field's `enum`. */
export const REDACTION_MARK = "[redacted]";

const MARK_BYTES = Buffer.from(JSON.stringify(REDACTION_MARK));

/** A piece of the text that makes way for `by`. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly by: Uint8Array;
}

/**
 * Replaces the value under each finding by the redaction mark; every other byte stays as it is. The smallest whole JSON value that holds
 * a finding's range is replaced, so the result is JSON again, and nothing of a value stays behind.
 *
 * @param bytes the JSON text that `root` and the findings' ranges count in
 * @returns undefined where a finding stands in no value (a key, or no range): what can't be replaced is not let out
 */
export function replaceValues(bytes: Uint8Array, root: JsonNode, findings: readonly Pick<Finding, "range" | "view">[]): Buffer | undefined {
  const cuts: Cut[] = [];
  for (const { range, view } of findings) {
    if (range === undefined || view === "key") return undefined;
    const value = valueAround(root, range[0], range[1]);
    if (value === undefined || value === root) return undefined;
    cuts.push({ start: value.start, end: value.end, by: MARK_BYTES });
  }
  return cutOut(bytes, cuts);
}

/**
 * Drops each item of a batch that holds a finding, with the comma that belongs to it; the other items stay byte for byte.
 *
 * @param unit the member of the root whose array holds the items (`batch` of Segment)
 * @returns undefined where a finding stands outside the items, or no item would be left
 */
export function dropItems(bytes: Uint8Array, root: JsonNode, unit: string, findings: readonly Finding[]): Buffer | undefined {
  const batch = root.kind === "object" ? memberArray(root, unit) : undefined;
  if (batch === undefined) return undefined;
  const dropped = new Set<number>();
  for (const { range } of findings) {
    const index = range === undefined ? -1 : batch.items.findIndex((item) => item.start <= range[0] && range[1] <= item.end);
    if (index < 0) return undefined;
    dropped.add(index);
  }
  const kept = batch.items.filter((_, index) => !dropped.has(index));
  if (kept.length === 0) return undefined;
  const cuts: Cut[] = [];
  for (const index of dropped) {
    const item = batch.items[index];
    if (item !== undefined) cuts.push(itemCut(batch, index, item, dropped));
  }
  return cutOut(bytes, cuts);
}

/** An item goes with the comma before it; where every item before it goes too, with the one after it. */
function itemCut(batch: JsonArray, index: number, item: JsonNode, dropped: ReadonlySet<number>): Cut {
  const previous = batch.items[index - 1];
  const keptBefore = batch.items.slice(0, index).some((_, before) => !dropped.has(before));
  const next = batch.items[index + 1];
  const nothing = new Uint8Array();
  if (keptBefore && previous !== undefined) return { start: previous.end, end: item.end, by: nothing };
  return { start: item.start, end: next?.start ?? item.end, by: nothing };
}

function memberArray(root: JsonObject, name: string): JsonArray | undefined {
  const value = root.members.find((member) => member.key.text === name)?.value;
  return value?.kind === "array" ? value : undefined;
}

/** The smallest value that holds the range. Keys are no values: a range in a key leads to the object around it. */
function valueAround(node: JsonNode, start: number, end: number): JsonNode | undefined {
  if (node.start > start || node.end < end) return undefined;
  const children = node.kind === "array" ? node.items : node.kind === "object" ? node.members.map((member) => member.value) : [];
  for (const child of children) {
    const inner = valueAround(child, start, end);
    if (inner !== undefined) return inner;
  }
  return node;
}

function cutOut(bytes: Uint8Array, cuts: readonly Cut[]): Buffer {
  // By start, the longer first: a cut inside another has nothing left to do.
  const ordered = [...cuts].sort((a, b) => a.start - b.start || b.end - a.end);
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const cut of ordered) {
    if (cut.start < at) continue;
    pieces.push(bytes.subarray(at, cut.start), cut.by);
    at = cut.end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
