import type { RuleId } from "../model/finding.js";
import type { JsonMember, JsonNode, JsonObject } from "../model/json.js";
import { addKey, placeIn, rangeOf, valueOf } from "./collector.js";
import type { Collected, Frame } from "./collector.js";
import { walkFree } from "./free-walk.js";
import type { KnownNames, Place } from "./place.js";
import { fitScalar } from "./scalar-fit.js";
import type { FitContext } from "./scalar-fit.js";
import type { Schema } from "./schema.js";

export interface WalkContext extends FitContext {
  readonly frame: Frame;
  readonly into: Collected;
  readonly names: KnownNames;
}

/**
 * Holds a token tree against a payload schema. Every object is closed; what no schema names is a finding *and* goes to every detector,
 * so that the record says not only that a field is unknown but what was in it.
 */
export function walkSchema(given: Schema, node: JsonNode, place: Place | undefined, context: WalkContext): void {
  const schema = context.book.resolve(given);
  if (schema.identity && (node.kind === "string" || node.kind === "number")) context.into.identities.push(node.text);
  addPin(schema.pin, node, context);
  if (schema.sensitivity === "free-json") return walkFreeJson(schema, node, place, context);
  if (schema.discriminator !== undefined) return walkVariant(schema, schema.discriminator, node, place, context);
  if (node.kind === "object" && accepts(schema, "object")) return walkObject(schema, node, place, context);
  if (node.kind === "array" && accepts(schema, "array")) {
    if (node.items.length > (schema.maxItems ?? Number.POSITIVE_INFINITY) || node.items.length < (schema.minItems ?? 0)) {
      report("schema/out-of-bounds", node, place, context, "The list is longer or shorter than the payload schema allows.");
    }
    const { items } = schema;
    node.items.forEach((item, index) => {
      const at: Place = { parent: place, step: index };
      if (items === undefined) walkFree(item, at, context.frame, context.into, context.names);
      else walkSchema(items, item, at, context);
    });
    return;
  }
  const fit = fitScalar(schema, node, context);
  if (!fit.ok) {
    report(fit.rule, node, place, context, fit.why);
    walkFree(node, place, context.frame, context.into, context.names);
    return;
  }
  addPin(fit.pin, node, context);
  if (node.kind === "string") {
    if (schema.eventKind) context.into.kinds.add(node.text);
    if (fit.proof !== "proved") {
      context.into.texts.push({
        text: node.text,
        frame: context.frame,
        place,
        range: rangeOf(node, context.frame),
        kind: "value",
        typed: fit.proof === "typed",
        number: false,
      });
    }
  }
}

function addPin(name: string | undefined, node: JsonNode, { into }: WalkContext): void {
  if (name !== undefined && (node.kind === "string" || node.kind === "number")) into.pins.push({ name, value: node.text });
}

/** Free JSON may still name members that it types: `report_data.labels`. */
function walkFreeJson(schema: Schema, node: JsonNode, place: Place | undefined, context: WalkContext): void {
  if (node.kind === "null" && schema.types?.has("null") === true) return;
  if (schema.types !== undefined && !schema.types.has(node.kind)) {
    report("schema/wrong-type", node, place, context, "The value is of another type than the payload schema names for this field.");
  }
  if (node.kind !== "object" || schema.properties.size === 0)
    return walkFree(node, place, context.frame, context.into, context.names, schema.bounds);
  const rest: JsonMember[] = [];
  for (const entry of node.members) {
    const typed = schema.properties.get(entry.key.text);
    if (typed === undefined) rest.push(entry);
    else walkSchema(typed, entry.value, { parent: place, step: entry.key.text }, context);
  }
  walkFree({ ...node, members: rest }, place, context.frame, context.into, context.names, schema.bounds);
}

function walkVariant(
  schema: Schema,
  by: NonNullable<Schema["discriminator"]>,
  node: JsonNode,
  place: Place | undefined,
  context: WalkContext,
): void {
  const chosen = node.kind === "object" ? node.members.find((entry) => entry.key.text === by.property)?.value : undefined;
  const variant = chosen?.kind === "string" ? by.mapping.get(chosen.text) : undefined;
  if (variant !== undefined) return walkSchema(variant, node, place, context);
  if (node.kind !== "object") {
    // What the schema takes in an object's place is of no variant's form, so nothing proves it.
    if (accepts(schema, node.kind) && schema.types !== undefined) return walkFree(node, place, context.frame, context.into, context.names);
    report("schema/wrong-type", node, place, context, "The payload schema wants an object here.");
  } else if (chosen === undefined) {
    report("schema/missing-field", node, place, context, "The member that says which kind of message this is is missing.");
  } else {
    report(
      "schema/not-in-enum",
      chosen,
      { parent: place, step: by.property },
      context,
      "The message is of none of the kinds that the payload schema names.",
    );
  }
  walkFree(node, place, context.frame, context.into, context.names);
}

function walkObject(schema: Schema, node: JsonObject, place: Place | undefined, context: WalkContext): void {
  for (const entry of node.members) {
    const name = entry.key.text;
    const at: Place = { parent: place, step: name };
    const found = memberSchema(schema, entry, context);
    if (found !== undefined) {
      // A name that a pattern lets through is the sender's choice, and may say something.
      if (!found.isNamed && !context.names.has(name)) addKey(entry.key, at, context.frame, context.into);
      walkSchema(found.schema, entry.value, at, context);
      // So may a number under it: `epn.lat`, `epn.bsn`. Texts are searched as such, unless a list of values holds them.
      if (!found.isNamed && isNumeric(context.book.resolve(found.schema)))
        walkFree(entry.value, at, context.frame, context.into, context.names);
      continue;
    }
    report(
      "schema/unknown-field",
      entry.value,
      at,
      context,
      "The payload schema names no such field, and only fields that it names may leave.",
    );
    if (context.names.isRuleKey(name)) context.into.named.push({ name, value: entry.value, frame: context.frame, place: at });
    if (!context.names.has(name)) addKey(entry.key, at, context.frame, context.into);
    walkFree(entry.value, at, context.frame, context.into, context.names);
  }
  for (const name of schema.required) {
    if (!node.members.some((entry) => entry.key.text === name)) {
      report(
        "schema/missing-field",
        node,
        { parent: place, step: name },
        context,
        "A field that the payload schema requires is missing, so this is not the message it claims to be.",
      );
    }
  }
}

/** The member's schema, and whether its very name stands in the schema. */
function memberSchema(
  schema: Schema,
  { key }: JsonMember,
  context: WalkContext,
): { readonly schema: Schema; readonly isNamed: boolean } | undefined {
  const named = schema.properties.get(key.text);
  if (named !== undefined) return { schema: named, isNamed: true };
  for (const [pattern, part] of schema.patternProperties) if (pattern.test(key.text)) return { schema: part, isNamed: false };
  if (schema.additional !== undefined && schema.propertyNames !== undefined) {
    const fit = fitScalar(context.book.resolve(schema.propertyNames), key, context);
    if (fit.ok) return { schema: schema.additional, isNamed: fit.proof === "proved" };
  }
  return undefined;
}

function isNumeric({ types, values }: Schema): boolean {
  return values === undefined && types !== undefined && (types.has("number") || types.has("integer"));
}

function accepts(schema: Schema, kind: "object" | "array" | JsonNode["kind"]): boolean {
  return schema.types === undefined || schema.types.has(kind);
}

function report(rule: RuleId, node: JsonNode, place: Place | undefined, context: WalkContext, why: string): void {
  context.into.drafts.push({
    rule,
    frame: context.frame,
    place: placeIn(context.frame, place),
    range: rangeOf(node, context.frame),
    value: valueOf(node, context.frame),
    why,
  });
}
