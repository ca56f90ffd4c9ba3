import { member } from "../../model/json.js";
import type { JsonNode, JsonObject } from "../../model/json.js";
import { baseName } from "../place.js";
import { itemsOf, nearlyAll, numbersOf, numericNames } from "./shape.js";
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
  "feature",
  "featurecollection",
  "point",
  "multipoint",
  "linestring",
  "multilinestring",
  "polygon",
  "multipolygon",
  "geometrycollection",
]);

/** GeoJSON (RFC 7946); Elasticsearch writes its types in small letters. */
export const geojson = ofObjects((node) => {
  const type = member(node, "type");
  return (
    type?.kind === "string" &&
    GEO_TYPES.has(type.text.toLowerCase()) &&
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

/** Numbers that are an embedding, pixels or a matrix: many in one list, or many fractions. */
export const numericArray: Shape = {
  judge: (node) => {
    const items = itemsOf(node);
    if (items === undefined || items.length < 4) return false;
    if (isDense(items)) return true;
    const rows = items.map(numbersOf);
    return (
      nearlyAll(rows, 4, (row) => row !== undefined && row.length >= 4) && rows.reduce((sum, row) => sum + (row?.length ?? 0), 0) >= 32
    );
  },
};

const FRACTION = /^-?\d{0,7}\.\d{1,20}$/;

/** Other items are passed over: one null in an embedding leaves it one. Whole numbers in texts are ids as often. */
function isDense(items: readonly JsonNode[]): boolean {
  let numbers = 0;
  let texts = 0;
  let fractions = 0;
  for (const item of items) {
    if (item.kind === "number") {
      numbers += 1;
      if (!Number.isInteger(Number(item.text))) fractions += 1;
    } else if (item.kind === "string" && item.text.length <= 28 && FRACTION.test(item.text)) {
      texts += 1;
      fractions += 1;
    }
  }
  const all = numbers + texts;
  return numbers >= 256 || (all >= 16 && fractions * 2 > all && all * 2 >= items.length);
}

/** YOLO as numbers: rows of a class and four fractions or more. */
export const yolo: Shape = {
  judge: (node) => {
    if (node.kind !== "array" || node.items.length === 0) return false;
    return nearlyAll(node.items, 1, (item) => {
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
