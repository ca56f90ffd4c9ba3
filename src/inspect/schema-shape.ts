import { z } from "zod";
import { CATEGORIES } from "../model/finding.js";
import type { FreeJsonBounds } from "./schema.js";

const TYPE = z.enum(["null", "boolean", "integer", "number", "string", "array", "object"]);
const COUNT = z.int().min(0);
const PART = z.record(z.string(), z.unknown());

const BOUNDS = z.strictObject({
  depth: COUNT.default(8),
  keys: COUNT.default(128),
  stringLength: COUNT.default(4096),
  arrayLength: COUNT.default(128),
  numbers: COUNT.default(64),
  numberShare: z.number().min(0).max(1).default(0.7),
});

export const DEFAULT_BOUNDS: FreeJsonBounds = BOUNDS.parse({});

/** Every keyword there is; an unknown one is a fault, since a misspelt bound would bind nothing. */
export const NODE = z.strictObject({
  $ref: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  type: z.union([TYPE, z.array(TYPE).min(1)]).optional(),
  properties: PART.optional(),
  patternProperties: PART.optional(),
  additionalProperties: PART.optional(),
  propertyNames: PART.optional(),
  required: z.array(z.string()).optional(),
  enum: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  const: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  pattern: z.string().optional(),
  anyOf: z.array(PART).min(1).optional(),
  minLength: COUNT.optional(),
  maxLength: COUNT.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  items: PART.optional(),
  minItems: COUNT.optional(),
  maxItems: COUNT.optional(),
  "x-discriminator": z.strictObject({ property: z.string(), mapping: z.record(z.string(), PART) }).optional(),
  "x-sensitivity": z.enum(["metadata", "aggregate", "free-text", "free-json"]).optional(),
  "x-bounds": BOUNDS.optional(),
  "x-identity": z.literal(true).optional(),
  "x-event-kind": z.literal(true).optional(),
  "x-pin": z.string().optional(),
  "x-date": z.literal("near-now").optional(),
  "x-templates": z.array(z.string()).optional(),
  "x-violation": z
    .string()
    .regex(new RegExp(`^(${CATEGORIES.join("|")})/[a-z0-9-]+$`))
    .optional(),
  "x-operator-values": z.string().optional(),
});

export const ROOT = z.looseObject({
  $defs: z.record(z.string(), PART).default({}),
  "x-identity": z.union([z.literal("body"), z.literal(true)]).optional(),
  "x-header-pins": z.record(z.string(), z.string()).default({}),
  "x-empty": z.literal(true).optional(),
  "x-redaction-unit": z.string().optional(),
});
