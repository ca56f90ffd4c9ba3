import type { JsonNode } from "../model/json.js";
import type { Collected, Frame } from "./collector.js";
import { placeIn, rangeOf, valueOf } from "./collector.js";
import type { KnownNames, Place } from "./place.js";
import type { FreeJsonBounds } from "./schema.js";

interface Count {
  keys: number;
  scalars: number;
  numbers: number;
  exceeded: boolean;
}

/**
 * Walks what no schema types: every string and every unnamed key goes to the text rules, the whole to the shape rules. With `bounds`
 * a free JSON field is also held to how much a log may hold.
 */
export function walkFree(
  node: JsonNode,
  place: Place | undefined,
  frame: Frame,
  into: Collected,
  names: KnownNames,
  bounds?: FreeJsonBounds,
): void {
  const count: Count = { keys: 0, scalars: 0, numbers: 0, exceeded: false };
  visit(node, place, frame, into, names, bounds, count, 0);
  if (node.kind === "object" || node.kind === "array") into.trees.push({ root: node, frame, place });
  if (bounds === undefined) return;
  const dense = count.numbers > bounds.numbers && count.numbers > bounds.numberShare * count.scalars;
  if (count.exceeded || count.keys > bounds.keys || dense) {
    into.drafts.push({
      rule: "schema/out-of-bounds",
      frame,
      place: placeIn(frame, place),
      range: rangeOf(node, frame),
      value: valueOf(node, frame),
      why: "The free field is deeper, larger or fuller of numbers than the payload schema allows, so it carries data and not a log.",
    });
  }
}

function visit(
  node: JsonNode,
  place: Place | undefined,
  frame: Frame,
  into: Collected,
  names: KnownNames,
  bounds: FreeJsonBounds | undefined,
  count: Count,
  depth: number,
): void {
  if (bounds !== undefined && depth > bounds.depth) count.exceeded = true;
  switch (node.kind) {
    case "object":
      count.keys += node.members.length;
      for (const { key, value } of node.members) {
        const at: Place = { parent: place, step: key.text };
        if (!names.has(key.text)) {
          into.texts.push({
            text: key.text,
            frame,
            place: placeIn(frame, at),
            range: rangeOf(key, frame),
            kind: "key",
            typed: false,
            number: false,
          });
        }
        if (names.isRuleKey(key.text)) into.named.push({ name: key.text, value, frame, place: at });
        visit(value, at, frame, into, names, bounds, count, depth + 1);
      }
      return;
    case "array":
      if (bounds !== undefined && node.items.length > bounds.arrayLength) count.exceeded = true;
      node.items.forEach((item, index) => visit(item, { parent: place, step: index }, frame, into, names, bounds, count, depth + 1));
      return;
    case "string":
      count.scalars += 1;
      if (bounds !== undefined && node.text.length > bounds.stringLength) count.exceeded = true;
      if (node.text !== "")
        into.texts.push({ text: node.text, frame, place, range: rangeOf(node, frame), kind: "value", typed: false, number: false });
      return;
    case "number":
      count.scalars += 1;
      count.numbers += 1;
      // Shorter numbers prove nothing under any rule (design.md, "Evidence").
      if (node.text.length >= 9)
        into.texts.push({ text: node.text, frame, place, range: rangeOf(node, frame), kind: "value", typed: false, number: true });
      return;
    default:
      count.scalars += 1;
  }
}
