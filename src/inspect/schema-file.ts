import type { Fault } from "../model/fault.js";
import type { RuleId } from "../model/finding.js";
import type { SourceFile } from "../model/inspection.js";
import { compilePattern } from "./pattern.js";
import type { Pattern } from "./pattern.js";
import type { Schema, SchemaBook, SchemaDocument } from "./schema.js";
import { DEFAULT_BOUNDS, NODE, ROOT } from "./schema-shape.js";
import { parseShape, readYaml } from "./yaml-source.js";
import type { YamlSource } from "./yaml-source.js";

/** Values that an operator adds to an enum that the schema opens by `x-operator-values: NAME`. */
export type OperatorEnums = Readonly<Record<string, readonly string[]>>;

/** Reads every schema file; faults are collected. */
export function loadSchemas(files: readonly SourceFile[], operatorEnums: OperatorEnums, faults: Fault[]): SchemaBook {
  const documents = new Map<string, SchemaDocument>();
  const names = new Set<string>();
  const references: { ref: string; where: string }[] = [];
  for (const file of files) {
    const source = readYaml(file, faults);
    if (source === undefined) continue;
    const name = file.path.slice(file.path.lastIndexOf("/") + 1).replace(/\.yaml$/, "");
    const root = parseShape(source, ROOT, faults);
    if (root === undefined) continue;
    const {
      $defs,
      "x-header-pins": headerPins,
      "x-identity": identity,
      "x-empty": empty,
      "x-redaction-unit": redactionUnit,
      $schema: _dialect,
      ...own
    } = root;
    const reader = new SchemaReader(source, name, operatorEnums, names, references, faults);
    const definitions = new Map(Object.entries($defs).map(([part, value]) => [part, reader.read(value, ["$defs", part])]));
    documents.set(name, {
      name,
      root: Object.keys(own).length === 0 ? NOTHING : reader.read(identity === true ? { ...own, "x-identity": true } : own, []),
      definitions,
      identity: identity === "body" ? "body" : undefined,
      mayBeEmpty: empty === true,
      redactionUnit,
      headerPins: new Map(Object.entries(headerPins).map(([header, pin]) => [header.toLowerCase(), pin])),
    });
  }
  const find = (ref: string): Schema | undefined => {
    const hash = ref.indexOf("#/$defs/");
    return documents.get(ref.slice(0, hash))?.definitions.get(ref.slice(hash + 8));
  };
  for (const reference of references) {
    if (find(reference.ref) === undefined) {
      faults.push({
        what: `\`${reference.ref}\` leads nowhere.`,
        where: reference.where,
        mend: "Write `#/$defs/PART` or `SCHEMA#/$defs/PART`.",
      });
    }
  }
  const resolved = new Map<Schema, Schema>();
  return {
    documents,
    names,
    resolve(schema) {
      if (schema.ref === undefined) return schema;
      const known = resolved.get(schema);
      if (known !== undefined) return known;
      let at = schema;
      // Eight steps: a chain of references that is longer is a circle.
      for (let step = 0; at.ref !== undefined && step < 8; step += 1) at = find(at.ref) ?? NOTHING;
      const found = at.ref === undefined ? at : NOTHING;
      resolved.set(schema, found);
      return found;
    },
  };
}

/** Turns the parts of one file into schemas. */
class SchemaReader {
  private readonly source: YamlSource;
  private readonly name: string;
  private readonly operatorEnums: OperatorEnums;
  private readonly names: Set<string>;
  private readonly references: { ref: string; where: string }[];
  private readonly faults: Fault[];

  constructor(
    source: YamlSource,
    name: string,
    operatorEnums: OperatorEnums,
    names: Set<string>,
    references: { ref: string; where: string }[],
    faults: Fault[],
  ) {
    this.source = source;
    this.name = name;
    this.operatorEnums = operatorEnums;
    this.names = names;
    this.references = references;
    this.faults = faults;
  }

  read(value: unknown, path: readonly PropertyKey[]): Schema {
    const raw = parseShape(this.source, NODE, this.faults, path, value);
    if (raw === undefined) return NOTHING;
    const child = (part: unknown, ...steps: PropertyKey[]): Schema => this.read(part, [...path, ...steps]);
    const children = (part: Record<string, unknown> | undefined, keyword: string): [string, Schema][] =>
      Object.entries(part ?? {}).map(([key, schema]) => [key, child(schema, keyword, key)]);
    if (raw.$ref !== undefined) this.references.push({ ref: this.absolute(raw.$ref), where: this.source.where([...path, "$ref"]) });
    for (const key of Object.keys(raw.properties ?? {})) this.names.add(key);
    if ((raw.type ?? raw.$ref ?? raw.enum ?? raw.anyOf ?? raw["x-discriminator"]) === undefined && raw.const === undefined) {
      this.faults.push({
        what: "The schema says nothing of what it accepts.",
        where: this.source.where(path),
        mend: "Give it a `type`, `enum`, `const`, `anyOf` or `$ref`.",
      });
    }
    const values = raw.const === undefined ? raw.enum : [raw.const];
    const added = raw["x-operator-values"] === undefined ? [] : (this.operatorEnums[raw["x-operator-values"]] ?? []);
    if (raw.additionalProperties !== undefined && raw.propertyNames === undefined) {
      this.faults.push({
        what: "`additionalProperties` without `propertyNames` would open the object.",
        where: this.source.where([...path, "additionalProperties"]),
        mend: "Say which names are allowed by `propertyNames`.",
      });
    }
    const discriminator = raw["x-discriminator"];
    return {
      ...NOTHING,
      ref: raw.$ref === undefined ? undefined : this.absolute(raw.$ref),
      types: raw.type === undefined ? undefined : new Set(Array.isArray(raw.type) ? raw.type : [raw.type]),
      properties: new Map(children(raw.properties, "properties")),
      patternProperties: children(raw.patternProperties, "patternProperties").flatMap(([pattern, schema]) => {
        const compiled = this.pattern(pattern, [...path, "patternProperties", pattern]);
        return compiled === undefined ? [] : [[compiled, schema] as const];
      }),
      additional: raw.additionalProperties === undefined ? undefined : child(raw.additionalProperties, "additionalProperties"),
      propertyNames: raw.propertyNames === undefined ? undefined : child(raw.propertyNames, "propertyNames"),
      required: raw.required ?? [],
      values: values === undefined ? undefined : new Set([...values, ...added]),
      pattern: raw.pattern === undefined ? undefined : this.pattern(raw.pattern, [...path, "pattern"]),
      anyOf: raw.anyOf?.map((part, index) => child(part, "anyOf", index)),
      minLength: raw.minLength,
      maxLength: raw.maxLength,
      minimum: raw.minimum,
      maximum: raw.maximum,
      items: raw.items === undefined ? undefined : child(raw.items, "items"),
      minItems: raw.minItems,
      maxItems: raw.maxItems,
      discriminator:
        discriminator === undefined
          ? undefined
          : {
              property: discriminator.property,
              mapping: new Map(
                Object.entries(discriminator.mapping).map(([key, part]) => [key, child(part, "x-discriminator", "mapping", key)]),
              ),
            },
      sensitivity: raw["x-sensitivity"] ?? "metadata",
      bounds: raw["x-bounds"] ?? DEFAULT_BOUNDS,
      identity: raw["x-identity"] ?? false,
      eventKind: raw["x-event-kind"] ?? false,
      pin: raw["x-pin"],
      nearNow: raw["x-date"] === "near-now",
      template: this.template(raw["x-templates"] ?? [], path),
      violation: raw["x-violation"] as RuleId | undefined,
    };
  }

  private absolute(ref: string): string {
    return ref.startsWith("#") ? `${this.name}${ref}` : ref;
  }

  /** One pattern for all, so that a text is held against them in one call. */
  private template(texts: readonly string[], path: readonly PropertyKey[]): Pattern | undefined {
    const sound = texts.filter((text, index) => this.pattern(text, [...path, "x-templates", index]) !== undefined);
    return sound.length === 0 ? undefined : compilePattern(sound.map((text) => `(?:${text})`).join("|"), { anchored: true });
  }

  private pattern(text: string, path: readonly PropertyKey[]): Pattern | undefined {
    try {
      return compilePattern(text, { anchored: true });
    } catch (error) {
      this.faults.push({
        what: `RE2 refuses the pattern: ${error instanceof Error ? error.message : "unknown"}.`,
        where: this.source.where(path),
        mend: "RE2 has no look-around and no back references.",
      });
      return undefined;
    }
  }
}

/** Accepts nothing; what a faulty part stands for while faults are collected. */
const NOTHING: Schema = {
  ref: undefined,
  types: new Set(),
  properties: new Map(),
  patternProperties: [],
  additional: undefined,
  propertyNames: undefined,
  required: [],
  values: undefined,
  pattern: undefined,
  anyOf: undefined,
  minLength: undefined,
  maxLength: undefined,
  minimum: undefined,
  maximum: undefined,
  items: undefined,
  minItems: undefined,
  maxItems: undefined,
  discriminator: undefined,
  sensitivity: "metadata",
  bounds: DEFAULT_BOUNDS,
  identity: false,
  eventKind: false,
  pin: undefined,
  nearNow: false,
  template: undefined,
  violation: undefined,
};
