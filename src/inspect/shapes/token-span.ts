import type { JsonNode, JsonObject } from "../../model/json.js";
import { baseName } from "../place.js";
import { nearlyAll, numbersOf } from "./shape.js";
import type { Shape } from "./shape.js";

/** Spans over a text: a start and an end (or a length) beside a label; `[start, end, "LABEL"]`; tags of the BIO scheme. */
export const tokenSpan: Shape = {
  judge: (node) => {
    if (node.kind === "object") return isSpan(node);
    if (node.kind !== "array") return false;
    return node.items.some((item) => (item.kind === "object" && isSpan(item)) || isSpanRow(item)) || isTagRow(node.items);
  },
};

const START = [
  "start",
  "starttoken",
  "startchar",
  "begin",
  "startoffset",
  "from",
  "offset",
  "b",
  "s",
  "charstart",
  "tokenstart",
  "beginoffset",
  "startindex",
  "startpos",
  "first",
  "startidx",
  "beg",
  "lo",
  "spanstart",
  "begintoken",
  "startword",
];
const END = [
  "end",
  "endtoken",
  "endchar",
  "stop",
  "endoffset",
  "to",
  "length",
  "len",
  "e",
  "charend",
  "tokenend",
  "endindex",
  "endpos",
  "last",
  "endidx",
  "hi",
  "until",
  "finish",
  "spanend",
  "endword",
];
const LABEL = [
  "label",
  "labels",
  "entity",
  "entitygroup",
  "entitytype",
  "tag",
  "labelfileid",
  "enttype",
  "type",
  "category",
  "class",
  "cls",
  "t",
  "ner",
  "nertag",
  "concept",
  "role",
  "ent",
  "l",
  "name",
  "classname",
  "labelname",
  "kind",
];

const SPAN = ["span", "offset", "offsets", "range", "tokens", "chars", "indices", "position"];

const PART_NAMES = ["start", "end", "label", "span"] as const;
type Part = (typeof PART_NAMES)[number];

const NAMES: Readonly<Record<Part, readonly string[]>> = { start: START, end: END, label: LABEL, span: SPAN };

/** `offset` is a start as well as a span. */
const PARTS: ReadonlyMap<string, readonly Part[]> = new Map(
  [...START, ...END, ...LABEL, ...SPAN].map((name) => [name, PART_NAMES.filter((part) => NAMES[part].includes(name))]),
);

function isSpan(node: JsonObject): boolean {
  if (!node.members.some(({ value }) => value.kind === "number" || value.kind === "array")) return false;
  const found: Record<Part, JsonNode[]> = { start: [], end: [], label: [], span: [] };
  for (const { key, value } of node.members) for (const part of PARTS.get(baseName(key.text)) ?? []) found[part].push(value);
  // Any of several will do: one that is null or a name of something else must not stand before the one that counts.
  const labels = found.label.filter(({ kind }) => kind === "string" || kind === "number" || kind === "array");
  if (labels.length === 0) return false;
  if (labels.some(({ kind }) => kind === "string") && found.span.some((value) => numbersOf(value)?.length === 2)) return true;
  // Pages and times are ranges as well: names that only ranges of text have, or an end that a text reaches.
  return found.start.some(
    (start) => isCount(start) && found.end.some((end) => end !== start && isCount(end) && Number(textOf(end)) < 1_000_000),
  );
}

function isSpanRow(node: JsonNode): boolean {
  if (node.kind !== "array" || node.items.length < 3 || node.items.length > 4) return false;
  const counts = node.items.filter(isCount).map((item) => Number(textOf(item)));
  return (
    counts.length === 2 &&
    Number(counts[0]) < Number(counts[1]) &&
    node.items.some((item) => item.kind === "string" && /^[\p{L}][\p{L}\p{N}_ -]{0,40}$/u.test(item.text))
  );
}

function isTagRow(items: readonly JsonNode[]): boolean {
  return (
    items.length >= 3 &&
    nearlyAll(items, 3, (item) => item.kind === "string" && /^(?:O|[BIESLU]-[A-Za-z_]{2,24})$/.test(item.text)) &&
    items.some((item) => item.kind === "string" && /^[BIESLU]-/.test(item.text))
  );
}

function isCount(node: JsonNode): boolean {
  return node.kind === "number" && /^\d{1,7}$/.test(node.text);
}

function textOf(node: JsonNode): string {
  return node.kind === "number" || node.kind === "string" ? node.text : "";
}
