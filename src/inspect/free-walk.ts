import type { JsonArray, JsonNode, JsonNumber } from "../model/json.js";
import type { Collected, Frame, Text } from "./collector.js";
import { addKey, placeIn, rangeOf, valueOf } from "./collector.js";
import { codedOf, joinedOf } from "./joined.js";
import { calledIn, calledInPairs } from "./pairs.js";
import type { Called } from "./pairs.js";
import { keyOf } from "./place.js";
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
        if (!names.has(key.text)) addKey(key, at, frame, into);
        if (names.isRuleKey(key.text)) into.named.push({ name: key.text, value, frame, place: at });
        visit(value, at, frame, into, names, bounds, count, depth + 1);
      }
      for (const called of calledIn(node, place, names)) addCalled(called, place, frame, into, names);
      return;
    case "array":
      if (bounds !== undefined && node.items.length > bounds.arrayLength) count.exceeded = true;
      node.items.forEach((item, index) => visit(item, { parent: place, step: index }, frame, into, names, bounds, count, depth + 1));
      for (const called of calledInPairs(node, names)) addCalled(called, place, frame, into, names);
      addJoined(node, place, frame, into);
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
      addNumber(node, place, frame, into, names);
      return;
    default:
      count.scalars += 1;
  }
}

/** Digits from which on a number may be one of a person's by itself, and under a name that says so (design.md, "Evidence"). */
const DIGITS = 9;
const NAMED_DIGITS = 5;

function addNumber(node: JsonNumber, place: Place | undefined, frame: Frame, into: Collected, names: KnownNames, name?: string): void {
  const text = wholeNumber(node.text);
  const called = name ?? keyOf(place);
  if (text.length >= DIGITS || (text.length >= NAMED_DIGITS && called !== undefined && names.isNumberName(called)))
    into.texts.push({
      text,
      frame,
      place,
      range: rangeOf(node, frame),
      kind: "value",
      ...(name === undefined ? {} : { name }),
      typed: false,
      number: true,
    });
}

/** `31612345678.0` and `4.111e15` are whole numbers as well, as tables with gaps and some printers write them. */
function wholeNumber(text: string): string {
  if (!/[.eE]/.test(text)) return text;
  const value = Number(text);
  return Number.isSafeInteger(value) ? String(value) : text;
}

function addJoined(node: JsonArray, place: Place | undefined, frame: Frame, into: Collected): void {
  const add = (text: string | undefined, to: Text[]): void => {
    if (text === undefined) return;
    const range = rangeOf(node, frame);
    const joined: Frame = { view: `${frame.view}>joined`, base: frame.base, bytes: undefined, anchor: frame.anchor ?? { place, range } };
    to.push({ text, frame: joined, place, range, kind: "value", typed: false, number: false });
  };
  add(joinedOf(node), into.texts);
  add(codedOf(node), into.coded);
}

/** What stands there under another name than its member's. */
function addCalled({ name, node, steps }: Called, place: Place | undefined, frame: Frame, into: Collected, names: KnownNames): void {
  let at = place;
  for (const step of steps) at = { parent: at, step };
  if (names.isRuleKey(name)) into.named.push({ name, value: node, frame, place: at });
  if (node.kind === "number") addNumber(node, at, frame, into, names, name);
  else if (node.kind === "string" && node.text !== "")
    into.texts.push({ text: node.text, frame, place: at, range: rangeOf(node, frame), kind: "value", name, typed: false, number: false });
}
