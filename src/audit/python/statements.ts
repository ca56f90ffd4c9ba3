import { declareClass, declareFunction } from "./declarations.js";
import type { Engine, Frame } from "./engine.js";
import { binary } from "./operators.js";
import type { Stmt } from "./tree.js";
import { union, type Value } from "./value.js";

/** Runs statements in order; bodies that may not run only add to what is known. */
export function runBlock(evaluator: Engine, body: readonly Stmt[], frame: Frame): void {
  for (const stmt of body) statement(evaluator, stmt, frame);
}

function maybe(evaluator: Engine, body: readonly Stmt[], frame: Frame): void {
  frame.unsure += 1;
  runBlock(evaluator, body, frame);
  frame.unsure -= 1;
}

function statement(evaluator: Engine, stmt: Stmt, frame: Frame): void {
  switch (stmt.k) {
    case "assign": {
      const value = evaluator.eval(stmt.value, frame);
      for (const target of stmt.targets) evaluator.assign(target, value, frame);
      return;
    }
    case "augment": {
      const value = binary(evaluator, stmt.op, evaluator.eval(stmt.target, frame), evaluator.eval(stmt.value, frame));
      evaluator.assign(stmt.target, value, { ...frame, unsure: 1 });
      return;
    }
    case "expr":
      evaluator.eval(stmt.value, frame);
      return;
    case "return":
      if (stmt.value !== undefined) frame.results.push(evaluator.eval(stmt.value, frame));
      return;
    case "for":
      evaluator.assign(stmt.target, evaluator.heap.element(evaluator.eval(stmt.iter, frame)), frame);
      maybe(evaluator, stmt.body, frame);
      return;
    case "with":
      for (const { value, target } of stmt.items) {
        const held = evaluator.eval(value, frame);
        if (target !== undefined) evaluator.assign(target, held, frame);
      }
      runBlock(evaluator, stmt.body, frame);
      return;
    case "branch":
      for (const test of stmt.tests) evaluator.eval(test, frame);
      for (const body of stmt.bodies) maybe(evaluator, body, frame);
      return;
    case "import":
      importNames(evaluator, stmt, frame);
      return;
    case "def":
      frame.locals.set(stmt.def.name, { k: "function", fn: declareFunction(evaluator, stmt.def, frame), self: undefined });
      return;
    case "class":
      frame.locals.set(stmt.def.name, { k: "class", cls: declareClass(evaluator, stmt.def, frame) });
      return;
    case "declare":
      return;
  }
}

function importNames(evaluator: Engine, stmt: Extract<Stmt, { k: "import" }>, frame: Frame): void {
  const { module } = frame;
  if (stmt.names === undefined) {
    const [head = stmt.module] = stmt.module.split(".");
    const bound = stmt.as === undefined ? head : stmt.as;
    bindName(bound, evaluator.dotted(stmt.as === undefined ? head : stmt.module, module), frame);
    return;
  }
  for (const { name, as } of stmt.names) {
    if (name === "*") continue;
    const source = evaluator.program.find(stmt.module, module);
    const held = source === undefined ? undefined : evaluator.global(source, name);
    bindName(as, held ?? evaluator.dotted(`${stmt.module}${/^\.+$/.test(stmt.module) ? "" : "."}${name}`, module), frame);
  }
}

/** `try: from a import x` and `except: from b import x`: what is known wins over what is not. */
function bindName(name: string, value: Value, frame: Frame): void {
  const before = frame.locals.get(name);
  if (frame.unsure > 0 && before !== undefined)
    frame.locals.set(name, value.k === "external" && before.k !== "external" ? before : union([value, before]));
  else frame.locals.set(name, value);
}
