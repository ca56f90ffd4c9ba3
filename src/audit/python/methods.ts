import { methodOf } from "./declarations.js";
import type { Engine, Frame } from "./engine.js";
import { placeOf } from "./program.js";
import { format } from "./templates.js";
import type { Expr } from "./tree.js";
import { alternatives, constText, newDict, newList, text, union, UNKNOWN, type ArgumentValue, type Value } from "./value.js";

/** Methods that hand on what they are called on, as text. */
const SAME_TEXT = new Set([
  "strip",
  "lstrip",
  "rstrip",
  "lower",
  "upper",
  "title",
  "capitalize",
  "replace",
  "encode",
  "decode",
  "removeprefix",
  "removesuffix",
  "as_posix",
]);
/** Methods of mappings, lists and texts, whose effect the audit follows. Undefined: an ordinary call. */
export function methodCall(
  evaluator: Engine,
  callee: Extract<Expr, { k: "attribute" }>,
  of: Value,
  args: readonly ArgumentValue[],
  expr: Expr,
  frame: Frame,
): Value | undefined {
  const { heap } = evaluator;
  const place = placeOf(frame.module, expr.at);
  const first = args[0]?.value;
  switch (callee.name) {
    case "get":
    case "pop":
    case "setdefault": {
      const key = constText(first);
      if (key === undefined) return undefined;
      if (alternatives(of).some((one) => one.k === "external" || one.k === "module" || one.k === "result")) return undefined;
      return union([heap.item(of, first), callee.name === "get" ? undefined : args[1]?.value]);
    }
    case "update": {
      const spread = args.filter((arg) => arg.name === undefined || arg.name === "**").map((arg) => arg.value);
      const named = args.filter((arg) => arg.name !== undefined && arg.name !== "**");
      if (alternatives(of).some((one) => one.k === "function" || one.k === "class" || one.k === "external" || one.k === "module"))
        return undefined;
      if (hasOwnMethod(evaluator, of, "update")) return undefined;
      for (const dict of evaluator.container(callee.of, frame)) {
        dict.spreads.push(...spread.filter((value) => value !== dict));
        for (const { name, value } of named) heap.put(dict, text(name ?? ""), value, place);
      }
      return UNKNOWN;
    }
    case "append":
    case "extend":
    case "add":
    case "insert": {
      const value = args.at(-1)?.value;
      if (value === undefined) return undefined;
      const lists = alternatives(of).filter((one) => one.k === "list");
      for (const list of lists)
        if (list.items.length < 48 && list !== value) list.items.push(callee.name === "extend" ? heap.element(value) : value);
      return lists.length > 0 ? UNKNOWN : undefined;
    }
    case "items": {
      return of.k === "dict" ? newList([newList([UNKNOWN, heap.item(of, undefined)])]) : undefined;
    }
    case "values": {
      return of.k === "dict" ? newList([heap.item(of, undefined)]) : undefined;
    }
    case "copy": {
      return args.length > 0 || of.k === "external" || of.k === "module" || of.k === "object" ? undefined : newDict([of]);
    }
    case "format": {
      return of.k === "const" || of.k === "text" ? format(of, args) : undefined;
    }
    case "join": {
      return of.k === "const" && first !== undefined ? heap.element(first) : undefined;
    }
    default: {
      if (!SAME_TEXT.has(callee.name)) return undefined;
      return of.k === "external" || of.k === "module" || of.k === "class" ? undefined : of;
    }
  }
}

function hasOwnMethod(evaluator: Engine, of: Value, name: string): boolean {
  return alternatives(of).some((one) => {
    const cls = evaluator.heap.typeOf(one);
    return cls !== undefined && methodOf(evaluator, cls, name) !== undefined;
  });
}
