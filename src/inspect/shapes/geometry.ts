import type { JsonNode, JsonObject } from "../../model/json.js";
import { baseName } from "../place.js";
import { isContainer, nearlyAll, numbersOf, numericNames } from "./shape.js";
import type { Shape } from "./shape.js";

/** Names of a width, a height or another extent (compact: small letters and digits). */
const EXTENTS: ReadonlySet<string> = new Set(
  "w h width height wd ht len length depth l d r rx ry radius radiusx radiusy diameter size sizex sizey a b major minor semimajor semiminor dx dy dw dh boxwidth boxheight bw bh rad".split(
    " ",
  ),
);

/** Sets of names without an x and a y that together give a box. */
const NAME_SETS: readonly (readonly string[])[] = [
  ["left", "top", "right", "bottom"],
  ["left", "top", "width", "height"],
  ["l", "t", "r", "b"],
  ["l", "t", "w", "h"],
  ["x", "y", "w", "h"],
  ["col", "row", "width", "height"],
  ["c0", "r0", "c1", "r1"],
  ["west", "south", "east", "north"],
  ["minrow", "mincol", "maxrow", "maxcol"],
  ["rowmin", "colmin", "rowmax", "colmax"],
  ["startrow", "startcol", "endrow", "endcol"],
];

const BOX_KEYS =
  /^(?:bb|bbox(?:es)?|bnds?|bndbox|box(?:es)?\d?d?|boundingbox(?:es)?|boundingrect|boundingpoly|rects?|rectangles?|roi|rois|bounds|extent|xyxy|xywh|cxcywh|ltrb|ltwh|tlbr|region|area_box|crop|cropbox|obb|rbox|rotatedbox|frame_?box|detection|detections|location|loc)n?$/;
const LINE_KEYS =
  /^(?:pts?|points?|polys?|polygons?|polylines?|line|lines|segmentation|segmentations|segments?|seg|contours?|vertices|vertexes|vertex|verts|corners|keypoints?|kps?|kpts|landmarks?|joints|skeleton|pose|nodes|coords?|coordinates|xy|xys|path|paths|outline|boundary|exterior|interior|rings?|hull|shape|curve|spline|quad|quads|obb|trajectory|track|stroke|strokes|knots|anchors?|outer|inner|geometry|geom|mask)$/;

/** Vectors of a solid: where it is, how large, how it is turned. */
const SOLID_KEYS =
  /^(?:(?:box)?cent(?:er|re)|centroid|position|pos|location|loc|origin|translation|t|dims?|dimensions?|size|scale|extents?|half_?extents?|whl|lwh|xyz|rotation|rot|orientation|quaternion|q|heading|euler|pose)(?:3d|xyz)?$/;

/** Points that make a shape: fewer pairs are more often ranges or pages. */
const FEWEST_POINTS = 3;

export const geometry: Shape = {
  judge: isGeometry,
};

function isGeometry(node: JsonNode, key: string | undefined): boolean {
  if (node.kind === "object") return isBoxObject(node) || isSolid(node) || isAxes(node);
  if (node.kind !== "array") return false;
  const name = key === undefined ? "" : baseName(key);
  const numbers = numbersOf(node);
  if (numbers !== undefined) return isFlat(numbers, name);
  if (node.items.some((item) => item.kind === "object" && isBoxObject(item))) return true;
  return isBoxRows(node.items, name) || isPointList(node.items, name);
}

/** Numbers in one row: a box or an outline by its name, keypoints by their visibility in every third place. */
function isFlat(numbers: readonly number[], name: string): boolean {
  if ((numbers.length === 4 || numbers.length === 5) && BOX_KEYS.test(name)) return true;
  if (numbers.length === 8 && (BOX_KEYS.test(name) || LINE_KEYS.test(name))) return true;
  if (numbers.length >= 6 && LINE_KEYS.test(name)) return true;
  return (
    numbers.length >= 9 &&
    numbers.length % 3 === 0 &&
    numbers.every((value, index) => index % 3 !== 2 || value === 0 || value === 1 || value === 2) &&
    numbers.some((value, index) => index % 3 !== 2 && value > 2)
  );
}

function isBoxObject(node: JsonObject): boolean {
  if (node.members.length < 3) return false;
  const names = numericNames(node);
  if (names.size < 3) return false;
  if (NAME_SETS.some((set) => set.every((name) => names.has(name)))) return true;
  const pairs = axisPairs(names);
  if (pairs >= 2) return true;
  let extents = 0;
  for (const name of names) if (EXTENTS.has(name)) extents += 1;
  return (
    pairs === 1 &&
    (extents >= 2 || (extents === 1 && /^(?:r|radius|rad|diameter|size)$/.test([...names].find((name) => EXTENTS.has(name)) ?? "")))
  );
}

/** Names that differ in x and y alone: `x1`/`y1`, `xmin`/`ymin`, `tlx`/`tly`, `startx`/`starty`, `cx`/`cy`, `xtl`/`ytl`. */
function axisPairs(names: ReadonlySet<string>): number {
  let pairs = 0;
  for (const name of names) {
    for (let at = name.indexOf("x"); at >= 0; at = name.indexOf("x", at + 1)) {
      const other = `${name.slice(0, at)}y${name.slice(at + 1)}`;
      if (names.has(other)) {
        pairs += 1;
        break;
      }
    }
  }
  return pairs;
}

/** A cuboid: two vectors or more under names of a place, a size or a turn; or x, y, z with a size beside them. */
function isSolid(node: JsonObject): boolean {
  let vectors = 0;
  for (const { key, value } of node.members) if (isContainer(value) && SOLID_KEYS.test(baseName(key.text)) && isVector(value)) vectors += 1;
  if (vectors >= 2) return true;
  const names = numericNames(node);
  const hasPlace = [...names].some((name) => name.includes("x") && names.has(name.replace("x", "y")) && names.has(name.replace("x", "z")));
  return (
    hasPlace &&
    (vectors >= 1 ||
      ["length", "width", "height", "yaw", "l", "w", "h", "roll", "pitch", "sx", "dx", "heading", "rotationy", "ry", "rz"].filter((name) =>
        names.has(name),
      ).length >= 2)
  );
}

function isVector(node: JsonNode): boolean {
  if (node.kind === "object") {
    const names = numericNames(node);
    return (
      (names.has("x") && names.has("y")) ||
      (names.has("width") && names.has("height")) ||
      (names.has("length") && names.has("width")) ||
      (names.has("w") && names.has("h")) ||
      (names.has("l") && names.has("w")) ||
      (names.has("roll") && names.has("yaw"))
    );
  }
  const numbers = numbersOf(node);
  return numbers !== undefined && (numbers.length === 3 || numbers.length === 4);
}

/** `{xs: […], ys: […]}`: an outline by its columns. */
function isAxes(node: JsonObject): boolean {
  const columns = new Map<string, number>();
  for (const { key, value } of node.members) {
    const numbers = numbersOf(value);
    if (numbers !== undefined && numbers.length >= FEWEST_POINTS) columns.set(baseName(key.text), numbers.length);
  }
  return [...columns].some(([name, length]) => name.includes("x") && columns.get(name.replace("x", "y")) === length);
}

/** `[[120, 44, 310, 220], …]`: rows of four where the second pair lies beyond the first, or under a box's name. */
function isBoxRows(items: readonly JsonNode[], name: string): boolean {
  if (items.length < 1) return false;
  // Under a box's name a row may hold what it is a box of.
  if (BOX_KEYS.test(name)) return nearlyAll(items, 1, (item) => isRow(numbersOf(withoutTexts(item))));
  const rows = items.map(numbersOf);
  return nearlyAll(rows, 2, (row) => isRow(row) && Number(row?.[2]) > Number(row?.[0]) && Number(row?.[3]) > Number(row?.[1]));
}

function isRow(row: readonly number[] | undefined): boolean {
  return row !== undefined && row.length >= 4 && row.length <= 6;
}

function withoutTexts(node: JsonNode): JsonNode {
  return node.kind === "array"
    ? { ...node, items: node.items.filter((item) => item.kind === "number" || numbersOf(item) !== undefined) }
    : node;
}

/** `[[x, y], …]`, `[[x, y, z], …]`, `[{x, y}, …]` under any names that differ in x and y. */
function isPointList(items: readonly JsonNode[], name: string): boolean {
  const isNamed = LINE_KEYS.test(name) || BOX_KEYS.test(name);
  const fewest = isNamed ? 2 : FEWEST_POINTS;
  if (nearlyAll(items, fewest, (item) => item.kind === "object" && isPoint(item))) return true;
  const rows = items.map(numbersOf);
  if (!nearlyAll(rows, fewest, (row) => row !== undefined && (row.length === 2 || row.length === 3))) return false;
  if (isNamed) return true;
  // A chart's series also is a list of pairs; its first column only grows. An outline turns back.
  const firsts = rows.flatMap((row) => row?.[0] ?? []);
  return !firsts.every((value, index) => index === 0 || value > Number(firsts[index - 1]));
}

function isPoint(node: JsonObject): boolean {
  const names = numericNames(node);
  return (
    axisPairs(names) >= 1 ||
    (names.has("left") && names.has("top")) ||
    (names.has("row") && names.has("col")) ||
    (names.has("u") && names.has("v"))
  );
}
