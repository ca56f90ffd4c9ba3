import { createHash } from "node:crypto";

/** What canonical JSON can hold. A member that is `undefined` is left out. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json };

/**
 * JSON in one spelling only: members sorted by name in UTF-16 order, no white space, numbers and strings as ECMAScript writes them
 * (RFC 8785). Numbers must be finite.
 */
export function canonicalJson(value: Json): string {
  if (value === undefined) return "null";
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError("JSON has no spelling for a number that is not finite.");
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

/** SHA-256 of a text's UTF-8 bytes, 64 hex digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
