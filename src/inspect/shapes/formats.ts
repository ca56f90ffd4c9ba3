import { member } from "../../model/json.js";
import type { JsonMember, JsonNode, JsonObject } from "../../model/json.js";
import { baseName } from "../place.js";
import { numbersOf, numericNames } from "./shape.js";
import type { Shape } from "./shape.js";

/** COCO: annotations beside categories or images, or one annotation by `category_id` and its box or outline. */
export const coco = ofObjects(
  (node) =>
    (isList(node, "annotations") && (isList(node, "categories") || isList(node, "images"))) ||
    (has(node, "category_id") && (has(node, "bbox") || has(node, "segmentation") || has(node, "keypoints"))),
);

/** Pascal VOC as an object: the XML is found as text. */
export const voc = ofObjects((node) => has(node, "bndbox"));

/** labelme: `shapes` of labelled points. */
export const labelme = ofObjects((node) => {
  if (
    has(node, "shape_attributes") ||
    has(node, "rectanglelabels") ||
    has(node, "polygonlabels") ||
    has(node, "keypointlabels") ||
    has(node, "brushlabels") ||
    (has(node, "from_name") && has(node, "to_name"))
  )
    return true;
  const shapes = member(node, "shapes");
  return (
    shapes?.kind === "array" &&
    shapes.items.some((item) => item.kind === "object" && has(item, "points") && (has(item, "label") || has(item, "shape_type")))
  );
});

const GEO_TYPES: ReadonlySet<string> = new Set([
  "Feature",
  "FeatureCollection",
  "Point",
  "MultiPoint",
  "LineString",
  "MultiLineString",
  "Polygon",
  "MultiPolygon",
  "GeometryCollection",
]);

/** GeoJSON (RFC 7946). */
export const geojson = ofObjects((node) => {
  const type = member(node, "type");
  return (
    type?.kind === "string" &&
    GEO_TYPES.has(type.text) &&
    (has(node, "coordinates") || has(node, "geometry") || has(node, "features") || has(node, "geometries"))
  );
});

/** Run-length masks: COCO's `counts` and `size`, or runs under a mask's name, as a list or a text. */
export const rleMask: Shape = {
  judge: (node, key) => {
    if (node.kind === "array") return RUN_KEYS.test(key === undefined ? "" : baseName(key)) && (numbersOf(node)?.length ?? 0) >= 4;
    if (node.kind !== "object") return false;
    const size = firstOf(node, ["size", "shape", "dims", "hw", "image_size"]);
    if (has(node, "counts") && size !== undefined && numbersOf(size)?.length === 2) return true;
    const names = numericNames(node);
    const isSized = size !== undefined || (names.has("width") && names.has("height")) || (names.has("w") && names.has("h"));
    return node.members.some(
      ({ key: name, value }) =>
        // The name last: to spell it out costs most.
        (holdsRuns(value) || (isSized && value.kind === "string" && value.text.length > 8)) && RUN_KEYS.test(baseName(name.text)),
    );
  },
};

const RUN_KEYS =
  /^(?:rles?|runs?|runlengths?|rlemasks?|maskrles?|encodedpixels|masks?|masktoken|segmentationmask|segmentmask|counts?|bitmask|pixelmask|encodedmask|segmask|lengths)$/;

function holdsRuns(node: JsonNode): boolean {
  if (node.kind === "string") return node.text.length >= 11 && /^\s*\d+(?:[ ,;]+\d+){5,}\s*$/.test(node.text);
  if (node.kind === "object") return has(node, "counts") || has(node, "data") || has(node, "runs");
  return (
    (numbersOf(node)?.length ?? 0) >= 3 ||
    (node.kind === "array" && node.items.length >= 2 && node.items.every((item) => numbersOf(item)?.length === 2))
  );
}

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
  const found = new Map<Part, JsonMember>();
  for (const entry of node.members) {
    for (const part of PARTS.get(baseName(entry.key.text)) ?? []) if (!found.has(part)) found.set(part, entry);
  }
  const [start, end, label] = [found.get("start"), found.get("end"), found.get("label")];
  const span = found.get("span")?.value;
  if (label === undefined || label.value.kind === "null") return false;
  if (span !== undefined && numbersOf(span)?.length === 2 && label.value.kind === "string") return true;
  if (start === undefined || end === undefined || !isCount(start.value) || !isCount(end.value)) return false;
  // Pages and times are ranges as well: names that only ranges of text have, or an end that a text reaches.
  return (
    Number(textOf(end.value)) < 1_000_000 &&
    (label.value.kind === "string" || label.value.kind === "number" || label.value.kind === "array")
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
    items.every((item) => item.kind === "string" && /^(?:O|[BIESLU]-[A-Za-z_]{2,24})$/.test(item.text)) &&
    items.some((item) => item.kind === "string" && item.text !== "O")
  );
}

function isCount(node: JsonNode): boolean {
  return node.kind === "number" && /^\d{1,7}$/.test(node.text);
}

function textOf(node: JsonNode): string {
  return node.kind === "number" || node.kind === "string" ? node.text : "";
}

const LABEL_KEYS =
  /^(?:labels?names?|labels|labelmap|labellist|labelset|labelschema|labelnamesmap|labelconfig|labeloptions|classnames?|classes|classlist|classlabels|classmap|categorynames|groupnames|objectclasses|objectnames|idtolabel|labeltoid|id2label|label2id|id2name|ontology|taxonomy|annotationlabels|knownlabels|usedlabels|newlabels|missinglabels|unknownlabels|modelclasses|targetclasses|trainclasses|grouplabels|labeltitles|labelcounts|labelcount|classcounts|countsbylabel|countbylabel|perlabel|bylabel|labelstats|labeldistribution|classdistribution|labelhistogram|tagnames|attributenames)$/;

const NO_LABEL = /^[-\d.:/TZ+ ]*$/;

/** Names that often, not always, stand over labels: a list under them needs three short names. */
const LIST_KEYS =
  /(?:labels|classes|categories|tags|classnames|labelnames|groups|species|names|targets|vocabulary|vocab|concepts|entities|attributes|objecttypes|options|findings|diagnoses|legend)$/;

/** Names of labels in bulk: texts, or names of members, under a label list's name, other than dates and numbers; maps between names and numbers. */
export const labelNames: Shape = {
  judge: (node, key) => {
    const name = key === undefined ? "" : baseName(key);
    const isNamed = LABEL_KEYS.test(name);
    if (node.kind === "array") {
      if (isNamed && node.items.some((item) => isLabel(item) || isNamedObject(item))) return true;
      if (!LIST_KEYS.test(name) && !/label|class(?!ic)|categor|ontolog/.test(name)) return false;
      return (
        node.items.length >= 2 &&
        (node.items.every((item) => isNamedObject(item)) ||
          (node.items.length >= 3 && node.items.every((item) => isLabel(item) && isShortName(item))))
      );
    }
    if (node.kind !== "object") return false;
    if (isNamed && node.members.some((entry) => isLabel(entry.value) || (entry.value.kind === "number" && !NO_LABEL.test(entry.key.text))))
      return true;
    return isNumbered(node);
  },
};

/** `{"0": "car", "1": "truck", …}` or `{"car": 0, "truck": 1, …}`. */
function isNumbered(node: JsonObject): boolean {
  if (node.members.length < 3) return false;
  const first = Number(node.members[0]?.key.text);
  if (
    node.members.every(
      ({ key, value }, index) => Number(key.text) === first + index && value.kind === "string" && isShortName(value) && isLabel(value),
    )
  )
    return true;
  const start = node.members[0]?.value;
  return (
    start?.kind === "number" &&
    /^[01]$/.test(start.text) &&
    node.members.every(({ value }, index) => value.kind === "number" && Number(value.text) === Number(start.text) + index)
  );
}

function isNamedObject(node: JsonNode): boolean {
  return (
    node.kind === "object" &&
    node.members.some(
      (entry) =>
        /^(?:name|label|title|class|value|displayname|labelname|classname|readablename)$/.test(baseName(entry.key.text)) &&
        isLabel(entry.value),
    )
  );
}

function isShortName(node: JsonNode): boolean {
  return node.kind === "string" && /^\p{L}[\p{L}\p{N} _/-]{0,40}$/u.test(node.text);
}

function isLabel(node: JsonNode): boolean {
  return node.kind === "string" && !NO_LABEL.test(node.text);
}

/** Numbers that are an embedding, pixels or a matrix: many in one list, or many fractions. */
export const numericArray: Shape = {
  judge: (node) => {
    if (node.kind !== "array") return false;
    const flat = numbersOf(node);
    if (flat !== undefined)
      return flat.length >= 256 || (flat.length >= 16 && flat.filter((value) => !Number.isInteger(value)).length * 2 > flat.length);
    const rows = node.items.map(numbersOf);
    return (
      rows.length >= 4 &&
      rows.every((row) => row !== undefined && row.length >= 4) &&
      rows.reduce((sum, row) => sum + (row?.length ?? 0), 0) >= 32
    );
  },
};

/** YOLO as numbers: rows of a class and four fractions or more. */
export const yolo: Shape = {
  judge: (node) => {
    if (node.kind !== "array" || node.items.length === 0) return false;
    return node.items.every((item) => {
      const [kind, ...places] = numbersOf(item) ?? [];
      return (
        kind !== undefined &&
        Number.isInteger(kind) &&
        kind >= 0 &&
        places.length >= 4 &&
        places.every((value) => value >= 0 && value <= 1) &&
        places.some((value) => !Number.isInteger(value))
      );
    });
  },
};

/** Names of which a judge of `ofObjects` asks for one at least. */
const TELLING: ReadonlySet<string> = new Set(
  (
    "annotations category_id bndbox shape_attributes rectanglelabels polygonlabels keypointlabels brushlabels from_name shapes " +
    "coordinates geometry features geometries"
  ).split(" "),
);

let asked: JsonObject | undefined;
let tells = false;

/** Remembers the last object, of which each of them asks. */
function holdsTelling(node: JsonObject): boolean {
  if (node === asked) return tells;
  asked = node;
  tells = node.members.some(({ key }) => TELLING.has(key.text));
  return tells;
}

function ofObjects(judge: (node: JsonObject) => boolean): Shape {
  return { judge: (node) => node.kind === "object" && holdsTelling(node) && judge(node) };
}

function has(node: JsonObject, name: string): boolean {
  return member(node, name) !== undefined;
}

function isList(node: JsonObject, name: string): boolean {
  const value = member(node, name);
  return value?.kind === "array" && value.items.some((item) => item.kind === "object");
}

function firstOf(node: JsonObject, names: readonly string[]): JsonNode | undefined {
  for (const name of names) {
    const value = member(node, name);
    if (value !== undefined) return value;
  }
  return undefined;
}
