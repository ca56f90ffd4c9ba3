import type { BodyView } from "../model/body-view.js";
import type { JsonNode } from "../model/json.js";
import type { KnownNames } from "./place.js";

/** Characters of the structure kept in a record; past them it says that there is more. */
const STRUCTURE_LIMIT = 64 * 1024;

/**
 * The shape of a body with a word for each value: `"string(34)"`, `"integer"`, `"null"`. Keys that no schema or rule names stand as their
 * pseudonym. JSON text of at most 64 KiB; items of a long list past the first eight are counted.
 */
export function structureOf(views: readonly BodyView[], names: KnownNames, pseudonym: (key: string) => string): string | undefined {
  const view = views.find((candidate) => candidate.kind !== "empty");
  if (view === undefined) return undefined;
  const writer = new StructureWriter(names, pseudonym);
  if (view.kind === "json") writer.node(view.root);
  else if (view.kind === "ndjson") writer.list(view.roots);
  else if (view.kind === "multipart") writer.fields(view.parts.map((part) => [part.name, part.end - part.start]));
  else if (view.kind === "form") writer.fields(view.fields.map((field) => [field.name, field.value.length]));
  return writer.text();
}

class StructureWriter {
  private readonly names: KnownNames;
  private readonly pseudonym: (key: string) => string;
  private left = STRUCTURE_LIMIT - 1024;
  private written = "";

  constructor(names: KnownNames, pseudonym: (key: string) => string) {
    this.names = names;
    this.pseudonym = pseudonym;
  }

  text(): string {
    return this.written;
  }

  node(node: JsonNode): void {
    if (this.left <= 0) return this.put('"…"');
    switch (node.kind) {
      case "object":
        this.put("{");
        node.members.every(({ key, value }, index) => {
          if (this.left <= 0) {
            this.put(`${index > 0 ? "," : ""}"…":${node.members.length - index}`);
            return false;
          }
          this.put(`${index > 0 ? "," : ""}${this.key(key.text)}:`);
          this.node(value);
          return true;
        });
        return this.put("}");
      case "array":
        return this.list(node.items);
      case "string":
        return this.put(`"string(${node.text.length})"`);
      case "number":
        return this.put(/^-?\d+$/.test(node.text) ? '"integer"' : '"number"');
      default:
        return this.put(`"${node.kind}"`);
    }
  }

  list(items: readonly JsonNode[]): void {
    this.put("[");
    items.slice(0, 8).forEach((item, index) => {
      if (index > 0) this.put(",");
      this.node(item);
    });
    if (items.length > 8) this.put(`,"… ${items.length - 8} more"`);
    this.put("]");
  }

  fields(fields: readonly (readonly [string, number])[]): void {
    this.put("{");
    fields.slice(0, 256).forEach(([name, length], index) => this.put(`${index > 0 ? "," : ""}${this.key(name)}:"string(${length})"`));
    this.put("}");
  }

  private key(name: string): string {
    return JSON.stringify(this.names.has(name) ? name : this.pseudonym(name));
  }

  private put(text: string): void {
    this.written += text;
    this.left -= text.length;
  }
}
