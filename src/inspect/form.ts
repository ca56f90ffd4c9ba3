import type { BodyView, FormField } from "../model/body-view.js";
import type { JsonObject } from "../model/json.js";
import type { Collected, Frame } from "./collector.js";

/** Form fields as an object of strings, so that one walker serves both; every pair is kept, duplicates too. */
export function formObject(fields: readonly FormField[]): JsonObject {
  return {
    kind: "object",
    start: fields[0]?.start ?? 0,
    end: fields.at(-1)?.end ?? 0,
    members: fields.map((field) => ({
      key: { kind: "string", text: field.name, start: field.start, end: field.end },
      value: { kind: "string", text: field.value, start: field.start, end: field.end },
    })),
  };
}

/** Splits a query string into decoded pairs (WHATWG URL, "application/x-www-form-urlencoded parsing"). */
export function queryFields(query: string): readonly FormField[] {
  const fields: FormField[] = [];
  for (const [name, value] of new URLSearchParams(query)) fields.push({ name, value, start: 0, end: 0 });
  return fields;
}

/** The text parts of a multipart body as fields; a part that is a file is a BLOB by itself (RFC 7578, section 4.2). */
export function partFields(view: Extract<BodyView, { kind: "multipart" }>, frame: Frame, into: Collected): readonly FormField[] {
  const fields: FormField[] = [];
  for (const part of view.parts) {
    if (part.filename !== undefined || part.value === undefined) {
      into.drafts.push({
        rule: "blob/multipart-file",
        frame,
        place: { parent: undefined, step: part.name },
        range: [part.start, part.end],
        value: view.bytes.subarray(part.start, part.end),
        why: "The multipart body holds a part that is a file.",
      });
    }
    if (part.filename !== undefined) fields.push({ name: "filename", value: part.filename, start: part.start, end: part.end });
    if (part.value !== undefined) fields.push({ name: part.name, value: part.value, start: part.start, end: part.end });
  }
  return fields;
}
