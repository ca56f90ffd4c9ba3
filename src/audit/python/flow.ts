import { bind } from "./binding.js";
import type { CallRecord } from "./engine.js";
import type { Evaluator } from "./evaluator.js";

import {
  alternatives,
  newDict,
  union,
  UNKNOWN,
  type DictEntryValue,
  type DictValue,
  type Value,
  type ClassInfo,
  type FunctionInfo,
} from "./value.js";

/** Values seen from one chain of callers; the nearest caller first. */
export interface Context {
  readonly values: ReadonlyMap<string, Value>;
  readonly chain: readonly CallRecord[];
}

const MAX_CHAIN = 9;
const MAX_CONTEXTS = 2_000;

/** A value at the end of a flow, with the keys under which it lies. */
export interface Leaf {
  readonly value: Value;
  readonly keys: readonly string[];
  /** In a string, beside other text. */
  readonly inText: boolean;
}

/** Follows values from where they are used back to where they come from, through any number of callers. */
export class Flow {
  readonly evaluator: Evaluator;
  readonly #callers = new Map<FunctionInfo, CallRecord[]>();
  readonly #makers = new Map<ClassInfo, CallRecord[]>();

  constructor(evaluator: Evaluator) {
    this.evaluator = evaluator;
    for (const call of evaluator.calls) {
      if (call.callee.k === "function") push(this.#callers, call.callee.fn, call);
      else if (call.callee.k === "class") push(this.#makers, call.callee.cls, call);
    }
  }

  callersOf(fn: FunctionInfo): readonly CallRecord[] {
    return this.#callers.get(fn) ?? [];
  }

  /** Calls that make an instance of a class or of one that derives from it. */
  makersOf(cls: ClassInfo): readonly CallRecord[] {
    return this.evaluator.classes
      .filter((other) => other === cls || this.evaluator.heap.family(cls).includes(other))
      .flatMap((other) => this.#makers.get(other) ?? []);
  }

  /**
   * The values as each chain of callers sees them. Climbs while a value depends on a parameter of the function that it is in, and
   * `goOn` allows; a function that nobody calls keeps its parameters as symbols.
   */
  contexts(
    fn: FunctionInfo | undefined,
    values: ReadonlyMap<string, Value>,
    goOn: (fn: FunctionInfo, held: ReadonlyMap<string, Value>) => boolean = () => true,
  ): Context[] {
    const out: Context[] = [];
    const climb = (
      from: FunctionInfo | undefined,
      held: ReadonlyMap<string, Value>,
      chain: readonly CallRecord[],
      seen: readonly FunctionInfo[],
    ): void => {
      if (out.length >= MAX_CONTEXTS) return;
      const callers =
        from === undefined || chain.length >= MAX_CHAIN || seen.includes(from) || !goOn(from, held) ? [] : this.callersOf(from);
      if (from === undefined || callers.length === 0 || ![...held.values()].some((value) => dependsOn(value, from))) {
        out.push({ values: held, chain });
        return;
      }
      for (const call of callers) {
        const bindings = bind(from, call.args, this.evaluator);
        const next = new Map([...held].map(([name, value]) => [name, this.evaluator.heap.substitute(value, bindings, from)]));
        climb(call.fn, next, [...chain, call], [...seen, from]);
      }
    };
    climb(fn, values, [], []);
    return out;
  }

  /** One value as all callers together see it. */
  resolve(fn: FunctionInfo | undefined, value: Value): Value {
    return union(this.contexts(fn, new Map([["value", value]])).map((context) => context.values.get("value")));
  }

  /** The alternatives of a value, with what its symbols were assigned. */
  expand(value: Value, depth = 0): readonly Value[] {
    if (depth > 6) return [value];
    return alternatives(value).flatMap((one) => [one, ...this.evaluator.heap.held(one).flatMap((held) => this.expand(held, depth + 1))]);
  }

  /** Every end of a value. */
  leaves(value: Value): Leaf[] {
    const out: Leaf[] = [];
    const seen = new Set<Value>();
    const visit = (one: Value, keys: readonly string[], inText: boolean, depth: number): void => {
      if (out.length > 400 || depth > 14) return;
      switch (one.k) {
        case "union":
          for (const part of one.of) visit(part, keys, inText, depth + 1);
          return;
        case "dict":
          if (seen.has(one)) return;
          seen.add(one);
          for (const [key, entry] of one.entries) visit(entry.value, [...keys, key], inText, depth + 1);
          for (const entry of one.dynamic) {
            visit(entry.key, keys, inText, depth + 1);
            visit(entry.value, [...keys, "*"], inText, depth + 1);
          }
          for (const spread of one.spreads) visit(spread, keys, inText, depth + 1);
          return;
        case "list":
          if (seen.has(one)) return;
          seen.add(one);
          for (const item of one.items) visit(item, keys, inText, depth + 1);
          return;
        case "text":
          for (const part of one.parts) if (typeof part !== "string") visit(part, keys, true, depth + 1);
          return;
        case "env":
          if (one.fallback !== undefined) visit(one.fallback, keys, inText, depth + 1);
          out.push({ value: one, keys, inText });
          return;
        default: {
          if (out.some((leaf) => leaf.value === one && leaf.keys.join(".") === keys.join("."))) return;
          out.push({ value: one, keys, inText });
          const held = this.evaluator.heap.held(one);
          for (const more of held) if (!seen.has(more)) visit(more, keys, inText, depth + 1);
        }
      }
    };
    visit(value, [], false, 0);
    return out;
  }

  /** The named members of a mapping, poured-in ones too; `rest` is what is poured in and has no names. */
  members(value: Value): {
    readonly entries: ReadonlyMap<string, DictEntryValue>;
    readonly rest: readonly Value[];
    readonly dynamic: DictValue["dynamic"];
  } {
    const entries = new Map<string, DictEntryValue>();
    const rest: Value[] = [];
    const dynamic: DictValue["dynamic"] = newDict().dynamic;
    const seen = new Set<Value>();
    const visit = (one: Value): void => {
      if (seen.has(one)) return;
      seen.add(one);
      if (one.k === "union") one.of.forEach(visit);
      else if (one.k === "dict") {
        for (const [name, entry] of one.entries) {
          const before = entries.get(name);
          entries.set(name, before === undefined ? entry : { value: union([before.value, entry.value]), place: before.place });
        }
        dynamic.push(...one.dynamic);
        one.spreads.forEach(visit);
      } else if (one.k !== "const" && one.k !== "unknown") {
        const held = this.evaluator.heap.held(one);
        held.forEach(visit);
        if (held.length === 0 || one.k === "part") rest.push(one);
      }
    };
    visit(value);
    return { entries, rest, dynamic };
  }

  /** The dotted names from outside that a value may be: `requests.post`, `requests.Session().post`, `analytics.track`. */
  externalNames(value: Value, fn: FunctionInfo | undefined, depth = 0): readonly string[] {
    if (depth > 8) return [];
    switch (value.k) {
      case "external":
        return [value.name];
      case "union":
        return value.of.flatMap((one) => this.externalNames(one, fn, depth + 1));
      case "part": {
        const own = this.externalNames(value.of, fn, depth + 1).map((name) => `${name}.${value.name}`);
        return [...own, ...this.evaluator.heap.held(value).flatMap((one) => this.externalNames(one, fn, depth + 1))];
      }
      case "result":
        return this.externalNames(value.callee, fn, depth + 1).map((name) => `${name}()`);
      case "param": {
        const bound = this.callersOf(value.fn).map((call) => ({
          call,
          value: bind(value.fn, call.args, this.evaluator).get(value.name) ?? UNKNOWN,
        }));
        return bound.flatMap((one) => this.externalNames(one.value, one.call.fn, depth + 2));
      }
      default:
        return [];
    }
  }
}

/** Whether a value depends on a parameter of a function. */
export function dependsOn(value: Value, fn: FunctionInfo): boolean {
  const seen = new Set<Value>();
  const visit = (one: Value, depth: number): boolean => {
    if (depth > 24 || seen.has(one)) return false;
    seen.add(one);
    switch (one.k) {
      case "param":
        return one.fn === fn;
      case "part":
      case "element":
        return visit(one.of, depth + 1);
      case "union":
        return one.of.some((part) => visit(part, depth + 1));
      case "text":
        return one.parts.some((part) => typeof part !== "string" && visit(part, depth + 1));
      case "list":
        return one.items.some((item) => visit(item, depth + 1));
      case "dict":
        return (
          [...one.entries.values()].some((entry) => visit(entry.value, depth + 1)) ||
          one.spreads.some((spread) => visit(spread, depth + 1)) ||
          one.dynamic.some((entry) => visit(entry.value, depth + 1) || visit(entry.key, depth + 1))
        );
      case "env":
        return visit(one.name, depth + 1) || (one.fallback !== undefined && visit(one.fallback, depth + 1));
      case "result":
        return visit(one.callee, depth + 1) || one.args.some((arg) => visit(arg.value, depth + 1));
      default:
        return false;
    }
  };
  return visit(value, 0);
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const held = map.get(key);
  if (held === undefined) map.set(key, [value]);
  else held.push(value);
}
