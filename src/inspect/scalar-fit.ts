import type { RuleId } from "../model/finding.js";
import type { JsonNode } from "../model/json.js";
import type { JsonType, Schema, SchemaBook } from "./schema.js";

/** How a value that fits was proved: a proved one can hold nothing else, a typed one only what its pattern lets through. */
export type Fit =
  | { readonly ok: true; readonly proof: "proved" | "typed" | "free"; readonly pin?: string }
  | { readonly ok: false; readonly rule: RuleId; readonly why: string };

export interface FitContext {
  readonly book: SchemaBook;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly stringLength: number;
  /** Values come from a form or a query, so that numbers and booleans are texts. */
  readonly textual: boolean;
}

/** Dates lie within 400 days of now, so that a date field can't carry other numbers. */
const NEAR_MS = 400 * 24 * 60 * 60 * 1000;

/** ISO 8601, as Python's isoformat and strftime("%Y-%m-%d") write it. */
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

const PROVED: Fit = { ok: true, proof: "proved" };
const TYPED: Fit = { ok: true, proof: "typed" };
const FREE: Fit = { ok: true, proof: "free" };

/** Holds one scalar against its (resolved) schema. */
export function fitScalar(schema: Schema, node: JsonNode, context: FitContext): Fit {
  const fit = fitOne(schema, node, context);
  if (fit.ok || schema.violation === undefined) return fit;
  return { ok: false, rule: schema.violation, why: VIOLATIONS[schema.violation] ?? VIOLATION };
}

/** What a value means that stands where a schema promises that no such thing stands (`x-violation`). */
const VIOLATION = "The payload schema keeps this field free of what the rule looks for, so any value that it does not name counts.";
const VIOLATIONS: Readonly<Partial<Record<RuleId, string>>> = {
  "annotation/label-names": "The value is neither a date nor a number, so it may be the name of a label, of a class or of a person.",
  "pii/email": "The vendor's code puts a person's e-mail address into this field, so no value of it goes out.",
  "pii/person-field": "The vendor's code puts what it knows of a person (name, city, company) into this field, so no value of it goes out.",
};

function fitOne(schema: Schema, node: JsonNode, context: FitContext): Fit {
  if (schema.anyOf !== undefined) return fitAny(schema.anyOf, node, context);
  if (schema.types !== undefined && !hasType(schema.types, node, context.textual))
    return misfit("schema/wrong-type", "The value is of another type than the payload schema names for this field.");
  if (node.kind === "null") return PROVED;
  if (schema.values !== undefined) {
    const value =
      node.kind === "string" ? node.text : node.kind === "number" ? Number(node.text) : node.kind === "boolean" ? node.value : undefined;
    const member =
      value !== undefined &&
      (schema.values.has(value) || (context.textual && typeof value === "string" && schema.values.has(Number(value))));
    return member ? PROVED : misfit("schema/not-in-enum", "The value is none of those that the payload schema lists for this field.");
  }
  if (node.kind === "number") return fitNumber(schema, Number(node.text));
  if (node.kind === "string")
    return context.textual && isNumeric(schema) ? fitNumber(schema, Number(node.text)) : fitString(schema, node.text, context);
  return PROVED;
}

function fitAny(schemas: readonly Schema[], node: JsonNode, context: FitContext): Fit {
  let last: Fit = misfit("schema/wrong-type", "The value fits none of the forms that the payload schema names.");
  for (const schema of schemas) {
    const form = context.book.resolve(schema);
    const fit = fitScalar(form, node, context);
    if (fit.ok) return form.pin === undefined ? fit : { ...fit, pin: form.pin };
    // The nearest miss says most: a value of the right type that failed further on; a list of values before a form.
    if (fit.rule !== "schema/wrong-type" && (last.ok || last.rule !== "schema/not-in-enum")) last = fit;
  }
  return last;
}

function fitNumber(schema: Schema, value: number): Fit {
  if (
    !Number.isFinite(value) ||
    (schema.minimum !== undefined && value < schema.minimum) ||
    (schema.maximum !== undefined && value > schema.maximum)
  ) {
    return misfit("schema/out-of-bounds", "The number lies outside the bounds that the payload schema sets for this field.");
  }
  return PROVED;
}

function fitString(schema: Schema, text: string, context: FitContext): Fit {
  if (schema.nearNow) {
    const time = ISO_DATE.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
    if (Number.isNaN(time)) return misfit("schema/pattern", "The value is not a date in the form that the payload schema names.");
    return Math.abs(time - context.now) <= NEAR_MS
      ? PROVED
      : misfit("schema/date-not-near", "The date lies more than 400 days from today, so it may carry something other than a date.");
  }
  const length = text.length;
  if (length > (schema.maxLength ?? context.stringLength) || length < (schema.minLength ?? 0)) {
    return misfit("schema/out-of-bounds", "The text is longer or shorter than the payload schema allows for this field.");
  }
  if (schema.pattern !== undefined)
    return schema.pattern.test(text)
      ? TYPED
      : misfit("schema/pattern", "The text is not of the form that the payload schema names for this field.");
  return text === "" || schema.template?.test(text) === true ? PROVED : FREE;
}

function hasType(types: ReadonlySet<JsonType>, node: JsonNode, textual: boolean): boolean {
  if (types.has(node.kind)) return true;
  if (node.kind === "number") return types.has("integer") && /^-?\d+$/.test(node.text);
  if (!textual || node.kind !== "string") return false;
  if (types.has("integer") && /^-?\d{1,19}$/.test(node.text)) return true;
  if (types.has("number") && /^-?\d{1,19}(?:\.\d{1,9})?$/.test(node.text)) return true;
  return (types.has("boolean") && /^(?:true|false|0|1)$/.test(node.text)) || (types.has("null") && node.text === "");
}

function isNumeric(schema: Schema): boolean {
  return schema.types !== undefined && !schema.types.has("string") && (schema.types.has("integer") || schema.types.has("number"));
}

function misfit(rule: RuleId, why: string): Fit {
  return { ok: false, rule, why };
}
