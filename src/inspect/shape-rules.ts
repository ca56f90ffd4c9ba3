import { placeIn, rangeOf, valueOf } from "./collector.js";
import type { Collected, FreeTree } from "./collector.js";
import type { Deadline } from "./deadline.js";
import type { Rule } from "./rule-file.js";
import { walkShapes } from "./shapes/shape.js";
import type { Judge, Shape, ShapeHit } from "./shapes/shape.js";

export interface ShapeRules {
  /** Runs every rule with a shape on the free trees and on what strings decode to; false where the deadline passed. */
  run(into: Collected, deadline: Deadline): boolean;
}

interface ShapeRule {
  readonly rule: Rule;
  readonly shape: Shape;
  /** Its place among the judges. */
  readonly judged: number | undefined;
}

/** Walks each tree once for all rules that judge a node by itself; findings come in the order of the rules all the same. */
export function compileShapeRules(rules: readonly Rule[]): ShapeRules {
  const judges: Judge[] = [];
  const shapeRules = rules.flatMap((rule): ShapeRule[] => {
    const { shape } = rule;
    if (shape === undefined) return [];
    return [{ rule, shape, judged: shape.judge === undefined ? undefined : judges.push(shape.judge) - 1 }];
  });
  return {
    run(into, deadline) {
      const walked: (readonly (readonly ShapeHit[])[])[] = [];
      for (const { root, place } of into.trees) {
        if (deadline.passed()) return false;
        walked.push(walkShapes(root, place, judges));
      }
      for (const { rule, shape, judged } of shapeRules) {
        if (judged === undefined && deadline.passed()) return false;
        into.trees.forEach((tree, index) => {
          const hits = judged === undefined ? (shape.tree?.(tree.root, tree.place) ?? []) : (walked[index]?.[judged] ?? []);
          for (const hit of hits) report(rule, hit, tree, into);
        });
        for (const blob of into.blobs) {
          if (shape.bytes?.(blob.bytes, blob.magic) === true)
            into.drafts.push({
              rule: rule.id,
              frame: blob.frame,
              place: placeIn(blob.frame, blob.place),
              range: blob.range,
              value: blob.bytes,
              why: rule.why,
            });
        }
      }
      return true;
    },
  };
}

function report(rule: Rule, { node, place }: ShapeHit, { frame }: FreeTree, into: Collected): void {
  into.drafts.push({
    rule: rule.id,
    frame,
    place: placeIn(frame, place),
    range: rangeOf(node, frame),
    value: valueOf(node, frame),
    why: rule.why,
  });
}
