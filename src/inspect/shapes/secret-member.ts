import type { JsonNode, JsonObject } from "../../model/json.js";
import { isSecretFor } from "../validators/secrets.js";
import { secretNameOf } from "../validators/secret-names.js";
import type { Place } from "../place.js";
import type { Shape, ShapeHit } from "./shape.js";

/** Members that say what a pair is called, and what it holds: `{"name": "DB_PASS", "value": …}` of Kubernetes, HAR and settings. */
const NAME_KEYS: ReadonlySet<string> = new Set(
  "name key Name Key id field variable var header param parameter property setting option".split(" "),
);
const VALUE_KEYS: ReadonlySet<string> = new Set(
  "value Value val content data raw string text plain plaintext current default secret token b64 base64 encoded".split(" "),
);

/** Random values under a secret-like name that the key rules' lists don't spell, in pairs of name and value, and one level down. */
export const secretMember: Shape = {
  tree(root, place) {
    const hits: ShapeHit[] = [];
    visit(root, place, hits);
    return hits;
  },
};

function visit(node: JsonNode, place: Place | undefined, hits: ShapeHit[]): void {
  if (node.kind === "array")
    node.items.forEach((item, index) => {
      if (item.kind === "array" || item.kind === "object") visit(item, { parent: place, step: index }, hits);
    });
  if (node.kind !== "object") return;
  const called = nameIn(node);
  for (const { key, value } of node.members) {
    const step = key.text;
    if (called !== undefined && value.kind === "string" && VALUE_KEYS.has(step) && isSecretFor(called, value.text))
      hits.push({ node: value, place: { parent: place, step } });
    if (value.kind === "string") {
      if (isSecretFor(step, value.text)) hits.push({ node: value, place: { parent: place, step } });
    } else if (value.kind === "object" || value.kind === "array") {
      const at: Place = { parent: place, step };
      if (secretNameOf(step) !== undefined) inside(step, value, at, hits);
      visit(value, at, hits);
    }
  }
}

/** What the pair is called, where that is a secret's name. */
function nameIn(node: JsonObject): string | undefined {
  for (const { key, value } of node.members)
    if (value.kind === "string" && NAME_KEYS.has(key.text) && secretNameOf(value.text) !== undefined) return value.text;
  return undefined;
}

/** `{"password": {"value": …}}` and lists of values. */
function inside(name: string, node: JsonNode, place: Place, hits: ShapeHit[]): void {
  if (node.kind === "array")
    node.items.forEach((item, index) => {
      if (item.kind === "string" && isSecretFor(name, item.text)) hits.push({ node: item, place: { parent: place, step: index } });
    });
  if (node.kind !== "object") return;
  for (const { key, value } of node.members)
    if (value.kind === "string" && VALUE_KEYS.has(key.text) && isSecretFor(name, value.text))
      hits.push({ node: value, place: { parent: place, step: key.text } });
}
