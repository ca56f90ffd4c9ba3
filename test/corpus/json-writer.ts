import type { JsonValue } from "./labelled-case.js";

/** Before a string: every character of it is to be written as a `\uXXXX` escape. A private-use character that no generator draws. */
export const ESCAPE_ALL = "\uE000";

/** How the body is laid out: Python's `json.dumps` puts blanks after `,` and `:`, JavaScript none. */
export type JsonStyle = "python" | "javascript";

/** The text itself, or the JSON of what is no text. */
export function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : writeJson(value);
}

/** JSON text of the value. Python's style escapes what is not ASCII, as `json.dumps` does. */
export function writeJson(value: JsonValue, style: JsonStyle = "javascript"): string {
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "string") return writeString(value, style);
  const comma = style === "python" ? ", " : ",";
  const colon = style === "python" ? ": " : ":";
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item, style)).join(comma)}]`;
  const members = Object.entries(value).map(([key, item]) => writeString(key, style) + colon + writeJson(item, style));
  return `{${members.join(comma)}}`;
}

function writeString(text: string, style: JsonStyle): string {
  if (text.startsWith(ESCAPE_ALL)) return `"${escapeEach(text.slice(1))}"`;
  const written = JSON.stringify(text);
  return style === "python" ? written.replace(/[\u007f-\uffff]/g, escapeEach) : written;
}

function escapeEach(text: string): string {
  let out = "";
  for (let index = 0; index < text.length; index += 1) out += `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`;
  return out;
}

/** RFC 6901, section 3. */
export function pointerOf(...segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${String(segment).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
