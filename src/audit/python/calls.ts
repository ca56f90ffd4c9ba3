import type { Place } from "../finding.js";
import { bind, constantFunction, isRequest, localsOf } from "./binding.js";
import { lineage, methodOf } from "./declarations.js";
import type { Engine, Frame } from "./engine.js";
import { methodCall } from "./methods.js";
import { placeOf } from "./program.js";
import type { Expr } from "./tree.js";
import { alternatives, joinText, newDict, union, UNKNOWN, type ArgumentValue, type Value } from "./value.js";

/** Functions that hand on their first argument: conversions and copies. */
const SAME_VALUE = new Set([
  "str",
  "repr",
  "dict",
  "list",
  "tuple",
  "set",
  "sorted",
  "reversed",
  "json.dumps",
  "json.loads",
  "copy.copy",
  "copy.deepcopy",
  "bytes",
  "jsonable_encoder",
  "flask.json.dumps",
  "simplejson.dumps",
  "ujson.dumps",
  "orjson.dumps",
  "urllib.parse.quote",
  "urllib.parse.urlencode",
  "urllib.parse.urljoin",
]);

/** Last words of the calls that may send; only these are kept of what lies outside the checkout. */
export const SENDING = new Set([
  "get",
  "post",
  "put",
  "patch",
  "delete",
  "head",
  "options",
  "request",
  "stream",
  "send",
  "urlopen",
  "urlretrieve",
  "Request",
  "HTTPSConnection",
  "HTTPConnection",
  "track",
  "identify",
  "page",
  "screen",
  "group",
  "alias",
  "enqueue",
  "route",
]);

/** Calls: what they give back, and the record of each. */
export class CallReader {
  readonly #evaluator: Engine;

  constructor(evaluator: Engine) {
    this.#evaluator = evaluator;
  }

  call(expr: Extract<Expr, { k: "call" }>, frame: Frame): Value {
    const args: ArgumentValue[] = expr.args.map((arg) => ({ name: arg.name, value: this.#evaluator.eval(arg.value, frame) }));
    const of = expr.callee.k === "attribute" ? this.#evaluator.eval(expr.callee.of, frame) : undefined;
    if (expr.callee.k === "attribute" && of !== undefined) {
      const method = methodCall(this.#evaluator, expr.callee, of, args, expr, frame);
      if (method !== undefined) return method;
    }
    if (expr.callee.k === "name" && expr.callee.id === "locals" && args.length === 0) return localsOf(frame);
    const callee = this.#callee(expr.callee, of, frame);
    const place = placeOf(frame.module, expr.at);
    return union(alternatives(callee).map((one) => this.#apply(one, args, place, frame)));
  }

  #callee(expr: Expr, of: Value | undefined, frame: Frame): Value {
    if (expr.k === "attribute" && of !== undefined) return this.#evaluator.heap.attribute(of, expr.name, frame.module);
    return expr.k === "name" && expr.id === "super" ? this.#super(frame) : this.#evaluator.eval(expr, frame);
  }

  #super(frame: Frame): Value {
    const base = frame.cls === undefined ? undefined : lineage(this.#evaluator, frame.cls)[1];
    const held: Value = base === undefined ? { k: "external", name: "super()" } : { k: "object", cls: base };
    return { k: "function", fn: constantFunction(frame.module, held), self: undefined };
  }

  #apply(callee: Value, args: readonly ArgumentValue[], place: Place, frame: Frame): Value {
    const evaluator = this.#evaluator;
    const functionArguments = args.filter((arg) => arg.value.k === "function");
    for (const { value } of functionArguments) if (value.k === "function") this.#callLater(value, args, place, frame);
    switch (callee.k) {
      case "function": {
        evaluator.recordCall(callee, args, place, frame);
        if (args.some((arg) => isRequest(arg.value))) return { k: "result", callee, args };
        const result = evaluator.summarize(callee.fn);
        if (result.k === "unknown") return { k: "result", callee, args };
        return evaluator.heap.substitute(result, bind(callee.fn, args, evaluator), callee.fn);
      }
      case "class": {
        evaluator.recordCall(callee, args, place, frame);
        const init = methodOf(evaluator, callee.cls, "__init__");
        const self: Value = { k: "object", cls: callee.cls };
        if (init !== undefined) evaluator.recordCall({ k: "function", fn: init, self }, args, place, frame);
        return self;
      }
      case "external":
        return this.#external(callee.name, callee, args, place, frame);
      case "part":
        if (SENDING.has(callee.name)) evaluator.recordCall(callee, args, place, frame);
        return { k: "result", callee, args };
      case "result":
      case "param":
      case "element":
        return { k: "result", callee, args };
      default:
        return UNKNOWN;
    }
  }

  #external(name: string, callee: Value, args: readonly ArgumentValue[], place: Place, frame: Frame): Value {
    const first = args[0]?.value;
    if (name === "os.getenv" || name === "os.environ.get" || name === "getenv" || name === "environ.get" || name === "decouple.config") {
      const fallback = args[1]?.value ?? args.find((arg) => arg.name === "default")?.value;
      return first === undefined ? UNKNOWN : { k: "env", name: first, fallback };
    }
    if ((name === "int" || name === "float" || name === "bool") && first?.k === "env") return first;
    if (SAME_VALUE.has(name) && first !== undefined)
      return name === "urllib.parse.urljoin" ? joinText([first, args[1]?.value ?? ""]) : first;
    if (name === "dict") return newDict(args.flatMap((arg) => (arg.name === "**" ? [arg.value] : [])));
    if (SENDING.has(name.slice(name.lastIndexOf(".") + 1))) this.#evaluator.recordCall(callee, args, place, frame);
    return { k: "result", callee, args };
  }

  /** A function handed to something that calls it later, with its arguments beside it: a thread, a pool, a hook after the commit. */
  #callLater(handed: Extract<Value, { k: "function" }>, args: readonly ArgumentValue[], place: Place, frame: Frame): void {
    const later: ArgumentValue[] = [];
    let afterFunction = false;
    for (const { name, value } of args) {
      if (value === handed) afterFunction = true;
      else if (name !== undefined && /kwargs|callback_args|^params$/.test(name)) later.push({ name: "**", value });
      else if (name === "args" && value.k === "list") later.push(...value.items.map((item) => ({ name: undefined, value: item })));
      else if (afterFunction && name === undefined) later.push({ name: undefined, value });
      else if (afterFunction && name !== undefined && handed.fn.node.params.some((param) => param.name === name))
        later.push({ name, value });
    }
    if (later.length > 0) this.#evaluator.recordCall(handed, later, place, frame);
  }
}
