import type { EventModel } from "./events.js";
import type { Place } from "./finding.js";
import { typeWord } from "./python/declarations.js";
import { describe, lastName } from "./python/describe.js";
import type { Value } from "./python/value.js";

/** A string with holes as an anchored pattern (RE2 syntax), each hole bounded by what flows into it. */
export function patternOf(value: Value): string {
  if (value.k === "const") return `^${escapeText(String(value.value))}$`;
  if (value.k !== "text") return `^${hole(value)}$`;
  return `^${value.parts.map((part) => (typeof part === "string" ? escapeText(part) : hole(part))).join("")}$`;
}

function hole(value: Value): string {
  const name = value.k === "env" ? (value.name.k === "const" ? String(value.name.value).toLowerCase() : "") : lastName(value);
  if (value.k === "result" && /^(?:len|int|float|round|count)$/.test(describe(value.callee))) return "[0-9]{1,12}(?:\\.[0-9]{1,6})?";
  if (/(?:^|_)(?:id|count|number|length|total|code|index)$|^(?:count|number)_/.test(name)) return "[0-9]{1,12}";
  if (/(?:^|_)(?:is|has|was)_|_(?:enabled|allowed)$/.test(name)) return "(?:True|False|None)";
  if (/version/.test(name)) return "v?[0-9][0-9A-Za-z.+-]{0,31}";
  if (/service/.test(name)) return "(?:default|walrus|eventhandlers)(?:_service)?";
  if (/host_os/.test(name)) return "[A-Za-z0-9 ._-]{1,32}";
  if (/strftime|isoformat|date|time/.test(name)) return "[0-9][0-9T:. +-]{3,31}";
  if (/^(?:missing|ids)|_ids(?:_|$)/.test(name)) return "\\[[0-9, ]{0,400}\\]";
  return "[a-z_]{1,32}";
}

function escapeText(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** The schema of one member, by the type of its column. */
export function typeSchema(model: EventModel, name: string, value: Value): string {
  const column = value.k === "part" ? model.cls.columns.get(value.name) : undefined;
  if (value.k === "result" || (value.k === "union" && value.of.some((one) => one.k === "result")))
    return '{ type: [string, "null"], x-date: near-now, maxLength: 40 }';
  switch (column === undefined ? "" : typeWord(column.type)) {
    case "Integer":
    case "BIGINT":
    case "BigInteger":
    case "SmallInteger":
      return '{ type: [integer, "null"], minimum: 0, maximum: 9999999999 }';
    case "Float":
    case "Numeric":
      return '{ type: [number, "null"], minimum: 0 }';
    case "Boolean":
      return '{ type: [boolean, "null"] }';
    case "DateTime":
    case "Date":
      return '{ type: [string, "null"], x-date: near-now, maxLength: 40 }';
    case "JSONEncodedDict":
    case "JSONB":
    case "JSON":
      return '{ type: [object, "null"], x-sensitivity: free-json }';
    default:
      if (/fingerprint/.test(name)) return '{ type: [string, "null"], pattern: "[A-Za-z0-9_-]{4,64}", x-pin: install_fingerprint }';
      return '{ type: [string, "null"], pattern: "[A-Za-z0-9 ._-]{1,64}" }';
  }
}

/** The place in the source, as the comment behind a line. */
export function comment(place: Place): string {
  return ` # ${oneLine(place.file)}:${place.line}`;
}

/** Text that can't end a comment. */
export function oneLine(value: string): string {
  return value.replace(/[\r\n\u2028\u2029\u0085]+/g, " ");
}
