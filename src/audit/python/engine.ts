import type { Place } from "../finding.js";
import type { Program } from "./program.js";
import type { Expr } from "./tree.js";
import type { ArgumentValue, ClassInfo, DictValue, FunctionInfo, ModuleInfo, Value } from "./value.js";

/** One call of the source, its callee and arguments as values. */
export interface CallRecord {
  readonly callee: Value;
  readonly args: readonly ArgumentValue[];
  readonly place: Place;
  readonly fn: FunctionInfo | undefined;
  readonly module: ModuleInfo;
}

/** Where a statement runs: its module, and the function and class around it. */
export interface Frame {
  readonly module: ModuleInfo;
  readonly fn: FunctionInfo | undefined;
  readonly cls: ClassInfo | undefined;
  readonly locals: Map<string, Value>;
  readonly outer: ReadonlyMap<string, Value> | undefined;
  /** Above 0 inside a body that may not run: an assignment there adds to what was known. */
  unsure: number;
  results: Value[];
}

/** Reading and storing, as `heap.ts` does it. */
export interface Heap {
  attribute(of: Value, name: string, module: ModuleInfo): Value;
  item(of: Value, key: Value | undefined): Value;
  element(of: Value): Value;
  position(of: Value, index: number | undefined): Value;
  put(dict: DictValue, key: Value, value: Value, place: Place): void;
  typeOf(value: Value): ClassInfo | undefined;
  substitute(value: Value, bindings: ReadonlyMap<string, Value>, fn: FunctionInfo): Value;
}

/** What the parts of the evaluator need of each other; none imports the whole. */
export interface Engine {
  readonly program: Program;
  readonly heap: Heap;
  readonly classes: readonly ClassInfo[];
  eval(expr: Expr, frame: Frame): Value;
  summarize(fn: FunctionInfo): Value;
  global(module: ModuleInfo, name: string): Value | undefined;
  dotted(name: string, importer: ModuleInfo): Value;
  assign(target: Expr, value: Value, frame: Frame): void;
  container(expr: Expr, frame: Frame): DictValue[];
  recordCall(callee: Value, args: readonly ArgumentValue[], place: Place, frame: Frame): void;
  addClass(cls: ClassInfo): void;
  addFunction(fn: FunctionInfo): void;
  classesNamed(name: string): readonly ClassInfo[];
  classesFolded(folded: string): readonly ClassInfo[];
}
