import type { ByteRange, Finding } from "../model/finding.js";
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
 * Replaces the value under each range by the redaction mark; every other byte stays as it is. The smallest whole JSON value that holds
 * a range is replaced, so the result is JSON again, and nothing of a value stays behind.
 *
 * @param bytes the JSON text that `root` and the ranges count in
 * @returns undefined where a range is in no value but the whole: what can't be replaced is not let out
 */
export function replaceValues(bytes: Uint8Array, root: JsonNode, ranges: readonly ByteRange[]): Buffer | undefined {
  const cuts: Cut[] = [];
  for (const range of ranges) {
    const value = valueAround(root, range);
    if (value === root) return undefined;
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
    const index = range === undefined ? -1 : batch.items.findIndex((item) => holds(item, range));
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

/** The smallest value that holds the range; the root, where none of its own does. Keys are no values: a range in a key leads to the object around it. */
function valueAround(root: JsonNode, range: ByteRange): JsonNode {
  let around = root;
  for (let inner: JsonNode | undefined = root; inner !== undefined; inner = valuesIn(around).find((value) => holds(value, range)))
    around = inner;
  return around;
}

function valuesIn(node: JsonNode): readonly JsonNode[] {
  if (node.kind === "object") return node.members.map((member) => member.value);
  return node.kind === "array" ? node.items : [];
}

function holds({ start, end }: JsonNode, range: ByteRange): boolean {
  return start <= range[0] && range[1] <= end;
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
