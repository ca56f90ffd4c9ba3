import type { Place } from "../finding.js";
import { lineage, methodOf } from "./declarations.js";
import type { Engine, Frame } from "./engine.js";
import { placeOf } from "./program.js";
import type { Expr } from "./tree.js";
import {
  alternatives,
  constText,
  joinText,
  newDict,
  newList,
  text,
  union,
  UNKNOWN,
  type ArgumentValue,
  type Value,
  type FunctionInfo,
  type ModuleInfo,
} from "./value.js";

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
      const method = this.#method(expr.callee, of, args, expr, frame);
      if (method !== undefined) return method;
    }
    if (expr.callee.k === "name" && expr.callee.id === "locals" && args.length === 0) return localsOf(frame);
    const callee = this.#callee(expr.callee, of, frame);
    const place = placeOf(frame.module, expr.at);
    return union(alternatives(callee).map((one) => this.#apply(one, args, place, frame)));
  }

  /** `"%s of %d" % (a, b)` and `"%(a)s" % {…}`. */
  percent(template: Value, args: Value): Value {
    return union(alternatives(template).map((one) => this.#percentOne(one, args)));
  }

  #percentOne(template: Value, args: Value): Value {
    let next = 0;
    const parts = template.k === "text" ? template.parts : [constText(template) ?? template];
    return joinText(
      parts.flatMap((part) => {
        if (typeof part !== "string") return [part];
        const out: (string | Value)[] = [];
        let from = 0;
        for (const match of part.matchAll(/%(?:\(([^)]*)\))?[-#0 +]*[\d.*]*[diouxXeEfFgGcrsa%]/g)) {
          out.push(part.slice(from, match.index));
          from = match.index + match[0].length;
          if (match[0].endsWith("%")) out.push("%");
          else if (match[1] !== undefined) out.push(this.#evaluator.heap.item(args, text(match[1])));
          else {
            out.push(args.k === "list" ? (args.items[next] ?? UNKNOWN) : args);
            next += 1;
          }
        }
        out.push(part.slice(from));
        return out;
      }),
    );
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

  /** Methods of mappings, lists and texts, whose effect the audit follows. Undefined: an ordinary call. */
  #method(
    callee: Extract<Expr, { k: "attribute" }>,
    of: Value,
    args: readonly ArgumentValue[],
    expr: Expr,
    frame: Frame,
  ): Value | undefined {
    const { heap } = this.#evaluator;
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
        if (this.#hasOwnMethod(of, "update")) return undefined;
        for (const dict of this.#evaluator.container(callee.of, frame)) {
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
        return of.k === "const" || of.k === "text" ? this.#format(of, args) : undefined;
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

  #hasOwnMethod(of: Value, name: string): boolean {
    return alternatives(of).some((one) => {
      const cls = this.#evaluator.heap.typeOf(one);
      return cls !== undefined && methodOf(this.#evaluator, cls, name) !== undefined;
    });
  }

  /** `str.format` (format string syntax): positions, names, and names with an attribute. */
  #format(template: Value, args: readonly ArgumentValue[]): Value {
    const positional = args.filter((arg) => arg.name === undefined);
    let next = 0;
    const parts = template.k === "text" ? template.parts : [constText(template) ?? ""];
    return joinText(
      parts.flatMap((part) => {
        if (typeof part !== "string") return [part];
        const out: (string | Value)[] = [];
        let from = 0;
        for (const match of part.matchAll(/\{\{|\}\}|\{([^{}!:.[]*)[^{}]*\}/g)) {
          out.push(part.slice(from, match.index));
          from = match.index + match[0].length;
          if (match[0] === "{{" || match[0] === "}}") out.push(match[0].charAt(0));
          else if (match[1] === undefined || match[1] === "" || /^\d+$/.test(match[1])) {
            const index = match[1] === undefined || match[1] === "" ? next++ : Number(match[1]);
            out.push(positional[index]?.value ?? UNKNOWN);
          } else out.push(args.find((arg) => arg.name === match[1])?.value ?? UNKNOWN);
        }
        out.push(part.slice(from));
        return out;
      }),
    );
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

function localsOf(frame: Frame): Value {
  const dict = newDict();
  for (const [name, value] of frame.locals) dict.entries.set(name, { value, place: placeOf(frame.module, frame.fn?.node.at ?? 0) });
  return dict;
}

function constantFunction(module: ModuleInfo, result: Value): FunctionInfo {
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
