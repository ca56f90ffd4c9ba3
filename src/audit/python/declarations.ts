import type { Engine, Frame } from "./engine.js";
import { placeOf } from "./program.js";
import type { ClassNode, Expr, FunctionNode, Stmt } from "./tree.js";
import { UNKNOWN, type Value, type ClassInfo, type Column, type FunctionInfo } from "./value.js";

/** Makes a function known; its body waits until someone asks for its summary, or for the end. Decorators are calls and are kept. */
export function declareFunction(evaluator: Engine, node: FunctionNode, frame: Frame): FunctionInfo {
  const names = node.decorators.map(decoratorName);
  const fn: FunctionInfo = {
    name: node.name,
    module: frame.module,
    node,
    cls: frame.cls !== undefined && frame.fn === undefined ? frame.cls : undefined,
    isStatic: names.includes("staticmethod"),
    isClassMethod: names.includes("classmethod"),
    isProperty: names.some((name) => name === "property" || name === "hybrid_property" || name === "cached_property"),
    outer: frame.fn === undefined ? undefined : new Map([...(frame.outer ?? []), ...frame.locals]),
    stores: new Map(),
    asked: new Map(),
    state: "new",
    result: UNKNOWN,
  };
  evaluator.addFunction(fn);
  return fn;
}

export function declareClass(evaluator: Engine, node: ClassNode, frame: Frame): ClassInfo {
  const cls: ClassInfo = {
    name: node.name,
    module: frame.module,
    node,
    methods: new Map(),
    members: new Map(),
    columns: new Map(),
    attributes: new Map(),
    stores: new Map(),
    asked: new Map(),
    bases: undefined,
  };
  evaluator.addClass(cls);
  const inner: Frame = { module: frame.module, fn: undefined, cls, locals: new Map(), outer: frame.locals, unsure: 0, results: [] };
  declareMembers(evaluator, node.body, cls, inner);
  return cls;
}

function declareMembers(evaluator: Engine, body: readonly Stmt[], cls: ClassInfo, frame: Frame): void {
  for (const stmt of body) {
    if (stmt.k === "def") cls.methods.set(stmt.def.name, declareFunction(evaluator, stmt.def, frame));
    else if (stmt.k === "branch") for (const inner of stmt.bodies) declareMembers(evaluator, inner, cls, frame);
    else if (stmt.k === "assign") {
      for (const target of stmt.targets) {
        if (target.k !== "name") continue;
        cls.members.set(target.id, stmt.value);
        const column = columnOf(stmt.value, cls, stmt.at);
        if (column !== undefined) cls.columns.set(target.id, column);
      }
    } else if (stmt.k === "declare" && stmt.target.k === "name" && stmt.type !== undefined && !cls.members.has(stmt.target.id)) {
      cls.members.set(stmt.target.id, stmt.type);
    }
  }
}

/** `Column(String())`, `mapped_column(Integer, …)`, `db.Column(…)`: the first argument that names a type. */
function columnOf(value: Expr, cls: ClassInfo, at: number): Column | undefined {
  if (value.k !== "call") return undefined;
  const name = value.callee.k === "name" ? value.callee.id : value.callee.k === "attribute" ? value.callee.name : "";
  if (name !== "Column" && name !== "mapped_column") return undefined;
  const type = value.args.find((arg) => arg.name === undefined && arg.value.k !== "text")?.value ?? value.args[0]?.value;
  return type === undefined ? undefined : { type, place: placeOf(cls.module, at) };
}

/** The word that names a type: `String()` → `String`, `MutableDict.as_mutable(JSONEncodedDict)` → `JSONEncodedDict`. */
export function typeWord(expr: Expr): string {
  if (expr.k === "name") return expr.id;
  if (expr.k === "attribute") return expr.name;
  if (expr.k === "text") return expr.text;
  if (expr.k === "call") {
    const first = expr.args[0]?.value;
    const own = typeWord(expr.callee);
    return own === "as_mutable" && first !== undefined ? typeWord(first) : own;
  }
  if (expr.k === "item") return typeWord(expr.of) === "Optional" && expr.index !== undefined ? typeWord(expr.index) : typeWord(expr.of);
  return "";
}

function decoratorName(expr: Expr): string {
  return expr.k === "call" ? decoratorName(expr.callee) : expr.k === "attribute" ? expr.name : expr.k === "name" ? expr.id : "";
}

/** Classes that a class inherits from, of the checkout only. */
export function basesOf(evaluator: Engine, cls: ClassInfo): readonly ClassInfo[] {
  if (cls.bases !== undefined) return cls.bases;
  cls.bases = [];
  const frame: Frame = {
    module: cls.module,
    fn: undefined,
    cls: undefined,
    locals: cls.module.globals,
    outer: undefined,
    unsure: 0,
    results: [],
  };
  const found: Value[] = cls.node.bases.map((base) => evaluator.eval(base, frame));
  cls.bases = found.flatMap((base) => (base.k === "class" && base.cls !== cls ? [base.cls] : []));
  return cls.bases;
}

/** The class and what it inherits from, nearest first. */
export function lineage(evaluator: Engine, cls: ClassInfo): readonly ClassInfo[] {
  const out: ClassInfo[] = [];
  const visit = (one: ClassInfo): void => {
    if (out.includes(one) || out.length > 20) return;
    out.push(one);
    basesOf(evaluator, one).forEach(visit);
  };
  visit(cls);
  return out;
}

export function methodOf(evaluator: Engine, cls: ClassInfo, name: string): FunctionInfo | undefined {
  for (const one of lineage(evaluator, cls)) {
    const method = one.methods.get(name);
    if (method !== undefined) return method;
  }
  return undefined;
}
