import type { JsonNode } from "../model/json.js";

/** What a clean answer held, path by path, as type and length: an access says what was told without telling it again. */
export function structureOf(outline: readonly string[]): string {
  return JSON.stringify(
    Object.fromEntries(
      outline.map((line) => [
        line.slice(0, line.indexOf("\t")),
        line
          .slice(line.indexOf("\t") + 1)
          .replace("\t", " ")
          .trim(),
      ]),
    ),
  );
}

/** The values of all members with one of the names, at whatever depth; secrets that are told only as set or not stay booleans. */
export function valuesNamed(node: JsonNode, names: ReadonlySet<string>): JsonNode[] {
  if (node.kind === "array") return node.items.flatMap((item) => valuesNamed(item, names));
  if (node.kind !== "object") return [];
  return node.members.flatMap(({ key, value }) => {
    if (!names.has(key.text)) return valuesNamed(value, names);
    return value.kind === "boolean" || value.kind === "null" ? [] : [value];
  });
}

/** The views' bytes are UTF-8: an answer in another charset would go out under the wrong name. */
export function isUtf8(contentType: string | undefined): boolean {
  return !/charset\s*=\s*"?(?!utf-?8)/i.test(contentType ?? "");
}
