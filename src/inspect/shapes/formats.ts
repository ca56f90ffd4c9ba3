import { member } from "../../model/json.js";
import type { JsonNode, JsonObject } from "../../model/json.js";
import { keyOf } from "../place.js";
import { numbersOf, outermost } from "./shape.js";
import type { Judge, Shape } from "./shape.js";

/** COCO: annotations beside categories or images, or one annotation by `category_id` and its box or outline. */
export const coco = ofObjects((node) => (isList(node, "annotations") && (isList(node, "categories") || isList(node, "images"))) || (has(node, "category_id") && (has(node, "bbox") || has(node, "segmentation"))));

/** Pascal VOC as an object: the XML is found as text. */
export const voc = ofObjects((node) => has(node, "bndbox"));

/** labelme: `shapes` of labelled points. */
export const labelme = ofObjects((node) => {
  const shapes = member(node, "shapes");
  return shapes?.kind === "array" && shapes.items.some((item) => item.kind === "object" && has(item, "points") && (has(item, "label") || has(item, "shape_type")));
});

const GEO_TYPES: ReadonlySet<string> = new Set(["Feature", "FeatureCollection", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]);

/** GeoJSON (RFC 7946). */
export const geojson = ofObjects((node) => {
  const type = member(node, "type");
  return type?.kind === "string" && GEO_TYPES.has(type.text) && (has(node, "coordinates") || has(node, "geometry") || has(node, "features") || has(node, "geometries"));
});

/** Run-length masks: COCO's `counts` and `size`, or a list of runs under a mask's name. */
export const rleMask = ofObjects((node) => {
  const size = member(node, "size");
  return (has(node, "counts") && size !== undefined && numbersOf(size)?.length === 2) || (has(node, "rle") && (has(node, "width") || has(node, "size")));
});

/** Spans over a text: a start and an end beside a label. */
export const tokenSpan: Shape = {
  tree: (root, place) => outermost(root, place, keyOf(place), (node) => (node.kind === "array" ? node.items.some((item) => item.kind === "object" && isSpan(item)) : node.kind === "object" && isSpan(node))),
};

function isSpan(node: JsonObject): boolean {
  const start = firstOf(node, ["start", "start_token", "start_char", "begin", "start_offset"]);
  const end = firstOf(node, ["end", "end_token", "end_char", "stop", "end_offset"]);
  const label = firstOf(node, ["label", "labels", "entity", "entity_group", "tag", "label_file_id", "ent_type"]);
  return start?.kind === "number" && end?.kind === "number" && label !== undefined;
}

const LABEL_KEYS: ReadonlySet<string> = new Set(["labels", "label_names", "class_names", "classes", "label_map", "label_list", "group_names", "label_names_map"]);

/** Names of labels in bulk: texts under a label list's name, other than dates and numbers. */
export const labelNames: Shape = {
  tree: (root, place) =>
    outermost(root, place, keyOf(place), (node, key) => {
      if (key === undefined || !LABEL_KEYS.has(key.toLowerCase())) return false;
      const values: readonly JsonNode[] = node.kind === "array" ? node.items : node.kind === "object" ? node.members.map((entry) => entry.value) : [];
      return values.some((value) => value.kind === "string" && value.text !== "" && !/^[-\d.:/TZ+ ]+$/.test(value.text));
    }),
};

/** Numbers that are an embedding, pixels or a matrix: many in one list, or many fractions. */
export const numericArray: Shape = {
  tree: (root, place) =>
    outermost(root, place, keyOf(place), (node) => {
      if (node.kind !== "array") return false;
      const flat = numbersOf(node);
      if (flat !== undefined) return flat.length >= 256 || (flat.length >= 16 && flat.filter((value) => !Number.isInteger(value)).length * 2 > flat.length);
      const rows = node.items.map(numbersOf);
      return rows.length >= 4 && rows.every((row) => row !== undefined && row.length >= 4) && rows.reduce((sum, row) => sum + (row?.length ?? 0), 0) >= 32;
    }),
};

function ofObjects(judge: (node: JsonObject) => boolean): Shape {
  const outer: Judge = (node) => node.kind === "object" && judge(node);
  return { tree: (root, place) => outermost(root, place, keyOf(place), outer) };
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
