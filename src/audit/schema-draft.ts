import type { EventModel, EventSite, EventWorld } from "./events.js";
import type { Place } from "./finding.js";
import { describe } from "./python/describe.js";
import type { Flow } from "./python/flow.js";
import { constTexts } from "./python/value.js";
import { kindsOf, riskOfLeaf } from "./risks.js";
import { segmentSchema } from "./schema-draft-segment.js";
import { comment, oneLine, patternOf, typeSchema } from "./schema-parts.js";

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
  const alone = new Map<string, Place>();
  for (const site of sites) {
    for (const value of [site.values.get(column)]) {
      if (value === undefined) continue;
      for (const one of value.k === "union" ? value.of : [value]) {
        if (one.k !== "text" && (one.k !== "const" || typeof one.value !== "string")) {
          if (one.k !== "const" && one.k !== "unknown") alone.set(describe(one), site.place);
          continue;
        }
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
    ...[...alone].map(([what, at]) => `          # left out, no words around it: ${oneLine(what)}${comment(at)}`),
    ...left.map(([pattern, one]) => `          # left out, ${one.refused ?? ""}: ${oneLine(pattern)}${comment(one.place)}`),
  ];
}

/** The discriminator's value: the constant that the sender adds. */
function tagOf(model: EventModel): string | undefined {
  const value = model.fields.get("event_type")?.value;
  return value?.k === "const" && typeof value.value === "string" && /^\w+$/.test(value.value) ? value.value : undefined;
}
