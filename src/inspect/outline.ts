import type { BodyView } from "../model/body-view.js";
import type { JsonNode } from "../model/json.js";
import type { KnownNames } from "./place.js";
import { queryFields } from "./form.js";

/** Distinct lines of one exchange; a clean event has some thirty. Past it one line says so. */
const MOST_LINES = 512;
/** Nodes that are walked for it: a body at the size limit may hold two hundred thousand. */
const MOST_NODES = 20_000;
const OVERFLOW = "…\toverflow\t";

/**
 * What an exchange holds, for the inventory: distinct `path TAB type TAB length class`, list indexes as `*`, a query's parameters as
 * `?name`, keys that no schema or rule names as their pseudonym. Never a value.
 */
export function outlineOf(
  views: readonly BodyView[],
  query: string | undefined,
  names: KnownNames,
  pseudonym: (key: string) => string,
): readonly string[] {
  const lines = new Set<string>();
  let nodes = 0;
  const add = (path: string, type: string, length: number | undefined): void => {
    if (lines.size < MOST_LINES) lines.add(`${path}\t${type}\t${length === undefined ? "" : lengthClass(length)}`);
    else {
      lines.add(OVERFLOW);
      nodes = MOST_NODES + 1;
    }
  };
  const step = (name: string): string => (names.has(name) ? name : pseudonym(name));
  const walk = (node: JsonNode, path: string): void => {
    // Past the bound nothing more is taken, so nothing more is looked at.
    if (nodes > MOST_NODES) return;
    nodes += 1;
    if (nodes > MOST_NODES) return void lines.add(OVERFLOW);
    switch (node.kind) {
      case "object":
        if (node.members.length === 0) add(path, "object", undefined);
        for (const { key, value } of node.members) {
          if (nodes > MOST_NODES) return;
          walk(value, `${path}/${step(key.text)}`);
        }
        return;
      case "array":
        if (node.items.length === 0) add(path, "array", undefined);
        for (const item of node.items) walk(item, `${path}/*`);
        return;
      case "string":
        return add(path, "string", node.text.length);
      case "number":
        return add(path, /^-?\d+$/.test(node.text) ? "integer" : "number", undefined);
      default:
        return add(path, node.kind, undefined);
    }
  };
  const view = views.find((candidate) => candidate.kind !== "empty");
  if (view?.kind === "json") walk(view.root, "");
  else if (view?.kind === "ndjson") for (const root of view.roots) walk(root, "");
  else if (view?.kind === "multipart") for (const part of view.parts) add(`/${step(part.name)}`, "part", part.end - part.start);
  else if (view?.kind === "form") for (const field of view.fields) add(`/${step(field.name)}`, "string", field.value.length);
  if (query !== undefined && query !== "")
    for (const field of queryFields(query)) add(`?${step(field.name)}`, "string", field.value.length);
  return [...lines];
}

const CLASSES = [0, 8, 32, 128, 512, 2_048, 4_096];

/** `0`, `1-8`, `9-32`, …, `4097+`: tells an id from a text, and not which. Characters. */
function lengthClass(length: number): string {
  const index = CLASSES.findIndex((most) => length <= most);
  if (index === 0) return "0";
  const least = (CLASSES[index === -1 ? CLASSES.length - 1 : index - 1] ?? 0) + 1;
  return index === -1 ? `${least}+` : `${least}-${CLASSES[index]}`;
}
