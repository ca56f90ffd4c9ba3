import type { Engine, Frame } from "./engine.js";
import { placeOf } from "./program.js";
import { percent } from "./templates.js";
import type { Expr } from "./tree.js";
import { joinText, newDict, newList, union, UNKNOWN, type Value } from "./value.js";

/** What an operator gives: texts grow together, mappings merge, of numbers nothing is kept. */
export function binary(evaluator: Engine, op: string, left: Value, right: Value): Value {
  if (op === "+") {
    if (isTextual(left) || isTextual(right)) return joinText([left, right]);
    if (left.k === "list" && right.k === "list") return newList([...left.items, ...right.items]);
    return left.k === "env" || right.k === "env" ? joinText([left, right]) : union([left, right]);
  }
  if (op === "%" && isTextual(left)) return percent(left, right, (of, key) => evaluator.heap.item(of, key));
  if (op === "|") {
    const merged = newDict([left, right]);
    return left.k === "dict" || right.k === "dict" ? merged : UNKNOWN;
  }
  return UNKNOWN;
}

/** A comprehension as the collection of one item that stands for all. */
export function comprehension(evaluator: Engine, expr: Extract<Expr, { k: "comprehension" }>, frame: Frame): Value {
  const inner: Frame = { ...frame, locals: new Map(frame.locals), unsure: 0 };
  let source: Value | undefined;
  for (const loop of expr.loops) {
    const iter = evaluator.eval(loop.iter, inner);
    source ??= iter;
    evaluator.assign(loop.target, evaluator.heap.element(iter), inner);
  }
  const value = evaluator.eval(expr.value, inner);
  if (expr.key === undefined) return newList([value]);
  const key = evaluator.eval(expr.key, inner);
  // {k: v for k, v in X.items() if …} is X with some entries left out.
  const [loop] = expr.loops;
  const whole = loop === undefined ? undefined : wholeMapping(evaluator, loop.iter, loop.target, expr.key, expr.value, inner);
  if (whole !== undefined) return newDict([whole]);
  const dict = newDict();
  evaluator.heap.put(dict, key, value, placeOf(frame.module, expr.at));
  return dict;
}

function wholeMapping(evaluator: Engine, iter: Expr, target: Expr, key: Expr, value: Expr, frame: Frame): Value | undefined {
  if (iter.k !== "call" || iter.callee.k !== "attribute" || iter.callee.name !== "items" || target.k !== "list") return undefined;
  const [first, second] = target.items;
  const matches =
    first?.k === "name" && second?.k === "name" && key.k === "name" && value.k === "name" && first.id === key.id && second.id === value.id;
  return matches ? evaluator.eval(iter.callee.of, frame) : undefined;
}

function isTextual(value: Value): boolean {
  if (value.k === "union") return value.of.some(isTextual);
  return value.k === "text" || (value.k === "const" && typeof value.value === "string");
}
