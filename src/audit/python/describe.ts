import { constText, type Value } from "./value.js";

/** A value as a person reads it: `opts['path']`, `member.user.email`, `"New cloud import for {opts['path']}"`. Bounded in length. */
export function describe(value: Value, depth = 0): string {
  if (depth > 6) return "…";
  switch (value.k) {
    case "const":
      return typeof value.value === "string" ? JSON.stringify(shorten(value.value)) : value.value === null ? "None" : String(value.value);
    case "text":
      return JSON.stringify(shorten(template(value)));
    case "dict": {
      const names = [...value.entries.keys()].slice(0, 12);
      const spreads = value.spreads.slice(0, 3).map((spread) => `**${describe(spread, depth + 1)}`);
      return `{${[...names, ...spreads].join(", ")}}`;
    }
    case "list":
      return `[${value.items
        .slice(0, 3)
        .map((item) => describe(item, depth + 1))
        .join(", ")}]`;
    case "param":
      return value.name;
    case "part":
      return value.via === "item" ? `${describe(value.of, depth + 1)}['${value.name}']` : `${describe(value.of, depth + 1)}.${value.name}`;
    case "element":
      return `one of ${describe(value.of, depth + 1)}`;
    case "result":
      return `${describe(value.callee, depth + 1)}(…)`;
    case "object":
      return lowerFirst(value.cls.name);
    case "class":
      return value.cls.name;
    case "function":
      return value.fn.cls === undefined ? value.fn.name : `${value.fn.cls.name}.${value.fn.name}`;
    case "module":
      return value.module.path;
    case "external":
      return value.name;
    case "union":
      return value.of
        .slice(0, 4)
        .map((one) => describe(one, depth + 1))
        .join(" or ");
    case "env":
      return `setting ${constText(value.name) ?? "?"}`;
    case "unknown":
      return "?";
  }
}

/** Literal text of a template, its holes in braces. */
export function template(value: Value): string {
  if (value.k === "const") return typeof value.value === "string" ? value.value : String(value.value);
  if (value.k !== "text") return `{${describe(value)}}`;
  return value.parts.map((part) => (typeof part === "string" ? part : `{${describe(part, 1)}}`)).join("");
}

/** The last name of a chain: what a value is called where it comes from. */
export function lastName(value: Value): string {
  switch (value.k) {
    case "part":
    case "param":
      return value.name;
    case "element":
      return lastName(value.of);
    case "result":
      return value.callee.k === "part" ? value.callee.name : lastName(value.callee);
    case "object":
      return value.cls.name;
    default:
      return "";
  }
}

/** All names of a chain, from its root. */
export function chainOf(value: Value): readonly string[] {
  switch (value.k) {
    case "part":
      return [...chainOf(value.of), value.name];
    case "element":
      return chainOf(value.of);
    case "result":
      return chainOf(value.callee);
    case "param":
      return [value.name];
    case "object":
      return [value.cls.name];
    case "external":
      return value.name.split(".");
    default:
      return [];
  }
}

function shorten(value: string): string {
  const line = value.replace(/\s+/g, " ");
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}

function lowerFirst(value: string): string {
  return value.charAt(0).toLowerCase() + value.slice(1);
}
