import type { Heap } from "./engine.js";

import { joinText, newDict, newList, union, UNKNOWN, type DictValue, type ListValue, type Value, type FunctionInfo } from "./value.js";

const MAX_DEPTH = 24;
/** Values looked at in one substitution; past it the rest stays as it is. */
const MAX_STEPS = 20_000;

/** A value in which a function's parameters are replaced by what a caller passes. Mappings and lists are copied: each call has its own. */
export function substitute(heap: Heap, value: Value, bindings: ReadonlyMap<string, Value>, fn: FunctionInfo): Value {
  const copies = new Map<DictValue | ListValue, Value>();
  let steps = 0;
  const visit = (one: Value, depth: number): Value => {
    steps += 1;
    if (depth > MAX_DEPTH || steps > MAX_STEPS) return one;
    switch (one.k) {
      case "param": {
        if (one.fn !== fn) return one;
        const bound = bindings.get(one.name) ?? UNKNOWN;
        const stored = fn.stores.get(one.name);
        return stored === undefined || copies.has(stored) ? bound : union([bound, visit(stored, depth + 1)]);
      }
      case "part": {
        const of = visit(one.of, depth + 1);
        if (of === one.of) return one;
        if (one.via === "item") return heap.item(of, { k: "const", value: one.name });
        return heap.attribute(of, one.name, fn.module);
      }
      case "element": {
        const of = visit(one.of, depth + 1);
        return of === one.of ? one : heap.element(of);
      }
      case "text": {
        const parts = one.parts.map((part) => (typeof part === "string" ? part : visit(part, depth + 1)));
        return parts.every((part, index) => part === one.parts[index]) ? one : joinText(parts);
      }
      case "union": {
        const of = one.of.map((part) => visit(part, depth + 1));
        return of.every((part, index) => part === one.of[index]) ? one : union(of);
      }
      case "env": {
        const name = visit(one.name, depth + 1);
        const fallback = one.fallback === undefined ? undefined : visit(one.fallback, depth + 1);
        return name === one.name && fallback === one.fallback ? one : { k: "env", name, fallback };
      }
      case "result": {
        const callee = visit(one.callee, depth + 1);
        const args = one.args.map((arg) => ({ name: arg.name, value: visit(arg.value, depth + 1) }));
        const unchanged = callee === one.callee && args.every((arg, index) => arg.value === one.args[index]?.value);
        return unchanged ? one : { k: "result", callee, args };
      }
      case "list": {
        const known = copies.get(one);
        if (known !== undefined) return known;
        const copy = newList([]);
        copies.set(one, copy);
        copy.items.push(...one.items.map((item) => visit(item, depth + 1)));
        return copy;
      }
      case "dict": {
        const known = copies.get(one);
        if (known !== undefined) return known;
        const copy = newDict();
        copies.set(one, copy);
        for (const [key, entry] of one.entries) copy.entries.set(key, { value: visit(entry.value, depth + 1), place: entry.place });
        copy.spreads.push(...one.spreads.map((spread) => visit(spread, depth + 1)));
        for (const entry of one.dynamic) {
          const key = visit(entry.key, depth + 1);
          const held = visit(entry.value, depth + 1);
          if (key.k === "const" && typeof key.value === "string" && !copy.entries.has(key.value))
            copy.entries.set(key.value, { value: held, place: entry.place });
          else copy.dynamic.push({ key, value: held, place: entry.place });
        }
        return copy;
      }
      default:
        return one;
    }
  };
  return visit(value, 0);
}
