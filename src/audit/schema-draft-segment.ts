import type { EventWorld } from "./events.js";
import { describe } from "./python/describe.js";
import type { Flow } from "./python/flow.js";
import { riskOfLeaf } from "./risks.js";
import { comment, oneLine, typeSchema } from "./schema-parts.js";

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

/** A schema for the batches of Segment's client; what gives a person away is left out, and said. */
export function segmentSchema(world: EventWorld, flow: Flow): string {
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
