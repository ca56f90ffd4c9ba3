import type { JsonNode, JsonObject } from "../../model/json.js";
import { compactName, keyOf } from "../place.js";
import { numbersOf, numericNames, outermost } from "./shape.js";
import type { Shape } from "./shape.js";

/** Sets of names that together give a box, an ellipse or a cuboid (compact: no underscores). */
const NAME_SETS: readonly (readonly string[])[] = [
  ["xmin", "ymin", "xmax", "ymax"],
  ["minx", "miny", "maxx", "maxy"],
  ["x1", "y1", "x2", "y2"],
  ["x0", "y0", "x1", "y1"],
  ["left", "top", "right", "bottom"],
  ["left", "top", "width", "height"],
  ["x", "y", "width", "height"],
  ["x", "y", "w", "h"],
  ["xcenter", "ycenter", "width", "height"],
  ["centerx", "centery", "width", "height"],
  ["centerx", "centery", "radius"],
  ["cx", "cy", "rx", "ry"],
  ["cx", "cy", "w", "h"],
  ["cx", "cy", "r"],
  ["x", "y", "radius"],
  ["xc", "yc", "w", "h"],
];

const BOX_KEYS: ReadonlySet<string> = new Set("bbox bboxes box boxes boundingbox boundingboxes rect rectangle roi bounds extent xyxy xywh".split(" "));
const LINE_KEYS: ReadonlySet<string> = new Set(
  "points polygon polygons polyline segmentation segmentations contour contours vertices keypoints landmarks coords coordinates path outline exterior".split(" "),
);

/** Points that make a shape: fewer pairs are more often ranges or pages. */
const FEWEST_POINTS = 3;

export const geometry: Shape = {
  tree: (root, place) => outermost(root, place, keyOf(place), isGeometry),
};

function isGeometry(node: JsonNode, key: string | undefined): boolean {
  if (node.kind === "object") return isBoxObject(node);
  if (node.kind !== "array") return false;
  const name = key === undefined ? "" : compactName(key);
  const numbers = numbersOf(node);
  if (numbers !== undefined) return (numbers.length === 4 && BOX_KEYS.has(name)) || (numbers.length >= 6 && LINE_KEYS.has(name));
  if (node.items.some((item) => item.kind === "object" && isBoxObject(item))) return true;
  return isBoxRows(node.items, name) || isPointList(node.items, name);
}

function isBoxObject(node: JsonObject): boolean {
  if (node.members.length < 3) return false;
  const names = numericNames(node);
  return names.size >= 3 && NAME_SETS.some((set) => set.every((name) => names.has(name)));
}

/** `[[120, 44, 310, 220], …]`: rows of four where the second pair lies beyond the first, or under a box's name. */
function isBoxRows(items: readonly JsonNode[], name: string): boolean {
  if (items.length < 1) return false;
  const rows = items.map(numbersOf);
  if (!rows.every((row) => row !== undefined && row.length === 4)) return false;
  if (BOX_KEYS.has(name)) return true;
  return items.length >= 2 && rows.every((row) => row !== undefined && Number(row[2]) > Number(row[0]) && Number(row[3]) > Number(row[1]));
}

/** `[[x, y], …]`, `[[x, y, z], …]` or `[{x, y}, …]`. */
function isPointList(items: readonly JsonNode[], name: string): boolean {
  if (items.length < FEWEST_POINTS) return false;
  if (items.every((item) => item.kind === "object" && isPoint(item))) return true;
  const rows = items.map(numbersOf);
  if (!rows.every((row) => row !== undefined && (row.length === 2 || row.length === 3))) return false;
  if (LINE_KEYS.has(name)) return true;
  // A chart's series also is a list of pairs; its first column only grows. An outline turns back.
  const firsts = rows.map((row) => Number(row?.[0]));
  return !firsts.every((value, index) => index === 0 || value > Number(firsts[index - 1]));
}

function isPoint(node: JsonObject): boolean {
  const names = numericNames(node);
  return names.has("x") && names.has("y");
}
