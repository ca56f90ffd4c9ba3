import type { Place } from "../finding.js";
import { lineage, methodOf } from "./declarations.js";
import type { Engine, Frame } from "./engine.js";

import type { Expr } from "./tree.js";
import { substitute } from "./substitution.js";
import { typeOf } from "./types.js";
import {
  alternatives,
  constText,
  newDict,
  newList,
  union,
  UNKNOWN,
  type DictValue,
  type Value,
  type ClassInfo,
  type ModuleInfo,
} from "./value.js";

/** Attributes, items and elements: reading them from any value, and storing into those that can hold. */
export class HeapReader {
  readonly #evaluator: Engine;
  /** Families as they were when so many classes were known. */
  readonly #families = new Map<ClassInfo, { readonly family: readonly ClassInfo[]; readonly among: number }>();

  constructor(evaluator: Engine) {
    this.#evaluator = evaluator;
  }

  attribute(of: Value, name: string, module: ModuleInfo): Value {
    switch (of.k) {
      case "union":
        return union(of.of.map((one) => this.attribute(one, name, module)));
      case "const":
      case "unknown":
        return UNKNOWN;
      case "module": {
        const found = this.#evaluator.global(of.module, name);
        if (found !== undefined) return found;
        return this.#evaluator.dotted(`${dottedPath(of.module)}.${name}`, of.module);
      }
      case "external": {
        const dotted = `${of.name}.${name}`;
        return this.#evaluator.dotted(dotted, module);
      }
      case "class": {
        const method = methodOf(this.#evaluator, of.cls, name) ?? methodOf(this.#evaluator, of.cls, unmangled(name, of.cls));
        if (method !== undefined) return { k: "function", fn: method, self: method.isClassMethod ? of : undefined };
        return this.#member(of.cls, name) ?? { k: "part", of, name, via: "attribute" };
      }
      case "object": {
        const method = methodOf(this.#evaluator, of.cls, name) ?? methodOf(this.#evaluator, of.cls, unmangled(name, of.cls));
        if (method?.isProperty === true) return this.#evaluator.summarize(method);
        if (method !== undefined) return { k: "function", fn: method, self: of };
        return { k: "part", of, name, via: "attribute" };
      }
      default: {
        const cls = this.typeOf(of);
        const method = cls === undefined ? undefined : methodOf(this.#evaluator, cls, name);
        if (cls !== undefined && method !== undefined) return { k: "function", fn: method, self: { k: "object", cls } };
        return { k: "part", of, name, via: "attribute" };
      }
    }
  }

  /** `value[key]`, `value.get(key)`. */
  item(of: Value, key: Value | undefined): Value {
    if (of.k === "union") return union(of.of.map((one) => this.item(one, key)));
    const name = constText(key);
    if (of.k === "dict") {
      if (name === undefined) return union([...of.entries.values(), ...of.dynamic].map((entry) => entry.value));
      const own = of.entries.get(name);
      return union([own?.value, ...of.dynamic.map((entry) => entry.value), ...of.spreads.map((spread) => this.item(spread, key))]);
    }
    if (of.k === "list")
      return this.position(of, key !== undefined && key.k === "const" && typeof key.value === "number" ? key.value : undefined);
    if (name === undefined) return { k: "element", of };
    this.#ask(of, name);
    if (of.k === "external" && of.name === "os.environ") return { k: "env", name: key ?? UNKNOWN, fallback: undefined };
    return { k: "part", of, name, via: "item" };
  }

  /** One of several positions: of a tuple, a list. */
  position(of: Value, index: number | undefined): Value {
    if (of.k === "union") return union(of.of.map((one) => this.position(one, index)));
    if (of.k === "list") return (index === undefined ? undefined : of.items.at(index)) ?? union(of.items);
    return of.k === "const" || of.k === "unknown" ? UNKNOWN : { k: "element", of };
  }

  element(of: Value): Value {
    if (of.k === "union") return union(of.of.map((one) => this.element(one)));
    if (of.k === "list") return union(of.items);
    if (of.k === "dict" || of.k === "const" || of.k === "unknown") return UNKNOWN;
    return { k: "element", of };
  }

  put(dict: DictValue, key: Value, value: Value, place: Place): void {
    const name = constText(key);
    if (name === undefined) {
      if (dict.dynamic.length < 24) dict.dynamic.push({ key, value, place });
      return;
    }
    const before = dict.entries.get(name);
    if (before === undefined && dict.entries.size > 400) return;
    // A later store adds to the earlier: branches are not told apart.
    dict.entries.set(name, { value: before === undefined ? value : union([value, before.value]), place: before?.place ?? place });
  }

  /** The mapping under a key, made where there is none. */
  inner(dict: DictValue, key: Value, place: Place): DictValue {
    const held = this.item(dict, key);
    for (const one of alternatives(held)) if (one.k === "dict") return one;
    const made = newDict();
    this.put(dict, key, made, place);
    return made;
  }

  /** Where `value[key] = …` stores: the mappings it is, or one laid over the symbol. */
  dictsToStore(value: Value): DictValue[] {
    return alternatives(value).flatMap((one) => {
      if (one.k === "dict") return [one];
      const stores = one.k === "param" ? one.fn.stores : one.k === "part" && one.of.k === "object" ? one.of.cls.stores : undefined;
      const name = one.k === "param" || one.k === "part" ? one.name : "";
      if (stores === undefined) return [];
      const held = stores.get(name) ?? newDict();
      stores.set(name, held);
      return [held];
    });
  }

  storeAttribute(of: Value, name: string, value: Value): void {
    for (const one of alternatives(of)) {
      const cls = one.k === "object" ? one.cls : this.typeOf(one);
      if (cls === undefined) continue;
      const held = cls.attributes.get(name) ?? [];
      if (held.length < 24) held.push(value);
      cls.attributes.set(name, held);
    }
  }

  /** What a symbol stands for beyond its name: `self.log` is all that was ever assigned to it, and what was stored into it. */
  held(value: Value): readonly Value[] {
    if (value.k === "param") {
      const stored = value.fn.stores.get(value.name);
      return stored === undefined ? [] : [stored];
    }
    if (value.k !== "part" || value.of.k !== "object") return [];
    const out: Value[] = [];
    for (const cls of this.family(value.of.cls)) {
      out.push(...(cls.attributes.get(value.name) ?? []));
      const stored = cls.stores.get(value.name);
      if (stored !== undefined) out.push(stored);
      const member = cls.columns.has(value.name) ? undefined : cls.members.get(value.name);
      if (member?.k === "text" || member?.k === "format" || member?.k === "binary" || member?.k === "attribute")
        out.push(this.#inClass(cls, member));
    }
    return out;
  }

  /** A class with its bases and with what derives from it. */
  family(cls: ClassInfo): readonly ClassInfo[] {
    const known = this.#families.get(cls);
    if (known !== undefined && known.among === this.#evaluator.classes.length) return known.family;
    const family = this.#familyOf(cls);
    this.#families.set(cls, { family, among: this.#evaluator.classes.length });
    return family;
  }

  #familyOf(cls: ClassInfo): readonly ClassInfo[] {
    const derived = this.#evaluator.classes.filter((other) => other !== cls && lineage(this.#evaluator, other).includes(cls));
    return [...lineage(this.#evaluator, cls), ...derived];
  }

  asked(value: Value): ReadonlySet<string> {
    if (value.k === "param") return value.fn.asked.get(value.name) ?? new Set();
    if (value.k === "part" && value.of.k === "object") return value.of.cls.asked.get(value.name) ?? new Set();
    return new Set();
  }

  #ask(of: Value, key: string): void {
    const asked = of.k === "param" ? of.fn.asked : of.k === "part" && of.of.k === "object" ? of.of.cls.asked : undefined;
    const name = of.k === "param" || of.k === "part" ? of.name : "";
    if (asked === undefined) return;
    const keys = asked.get(name) ?? new Set<string>();
    keys.add(key);
    asked.set(name, keys);
  }

  /** The class whose instance a value is, see `types.ts`. */
  typeOf(value: Value): ClassInfo | undefined {
    return typeOf(this.#evaluator, value);
  }

  #inClass(cls: ClassInfo, member: Expr): Value {
    const { module } = cls;
    const frame: Frame = { module, fn: undefined, cls: undefined, locals: module.globals, outer: undefined, unsure: 0, results: [] };
    return this.#evaluator.eval(member, frame);
  }

  #member(cls: ClassInfo, name: string): Value | undefined {
    for (const one of lineage(this.#evaluator, cls)) {
      const member = one.members.get(name);
      if (member === undefined || one.columns.has(name)) continue;
      return this.#inClass(one, member);
    }
    return undefined;
  }

  substitute(value: Value, bindings: ReadonlyMap<string, Value>, fn: Extract<Value, { k: "param" }>["fn"]): Value {
    return substitute(this, value, bindings, fn);
  }

  list(items: readonly Value[]): Value {
    return newList(items);
  }
}

/** `_Cls__name` → `__name` (Python reference, 6.2.1). */
function unmangled(name: string, cls: ClassInfo): string {
  return name.startsWith(`_${cls.name}__`) ? name.slice(cls.name.length + 1) : name;
}

function dottedPath(module: ModuleInfo): string {
  return module.path
    .replace(/(?:\/__init__)?\.py$/, "")
    .split("/")
    .join(".");
}
