import type { Engine, Frame } from "./engine.js";
import { placeOf } from "./program.js";
import { newDict, newList, text, union, UNKNOWN, type ArgumentValue, type Value, type FunctionInfo, type ModuleInfo } from "./value.js";

/** Which value each parameter of a function gets. */
export function bind(fn: FunctionInfo, args: readonly ArgumentValue[], evaluator: Engine): Map<string, Value> {
  const bindings = new Map<string, Value>();
  const frame: Frame = {
    module: fn.module,
    fn: undefined,
    cls: undefined,
    locals: fn.module.globals,
    outer: fn.outer,
    unsure: 0,
    results: [],
  };
  const skip = fn.cls !== undefined && !fn.isStatic ? 1 : 0;
  const params = fn.node.params.slice(skip);
  const positional = params.filter((param) => param.star === "" && !param.keywordOnly);
  const rest = params.find((param) => param.star === "*");
  const keywords = params.find((param) => param.star === "**");
  const spreads: Value[] = [];
  const extra = newDict();
  const more: Value[] = [];
  let index = 0;
  for (const { name, value } of args) {
    if (name === undefined) {
      const param = positional[index];
      if (param !== undefined) bindings.set(param.name, value);
      else more.push(value);
      index += 1;
    } else if (name === "**") spreads.push(value);
    else if (name === "*") more.push(evaluator.heap.element(value));
    else if (params.some((param) => param.name === name && param.star === "")) bindings.set(name, value);
    else extra.entries.set(name, { value, place: placeOf(fn.module, fn.node.at) });
  }
  for (const param of params) {
    if (param.star !== "" || bindings.has(param.name)) continue;
    const fromSpread = spreads.map((spread) => evaluator.heap.item(spread, text(param.name))).filter((value) => value.k !== "unknown");
    const fallback = param.fallback === undefined ? UNKNOWN : evaluator.eval(param.fallback, frame);
    bindings.set(param.name, fromSpread.length > 0 ? union(fromSpread) : fallback);
  }
  if (keywords !== undefined) {
    extra.spreads.push(...spreads);
    bindings.set(keywords.name, extra);
  }
  if (rest !== undefined) bindings.set(rest.name, newList(more));
  return bindings;
}

/** Whether a value is the web framework's current request. */
export function isRequest(value: Value): boolean {
  return value.k === "external" && (value.name === "request" || value.name === "flask.request");
}

/** `locals()`: what is bound so far. */
export function localsOf(frame: Frame): Value {
  const dict = newDict();
  for (const [name, value] of frame.locals) dict.entries.set(name, { value, place: placeOf(frame.module, frame.fn?.node.at ?? 0) });
  return dict;
}

/** A function that gives back one value, whatever it is called with. */
export function constantFunction(module: ModuleInfo, result: Value): FunctionInfo {
  return {
    name: "super",
    module,
    node: { name: "super", params: [], body: [], decorators: [], at: 0 },
    cls: undefined,
    isStatic: true,
    isClassMethod: false,
    isProperty: false,
    outer: undefined,
    stores: new Map(),
    asked: new Map(),
    state: "done",
    result,
  };
}
