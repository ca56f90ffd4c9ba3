import type { RuleId } from "../model/finding.js";
import type { Pattern } from "./pattern.js";

export type JsonType = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";
export type Sensitivity = "metadata" | "aggregate" | "free-text" | "free-json";
export type Scalar = string | number | boolean | null;

/** A payload schema, compiled: a subset of JSON Schema 2020-12 in which every object is closed. See docs/rules.md. */
export interface Schema {
  /** `name#/$defs/part`; all else is empty then. */
  readonly ref: string | undefined;
  readonly types: ReadonlySet<JsonType> | undefined;
  readonly properties: ReadonlyMap<string, Schema>;
  readonly patternProperties: readonly (readonly [Pattern, Schema])[];
  /** Values of members whose name `propertyNames` accepts. */
  readonly additional: Schema | undefined;
  readonly propertyNames: Schema | undefined;
  readonly required: readonly string[];
  readonly values: ReadonlySet<Scalar> | undefined;
  readonly pattern: Pattern | undefined;
  readonly anyOf: readonly Schema[] | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly items: Schema | undefined;
  readonly minItems: number | undefined;
  readonly maxItems: number | undefined;
  readonly discriminator: { readonly property: string; readonly mapping: ReadonlyMap<string, Schema> } | undefined;
  readonly sensitivity: Sensitivity;
  readonly bounds: FreeJsonBounds;
  readonly identity: boolean;
  readonly eventKind: boolean;
  readonly pin: string | undefined;
  readonly nearNow: boolean;
  /** Any of its templates. */
  readonly template: Pattern | undefined;
  /** The rule that a value which doesn't fit is reported under, in place of `schema/*`. */
  readonly violation: RuleId | undefined;
}

/** How much a free JSON field may hold: past these it carries data, not a log. */
export interface FreeJsonBounds {
  readonly depth: number;
  readonly keys: number;
  readonly stringLength: number;
  readonly arrayLength: number;
  /** Numbers above which their share counts, and the greatest share of all scalars. */
  readonly numbers: number;
  readonly numberShare: number;
}

/** One schema file. */
export interface SchemaDocument {
  readonly name: string;
  readonly root: Schema;
  readonly definitions: ReadonlyMap<string, Schema>;
  readonly identity: "body" | undefined;
  /** A message without a body fits (a beacon whose data is in the query). */
  readonly mayBeEmpty: boolean;
  /** The root's member whose array holds items that may be dropped one by one, where a value in them can't be replaced. */
  readonly redactionUnit: string | undefined;
  /** Header name to pin: the user part of its Basic credentials names the tenant. */
  readonly headerPins: ReadonlyMap<string, string>;
}

/** All schemas by name, with references resolved on the way. */
export interface SchemaBook {
  readonly documents: ReadonlyMap<string, SchemaDocument>;
  resolve(schema: Schema): Schema;
  /** Every property name that any schema has. */
  readonly names: ReadonlySet<string>;
}
