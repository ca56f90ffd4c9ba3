import type { Limits } from "../model/policy.js";
import { readInteger, readMembers } from "./tree-reader.js";
import type { FaultSink } from "./tree-reader.js";
import type { Tree } from "./yaml-tree.js";

/** Each bound: its key in the policy, its name in `Limits`, its default, and the least and most that make sense. */
const BOUNDS: readonly (readonly [key: string, name: keyof Limits, fallback: number, least: number, most: number])[] = [
  ["body_bytes", "bodyBytes", 1_048_576, 1, 67_108_864],
  ["depth", "depth", 64, 1, 512],
  ["codings", "codings", 2, 0, 5],
  ["ratio", "ratio", 200, 1, 2_000],
  ["nodes", "nodes", 200_000, 1, 5_000_000],
  ["header_bytes", "headerBytes", 16_384, 1_024, 262_144],
  ["findings", "findings", 100, 1, 10_000],
  ["inspection_ms", "inspectionMs", 2_000, 10, 60_000],
  ["string_length", "stringLength", 4_096, 16, 1_048_576],
];

/** Reads `limits`, completed with the defaults. */
export function readLimits(tree: Tree | undefined, faults: FaultSink): Limits {
  const limits: Record<keyof Limits, number> = {
    bodyBytes: 0,
    depth: 0,
    codings: 0,
    ratio: 0,
    nodes: 0,
    headerBytes: 0,
    findings: 0,
    inspectionMs: 0,
    stringLength: 0,
  };
  const keys = BOUNDS.map(([key]) => key);
  const members = tree === undefined ? undefined : readMembers(tree, keys, "limits", faults);
  for (const [key, name, fallback, least, most] of BOUNDS) {
    const written = members?.get(key);
    limits[name] = (written === undefined ? undefined : readInteger(written.value, least, most, `limits.${key}`, faults)) ?? fallback;
  }
  return limits;
}
