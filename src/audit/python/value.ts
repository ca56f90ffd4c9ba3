import type { Place } from "../finding.js";
import type { ClassNode, Expr, FunctionNode, Stmt } from "./tree.js";

export interface ModuleInfo {
  readonly path: string;
  readonly body: readonly Stmt[];
  readonly lineStarts: readonly number[];
  /** Global names and what they hold; filled when the module's body is evaluated. */
  readonly globals: Map<string, Value>;
  /** Modules that `from … import *` pours in, as they are written. */
  readonly stars: readonly string[];
  state: "new" | "running" | "done";
}

export interface FunctionInfo {
  readonly name: string;
  readonly module: ModuleInfo;
  readonly node: FunctionNode;
  readonly cls: ClassInfo | undefined;
  readonly isStatic: boolean;
  readonly isClassMethod: boolean;
  readonly isProperty: boolean;
  /** Names of the functions around it, whose locals it sees. */
  readonly outer: ReadonlyMap<string, Value> | undefined;
  /** What the body stores into a parameter. */
  readonly stores: Map<string, DictValue>;
  /** Keys that the body asks of a parameter. */
  readonly asked: Map<string, Set<string>>;
  state: "new" | "running" | "done";
  result: Value;
}

export interface Column {
  readonly type: Expr;
  readonly place: Place;
}

export interface ClassInfo {
  readonly name: string;
  readonly module: ModuleInfo;
  readonly node: ClassNode;
  readonly methods: Map<string, FunctionInfo>;
  /** Names assigned or declared in the class body. */
  readonly members: Map<string, Expr>;
  readonly columns: Map<string, Column>;
  /** What methods assign to `self.<name>`. */
  readonly attributes: Map<string, Value[]>;
  readonly stores: Map<string, DictValue>;
  readonly asked: Map<string, Set<string>>;
  bases: readonly ClassInfo[] | undefined;
}

/**
 * What an expression may evaluate to, as far as the text tells. Symbolic where it does not: a parameter, a part of something, a call's result.
 */
export type Value =
  | { readonly k: "const"; readonly value: string | number | boolean | null }
  /** A string with holes: f-string, `format`, `%`, `+`. */
  | { readonly k: "text"; readonly parts: readonly (string | Value)[] }
  | DictValue
  | ListValue
  | { readonly k: "param"; readonly fn: FunctionInfo; readonly name: string }
  | { readonly k: "part"; readonly of: Value; readonly name: string; readonly via: "attribute" | "item" }
  /** One of what a loop goes through. */
  | { readonly k: "element"; readonly of: Value }
  | { readonly k: "result"; readonly callee: Value; readonly args: readonly ArgumentValue[] }
  /** An instance of a class of the checkout; all instances of a class are one. */
  | { readonly k: "object"; readonly cls: ClassInfo }
  | { readonly k: "class"; readonly cls: ClassInfo }
  | { readonly k: "function"; readonly fn: FunctionInfo; readonly self: Value | undefined }
  | { readonly k: "module"; readonly module: ModuleInfo }
  /** Something from outside the checkout, by its dotted name. */
  | { readonly k: "external"; readonly name: string }
  | { readonly k: "union"; readonly of: readonly Value[] }
  /** A setting read from the environment. */
  | { readonly k: "env"; readonly name: Value; readonly fallback: Value | undefined }
  | { readonly k: "unknown" };

export interface ArgumentValue {
  readonly name: string | undefined;
  readonly value: Value;
}

export interface DictEntryValue {
  readonly value: Value;
  readonly place: Place;
}

/** Mutable, as Python's is: what flows into it later is seen by whoever holds it. */
export interface DictValue {
  readonly k: "dict";
  readonly entries: Map<string, DictEntryValue>;
  /** Other mappings poured in. */
  readonly spreads: Value[];
  /** Entries whose key is not known by its text. */
  readonly dynamic: { readonly key: Value; readonly value: Value; readonly place: Place }[];
}

export interface ListValue {
  readonly k: "list";
  readonly items: Value[];
}

export const UNKNOWN: Value = { k: "unknown" };

/** Alternatives, and items of one collection, that are kept; past it the text holds no more than a table of data. */
const MAX_ALTERNATIVES = 48;

export function text(value: string): Value {
  return { k: "const", value };
}

export function newDict(spreads: readonly Value[] = []): DictValue {
  return { k: "dict", entries: new Map(), spreads: [...spreads], dynamic: [] };
}

export function newList(items: readonly Value[]): ListValue {
  return { k: "list", items: items.slice(0, MAX_ALTERNATIVES) };
}

export function alternatives(value: Value): readonly Value[] {
  return value.k === "union" ? value.of : [value];
}

/** One of several; flat, without repetition. */
export function union(values: readonly (Value | undefined)[]): Value {
  const out: Value[] = [];
  for (const value of values) {
    if (value === undefined) continue;
    for (const one of alternatives(value)) {
      if (one.k !== "unknown" && out.length < MAX_ALTERNATIVES && !out.some((seen) => same(seen, one))) out.push(one);
    }
  }
  const [first] = out;
  if (first === undefined) return UNKNOWN;
  return out.length === 1 ? first : { k: "union", of: out };
}

/** Whether two values are the same by their text; collections only by identity. */
export function same(a: Value, b: Value, depth = 0): boolean {
  if (a === b) return true;
  if (a.k !== b.k || depth > 12) return false;
  switch (a.k) {
    case "const":
      return b.k === "const" && a.value === b.value;
    case "param":
      return b.k === "param" && a.fn === b.fn && a.name === b.name;
    case "part":
      return b.k === "part" && a.name === b.name && a.via === b.via && same(a.of, b.of, depth + 1);
    case "element":
      return b.k === "element" && same(a.of, b.of, depth + 1);
    case "object":
      return b.k === "object" && a.cls === b.cls;
    case "class":
      return b.k === "class" && a.cls === b.cls;
    case "function":
      return b.k === "function" && a.fn === b.fn;
    case "module":
      return b.k === "module" && a.module === b.module;
    case "external":
      return b.k === "external" && a.name === b.name;
    case "env":
      return b.k === "env" && same(a.name, b.name, depth + 1);
    case "text":
      return (
        b.k === "text" &&
        a.parts.length === b.parts.length &&
        a.parts.every((part, index) => {
          const other = b.parts[index];
          return typeof part === "string"
            ? part === other
            : other !== undefined && typeof other !== "string" && same(part, other, depth + 1);
        })
      );
    default:
      return false;
  }
}

/** Joins texts and holes; adjoining literals become one. */
export function joinText(parts: readonly (string | Value)[]): Value {
  const out: (string | Value)[] = [];
  const push = (part: string | Value): void => {
    if (typeof part !== "string" && part.k === "const" && typeof part.value === "string") return push(part.value);
    if (typeof part !== "string" && part.k === "text") return part.parts.forEach(push);
    const last = out.at(-1);
    if (typeof part === "string" && typeof last === "string") out[out.length - 1] = last + part;
    else if (part !== "") out.push(part);
  };
  for (const part of parts) push(part);
  const [only] = out;
  if (out.length === 0) return text("");
  if (out.length === 1 && only !== undefined) return typeof only === "string" ? text(only) : { k: "text", parts: out };
  return { k: "text", parts: out };
}

/** Text of a constant string. */
export function constText(value: Value | undefined): string | undefined {
  return value !== undefined && value.k === "const" && typeof value.value === "string" ? value.value : undefined;
}

/** Every constant string among the alternatives. */
export function constTexts(value: Value | undefined): string[] {
  if (value === undefined) return [];
  return alternatives(value).flatMap((one) => constText(one) ?? []);
}
