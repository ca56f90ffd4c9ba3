import type { EventModel, EventSite, EventWorld } from "./events.js";
import type { Place } from "./finding.js";
import { typeWord } from "./python/declarations.js";
import { describe, lastName } from "./python/describe.js";
import type { Flow } from "./python/flow.js";
import { constTexts, type Value } from "./python/value.js";
import { kindsOf, riskOfLeaf } from "./risks.js";

/** Proposed payload schemas in the format of `rules/schemas/`: YAML texts by file name. */
export function draftSchemas(world: EventWorld, flow: Flow): ReadonlyMap<string, string> {
  return new Map([
    ["event-hub.yaml", hubSchema(world, flow)],
    ["segment-batch.yaml", segmentSchema(world, flow)],
  ]);
}

function hubSchema(world: EventWorld, flow: Flow): string {
  const models = world.models.filter((model) => model.fields.size > 0);
  const lines = [
    "# Proposed by `egress-proxy audit --write-schema`; each line's comment is its place in the source. Review before use.",
    "type: object",
    "x-identity: body",
  ];
  const tagged = models.map((model) => ({ model, tag: tagOf(model) }));
  if (tagged.every((one) => one.tag !== undefined) && models.length > 0) {
    lines.push("x-discriminator:", "  property: event_type", "  mapping:");
    for (const { model, tag } of tagged) lines.push(`    ${tag ?? ""}: { $ref: "#/$defs/${model.cls.name}" }`);
  } else lines.push("anyOf:", ...models.map((model) => `  - { $ref: "#/$defs/${model.cls.name}" }`));
  lines.push("$defs:");
  for (const model of models)
    lines.push(
      ...modelSchema(
        model,
        world.sites.filter((site) => site.model === model),
        flow,
      ),
    );
  return `${lines.join("\n")}\n`;
}

function modelSchema(model: EventModel, sites: readonly EventSite[], flow: Flow): string[] {
  const lines = [`  ${model.cls.name}:`, "    type: object", "    required: [kind]", "    properties:"];
  for (const [name, entry] of model.fields) {
    const place = comment(entry.place);
    const column = entry.value.k === "part" ? entry.value.name : name;
    if (name === "kind") lines.push(...kindSchema(sites, entry.place));
    else if (entry.value.k === "const") lines.push(`      ${name}: { const: ${JSON.stringify(entry.value.value)} }${place}`);
    else if (name === "description") lines.push(...textSchema(name, sites, column, entry.place, flow));
    else lines.push(...wordSchema(name, sites, column), `      ${name}: ${typeSchema(model, name, entry.value)}${place}`);
  }
  return lines;
}

function kindSchema(sites: readonly EventSite[], place: Place): string[] {
  const kinds = new Map<string, Place>();
  for (const site of sites) for (const kind of kindsOf(site)) if (!kinds.has(kind)) kinds.set(kind, site.place);
  const words = [...kinds].filter(([kind]) => /^[\w-]+$/.test(kind));
  const patterns = [...kinds].filter(([kind]) => kind.includes("{") && !kind.startsWith("{"));
  const open = [...kinds].filter(([kind]) => kind.startsWith("{"));
  return [
    `      kind:${comment(place)}`,
    "        x-event-kind: true",
    "        anyOf:",
    "          - type: string",
    "            enum:",
    ...words.map(([kind, at]) => `              - ${kind}${comment(at)}`),
    ...patterns.map(
      ([kind, at]) => `          - { type: string, pattern: ${JSON.stringify(kind.replace(/\{[^}]*\}/g, "[a-z_]{1,32}"))} }${comment(at)}`,
    ),
    ...open.map(([kind, at]) => `          # left out: ${oneLine(kind)} is chosen at run time${comment(at)}`),
  ];
}

/** The constants that flow into a field, as a comment above it: a reviewer may make an enum of them. */
function wordSchema(name: string, sites: readonly EventSite[], column: string): string[] {
  const words = new Set<string>();
  for (const site of sites) for (const word of constTexts(site.values.get(column))) if (/^[\w-]{1,64}$/.test(word)) words.add(word);
  return words.size === 0 ? [] : [`      # ${name} is one of ${[...words].sort().join(", ")} where the source says it`];
}

/** Templates of a free text; one that holds a person, a path or an annotation is left out, and said. */
function textSchema(name: string, sites: readonly EventSite[], column: string, place: Place, flow: Flow): string[] {
  const templates = new Map<string, { readonly place: Place; readonly refused: string | undefined }>();
  for (const site of sites) {
    for (const value of [site.values.get(column)]) {
      if (value === undefined) continue;
      for (const one of value.k === "union" ? value.of : [value]) {
        if (one.k !== "text" && (one.k !== "const" || typeof one.value !== "string")) continue;
        const pattern = patternOf(one);
        const risk = flow
          .leaves(one)
          .map((leaf) => riskOfLeaf(leaf, flow))
          .find((found) => found !== undefined);
        if (!templates.has(pattern)) templates.set(pattern, { place: site.place, refused: risk?.id });
      }
    }
  }
  const kept = [...templates].filter(([, one]) => one.refused === undefined);
  const left = [...templates].filter(([, one]) => one.refused !== undefined);
  return [
    `      ${name}:${comment(place)}`,
    '        type: [string, "null"]',
    "        maxLength: 512",
    kept.length === 0 ? "        x-templates: []" : "        x-templates:",
    ...kept.map(([pattern, one]) => `          - ${JSON.stringify(pattern)}${comment(one.place)}`),
    ...left.map(([pattern, one]) => `          # left out, ${one.refused ?? ""}: ${oneLine(pattern)}${comment(one.place)}`),
  ];
}

/** A string with holes as an anchored pattern (RE2 syntax), each hole bounded by what flows into it. */
export function patternOf(value: Value): string {
  if (value.k === "const") return `^${escapeText(String(value.value))}$`;
  if (value.k !== "text") return `^${hole(value)}$`;
  return `^${value.parts.map((part) => (typeof part === "string" ? escapeText(part) : hole(part))).join("")}$`;
}

function hole(value: Value): string {
  const name = value.k === "env" ? (value.name.k === "const" ? String(value.name.value).toLowerCase() : "") : lastName(value);
  if (value.k === "result" && /^(?:len|int|float|round|count)$/.test(describe(value.callee))) return "[0-9]{1,12}(?:\\.[0-9]{1,6})?";
  if (/(?:^|_)(?:id|count|number|length|total|code|index)$/.test(name)) return "[0-9]{1,12}";
  if (/version/.test(name)) return "v?[0-9][0-9A-Za-z.+-]{0,31}";
  if (/service/.test(name)) return "(?:default|walrus|eventhandlers)(?:_service)?";
  if (/host_os/.test(name)) return "[A-Za-z0-9 ._-]{1,32}";
  if (/strftime|isoformat|date|time/.test(name)) return "[0-9][0-9T:. +-]{3,31}";
  if (/^(?:missing|ids)|_ids(?:_|$)/.test(name)) return "\\[[0-9, ]{0,400}\\]";
  return "[a-z_]{1,32}";
}

function escapeText(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function typeSchema(model: EventModel, name: string, value: Value): string {
  const column = value.k === "part" ? model.cls.columns.get(value.name) : undefined;
  if (value.k === "result" || (value.k === "union" && value.of.some((one) => one.k === "result")))
    return '{ type: [string, "null"], x-date: near-now, maxLength: 40 }';
  switch (column === undefined ? "" : typeWord(column.type)) {
    case "Integer":
    case "BIGINT":
    case "BigInteger":
    case "SmallInteger":
      return '{ type: [integer, "null"], minimum: 0, maximum: 9999999999 }';
    case "Float":
    case "Numeric":
      return '{ type: [number, "null"], minimum: 0 }';
    case "Boolean":
      return '{ type: [boolean, "null"] }';
    case "DateTime":
    case "Date":
      return '{ type: [string, "null"], x-date: near-now, maxLength: 40 }';
    case "JSONEncodedDict":
    case "JSONB":
    case "JSON":
      return '{ type: [object, "null"], x-sensitivity: free-json }';
    default:
      if (/fingerprint/.test(name)) return '{ type: [string, "null"], pattern: "[A-Za-z0-9_-]{4,64}", x-pin: install_fingerprint }';
      return '{ type: [string, "null"], pattern: "[A-Za-z0-9 ._-]{1,64}" }';
  }
}

/** What Segment's client adds to every item. */
const ENVELOPE = [
  '      userId: { type: [string, integer, "null"], pattern: "[A-Za-z0-9_-]{1,64}" }',
  '      anonymousId: { type: [string, "null"], pattern: "[0-9a-fA-F-]{1,36}" }',
  '      event: { type: string, pattern: "[a-z0-9_]{1,64}", x-event-kind: true }',
  "      timestamp: { type: string, x-date: near-now, maxLength: 40 }",
  '      integrations: { type: [object, "null"] }',
  '      context: { $ref: "#/$defs/context" }',
];

const CONTEXT = [
  "  context:",
  '    type: [object, "null"]',
  "    properties:",
  "      library:",
  "        type: object",
  '        properties: { name: { type: string, maxLength: 64 }, version: { type: string, pattern: "[0-9][0-9A-Za-z.-]{0,31}" } }',
  '      os: { type: [string, "null"], pattern: "[A-Za-z0-9 ._-]{1,32}" }',
  "      app:",
  "        type: object",
  '        properties: { name: { type: [string, "null"], pattern: "[a-z_]{1,32}" }, version: { type: [string, "null"], pattern: "v?[0-9][0-9A-Za-z.+-]{0,31}" }, build: { type: [string, "null"], pattern: "v?[0-9][0-9A-Za-z.+-]{0,31}" } }',
  '      traits: { type: object, propertyNames: { type: string, pattern: "[a-z0-9_]{1,64}" }, additionalProperties: { type: boolean } }',
];

function segmentSchema(world: EventWorld, flow: Flow): string {
  const lines = [
    "# Proposed by `egress-proxy audit --write-schema`; each line's comment is its place in the source. Review before use.",
    "type: object",
    "required: [batch]",
    "properties:",
    "  batch:",
    "    type: array",
    "    minItems: 1",
    "    maxItems: 100",
    '    items: { $ref: "#/$defs/item" }',
    "  sentAt: { type: string, x-date: near-now, maxLength: 40 }",
    "$defs:",
    "  item:",
    "    type: object",
    "    x-discriminator:",
    "      property: type",
    "      mapping:",
  ];
  const methods = ["track", "identify"].filter((method) => world.segments.some((segment) => segment.call.method === method));
  for (const method of methods) lines.push(`        ${method}: { $ref: "#/$defs/${method}" }`);
  for (const method of methods) {
    const bag = method === "identify" ? "traits" : "properties";
    lines.push(
      `  ${method}:`,
      "    type: object",
      "    required: [type, messageId]",
      "    properties:",
      `      type: { const: ${method} }`,
      "      messageId: { type: string, maxLength: 64, x-identity: true }",
      ...ENVELOPE,
      `      ${bag}:`,
      '        type: [object, "null"]',
    );
    const members: string[] = [];
    const seen = new Set<string>();
    for (const segment of world.segments) {
      if (segment.call.method !== method) continue;
      for (const [name, entry] of segment.entries) {
        if (seen.has(name)) continue;
        seen.add(name);
        const risk = flow
          .leaves(entry.value)
          .map((leaf) => riskOfLeaf({ ...leaf, keys: [name, ...leaf.keys] }, flow))
          .find((found) => found !== undefined);
        const owner = entry.value.k === "part" && entry.value.of.k === "object" ? entry.value.of.cls : undefined;
        const model = world.models.find((one) => one.cls === owner);
        if (risk !== undefined) members.push(`          # left out, ${risk.id}: ${name}${comment(entry.place)}`);
        else
          members.push(
            `          ${name}: ${model === undefined ? '{ type: [string, number, boolean, "null"], maxLength: 128 }' : typeSchema(model, name, entry.value)}${comment(entry.place)}`,
          );
      }
      for (const poured of segment.rest)
        members.push(`          # left out, poured in whole: ${oneLine(describe(poured))}${comment(segment.call.place)}`);
    }
    if (members.some((line) => !line.trimStart().startsWith("#"))) lines.push("        properties:");
    lines.push(...members);
  }
  lines.push(...CONTEXT);
  return `${lines.join("\n")}\n`;
}

/** The discriminator's value: the constant that the sender adds. */
function tagOf(model: EventModel): string | undefined {
  const value = model.fields.get("event_type")?.value;
  return value?.k === "const" && typeof value.value === "string" && /^\w+$/.test(value.value) ? value.value : undefined;
}

function comment(place: Place): string {
  return ` # ${oneLine(place.file)}:${place.line}`;
}

function oneLine(value: string): string {
  return value.replace(/[\r\n\u2028\u2029\u0085]+/g, " ");
}
