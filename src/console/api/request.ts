import { createHash } from "node:crypto";
import type { z } from "zod";
import type { ConsoleContext } from "../console-parts.js";
import { Problem } from "../problem.js";

/** Reads a query against its schema. @throws Problem naming every parameter that is unknown, repeated or unreadable. */
export function readQuery<Schema extends z.ZodType>(search: URLSearchParams, schema: Schema): z.output<Schema> {
  const values = new Map<string, string>();
  for (const [name, value] of search) {
    if (values.has(name))
      throw new Problem("invalid-request", "A parameter stands there twice.", { invalid: [{ name, reason: "Give it once." }] });
    values.set(name, value);
  }
  return judged(schema.safeParse(Object.fromEntries(values)));
}

/** Reads a JSON body against its schema. @throws Problem as `readQuery`. */
export async function readJson<Schema extends z.ZodType>(context: ConsoleContext, schema: Schema): Promise<z.output<Schema>> {
  const type = context.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json" && type !== "application/merge-patch+json") {
    throw new Problem("unsupported-media-type", "Send application/json.");
  }
  const text = await context.req.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Problem("invalid-request", "The body is no JSON.");
  }
  return judged(schema.safeParse(body));
}

export function judged<Value>(parsed: z.ZodSafeParseResult<Value>): Value {
  if (parsed.success) return parsed.data;
  const invalid = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => ({ name: name.slice(0, 80), reason: "There is no such parameter." }))
      : [{ name: issue.path.join("."), reason: issue.message }],
  );
  throw new Problem("invalid-request", undefined, { invalid });
}

/** Answers JSON with an ETag of its bytes, or 304 where the client has them already. */
export function taggedJson(context: ConsoleContext, value: unknown): Response {
  const text = JSON.stringify(value);
  const tag = etagOf(text);
  context.header("ETag", tag);
  context.header("Cache-Control", "private, no-cache");
  context.header("Vary", "Accept, Authorization, Cookie");
  if (listsTag(context.req.header("if-none-match"), tag)) return context.body(null, 304);
  return context.body(text, 200, { "Content-Type": "application/json" });
}

export function etagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 24)}"`;
}

/** Whether a field of tags holds this one (RFC 9110, section 13.1). */
export function listsTag(field: string | undefined, tag: string): boolean {
  if (field === undefined) return false;
  return field.split(",").some((item) => item.trim() === "*" || item.trim().replace(/^W\//, "") === tag);
}
