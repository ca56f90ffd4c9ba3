import type { Place } from "../finding.js";
import { CallReader } from "./calls.js";
import type { CallRecord, Engine, Frame } from "./engine.js";
import { declareFunction } from "./declarations.js";
import { HeapReader } from "./heap.js";
import { binary, comprehension } from "./operators.js";
import { placeOf, type Program } from "./program.js";
import { runBlock } from "./statements.js";
import { foldName } from "./types.js";
import type { Expr } from "./tree.js";
import {
  joinText,
  newDict,
  newList,
  text,
  union,
  UNKNOWN,
  type ArgumentValue,
  type Value,
  type ClassInfo,
  type FunctionInfo,
  type ModuleInfo,
} from "./value.js";

/** How deep summaries nest; past it a call's result is its own symbol. */
const MAX_NESTING = 48;

/** Evaluates every module and function once, with symbolic parameters, and keeps every call. Runs nothing of the checkout. */
export class Evaluator implements Engine {
  readonly program: Program;
  readonly calls: CallRecord[] = [];
  readonly functions: FunctionInfo[] = [];
  readonly classes: ClassInfo[] = [];
  readonly heap: HeapReader;
  readonly #calls: CallReader;
  readonly #classesByName = new Map<string, ClassInfo[]>();
  readonly #classesFolded = new Map<string, ClassInfo[]>();
  #nesting = 0;

  constructor(program: Program) {
    this.program = program;
    this.heap = new HeapReader(this);
    this.#calls = new CallReader(this);
  }

  /** Evaluates all there is. */
  run(): void {
    for (const module of this.program.modules) this.runModule(module);
    for (let index = 0; index < this.functions.length; index += 1) {
      const fn = this.functions[index];
      if (fn !== undefined) this.summarize(fn);
    }
  }

  runModule(module: ModuleInfo): void {
    if (module.state !== "new") return;
    module.state = "running";
    const frame: Frame = { module, fn: undefined, cls: undefined, locals: module.globals, outer: undefined, unsure: 0, results: [] };
    runBlock(this, module.body, frame);
    module.state = "done";
  }

  /** What a function returns, in terms of its parameters. */
  summarize(fn: FunctionInfo): Value {
    if (fn.state !== "new" || this.#nesting > MAX_NESTING) return fn.result;
    fn.state = "running";
    this.#nesting += 1;
    const locals = new Map<string, Value>();
    const frame: Frame = { module: fn.module, fn, cls: fn.cls, locals, outer: fn.outer, unsure: 0, results: [] };
    fn.node.params.forEach((param, index) => {
      const isSelf = index === 0 && fn.cls !== undefined && !fn.isStatic;
      if (isSelf && fn.cls !== undefined)
        locals.set(param.name, fn.isClassMethod ? { k: "class", cls: fn.cls } : { k: "object", cls: fn.cls });
      else locals.set(param.name, { k: "param", fn, name: param.name });
    });
    runBlock(this, fn.node.body, frame);
    this.#nesting -= 1;
    fn.result = union(frame.results);
    fn.state = "done";
    return fn.result;
  }

  addClass(cls: ClassInfo): void {
    this.classes.push(cls);
    for (const [index, name] of [
      [this.#classesByName, cls.name],
      [this.#classesFolded, foldName(cls.name)],
    ] as const) {
      const named = index.get(name);
      if (named === undefined) index.set(name, [cls]);
      else named.push(cls);
    }
  }

  classesNamed(name: string): readonly ClassInfo[] {
    return this.#classesByName.get(name) ?? [];
  }

  /** Classes whose name is the same but for case and underscores. */
  classesFolded(folded: string): readonly ClassInfo[] {
    return this.#classesFolded.get(folded) ?? [];
  }

  addFunction(fn: FunctionInfo): void {
    this.functions.push(fn);
  }

  /** A global name of a module; undefined where neither it nor what it pours in holds one. */
  global(module: ModuleInfo, name: string, seen: ReadonlySet<ModuleInfo> = new Set()): Value | undefined {
    this.runModule(module);
    const own = module.globals.get(name);
    if (own !== undefined) return own;
    if (seen.has(module)) return undefined;
    const next = new Set([...seen, module]);
    for (const star of module.stars) {
      const source = this.program.find(star, module);
      const found = source === undefined ? undefined : this.global(source, name, next);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  name(id: string, frame: Frame): Value {
    const local = frame.locals.get(id) ?? frame.outer?.get(id);
    if (local !== undefined) return local;
    const found = this.global(frame.module, id);
    if (found !== undefined) return found;
    // A name that a missing module would pour in: the one class of the checkout that is called so, else a name from outside.
    const named = frame.module.stars.length > 0 ? this.classesNamed(id) : [];
    const [only] = named;
    return named.length === 1 && only !== undefined ? { k: "class", cls: only } : { k: "external", name: id };
  }

  eval(expr: Expr, frame: Frame): Value {
    switch (expr.k) {
      case "name":
        return this.name(expr.id, frame);
      case "text":
        return text(expr.text);
      case "plain":
        return { k: "const", value: expr.value };
      case "format":
        return joinText(expr.parts.map((part) => (typeof part === "string" ? part : this.eval(part, frame))));
      case "attribute":
        return this.heap.attribute(this.eval(expr.of, frame), expr.name, frame.module);
      case "item":
        return this.heap.item(this.eval(expr.of, frame), expr.index === undefined ? undefined : this.eval(expr.index, frame));
      case "call":
        return this.#calls.call(expr, frame);
      case "dict": {
        const dict = newDict();
        for (const { key, value } of expr.entries) {
          const held = this.eval(value, frame);
          if (key === undefined) dict.spreads.push(held);
          else this.heap.put(dict, this.eval(key, frame), held, placeOf(frame.module, key.at));
        }
        return dict;
      }
      case "list":
        return newList(expr.items.map((item) => this.eval(item, frame)));
      case "star":
        return this.heap.element(this.eval(expr.of, frame));
      case "binary":
        return binary(this, expr.op, this.eval(expr.left, frame), this.eval(expr.right, frame));
      case "either":
        return union(expr.of.map((one) => this.eval(one, frame)));
      case "named": {
        const value = this.eval(expr.value, frame);
        this.assign(expr.target, value, frame);
        return value;
      }
      case "lambda":
        return { k: "function", fn: declareFunction(this, expr.def, { ...frame, cls: undefined }), self: undefined };
      case "comprehension":
        return comprehension(this, expr, frame);
      case "opaque":
        for (const part of expr.parts) this.eval(part, frame);
        return UNKNOWN;
    }
  }

  /** Binds a target: a name, a tuple of targets, `a.b`, `a['b']`. */
  assign(target: Expr, value: Value, frame: Frame): void {
    switch (target.k) {
      case "name": {
        const before = frame.unsure > 0 ? frame.locals.get(target.id) : undefined;
        frame.locals.set(target.id, before === undefined ? value : union([value, before]));
        return;
      }
      case "list":
        target.items.forEach((item, index) => {
          this.assign(item.k === "star" ? item.of : item, this.heap.position(value, index), frame);
        });
        return;
      case "attribute":
        this.heap.storeAttribute(this.eval(target.of, frame), target.name, value);
        return;
      case "item": {
        const key = target.index === undefined ? UNKNOWN : this.eval(target.index, frame);
        for (const dict of this.container(target.of, frame)) this.heap.put(dict, key, value, placeOf(frame.module, target.at));
        return;
      }
      default:
        return;
    }
  }

  /** The mappings that `expr` denotes, to store into; a symbol gets one laid over it. */
  container(expr: Expr, frame: Frame): ReturnType<typeof newDict>[] {
    if (expr.k === "item") {
      const key = expr.index === undefined ? UNKNOWN : this.eval(expr.index, frame);
      return this.container(expr.of, frame).map((dict) => this.heap.inner(dict, key, placeOf(frame.module, expr.at)));
    }
    const value = this.eval(expr, frame);
    const found = this.heap.dictsToStore(value);
    if (found.length > 0) return found;
    const laid = newDict([value]);
    if (expr.k === "name") frame.locals.set(expr.id, laid);
    else if (expr.k === "attribute") this.heap.storeAttribute(this.eval(expr.of, frame), expr.name, laid);
    return [laid];
  }

  dotted(name: string, importer: ModuleInfo): Value {
    const found = this.program.find(name, importer);
    return found === undefined ? { k: "external", name } : { k: "module", module: found };
  }

  recordCall(callee: Value, args: readonly ArgumentValue[], place: Place, frame: Frame): void {
    this.calls.push({ callee, args, place, fn: frame.fn, module: frame.module });
  }
}
