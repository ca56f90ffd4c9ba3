import { binary } from "./binary.js";
import { geometry } from "./geometry.js";
import { instanceList } from "./instance-list.js";
import type { Shape } from "./shape.js";

/** Shapes by the name that a rule's `shape` has. */
export const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["binary", binary],
  ["geometry", geometry],
  ["instance-list", instanceList],
]);
