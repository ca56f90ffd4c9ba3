import { binary } from "./binary.js";
import { coco, geojson, labelme, numericArray, rleMask, voc, yolo } from "./formats.js";
import { geometry } from "./geometry.js";
import { instanceList } from "./instance-list.js";
import { labelNames } from "./label-names.js";
import { secretMember } from "./secret-member.js";
import type { Shape } from "./shape.js";
import { tokenSpan } from "./token-span.js";

/** Shapes by the name that a rule's `shape` has. */
export const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["binary", binary],
  ["coco", coco],
  ["geojson", geojson],
  ["geometry", geometry],
  ["instance-list", instanceList],
  ["label-names", labelNames],
  ["labelme", labelme],
  ["numeric-array", numericArray],
  ["rle-mask", rleMask],
  ["secret-member", secretMember],
  ["token-span", tokenSpan],
  ["voc", voc],
  ["yolo", yolo],
]);
