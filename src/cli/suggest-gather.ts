import type { UnlistedValue, UnnamedMember } from "../config/suggestion.js";
import type { InventoryItem } from "../model/console-ports.js";
import { categoryOf, type Finding } from "../model/finding.js";
import type { Policy } from "../model/policy.js";
import type { DeskRecord } from "../model/record-desk.js";

/** Whose names stand behind pseudonyms and HMACs. */
export interface KnownNames {
  /** By `{8 hex}`. */
  readonly byPseudonym: (pseudonym: string) => string | undefined;
  readonly byHmac: (hmac: string) => string | undefined;
}

/** Which list of `values` a member's value belongs to, by the member's name. */
const LISTS: Readonly<Record<string, string>> = { kind: "kind", event: "kind", page_name: "page_name", object_type: "object_type" };

/** What left in monitor mode though no schema names it, with what the inventory tells of it. */
export function unnamedMembers(
  records: readonly DeskRecord[],
  inventory: readonly InventoryItem[],
  policy: Policy,
  names: KnownNames,
): UnnamedMember[] {
  const found = new Map<string, { record: DeskRecord; steps: readonly string[]; rules: Set<string> }>();
  for (const record of records) {
    for (const finding of record.findings) {
      if (finding.rule !== "schema/unknown-field" || !finding.pointer.startsWith("/")) continue;
      const steps = stepsOf(finding.pointer);
      const key = `${record.destination}\n${steps.join("\n")}`;
      const known = found.get(key) ?? { record, steps, rules: new Set<string>() };
      for (const rule of rulesBelow(record.findings, finding.pointer)) known.rules.add(rule);
      found.set(key, known);
    }
  }
  return [...found.values()].map(({ record, steps, rules }) => {
    const shown = steps.at(-1) ?? "";
    const rows = rowsBelow(inventory, record, `/${steps.join("/")}`);
    return {
      destination: record.destination,
      schema: schemaOf(policy, record),
      parent: steps.slice(0, -1),
      name: shown.startsWith("{") ? names.byPseudonym(shown) : shown,
      shown,
      types: typesOf(rows, `/${steps.join("/")}`),
      longest: Math.max(8, ...rows.map(({ lengthClass }) => mostOf(lengthClass))),
      found: [...rules].sort(),
      ...evidenceOf(rows, [record]),
    };
  });
}

/** Values that left in monitor mode though their list, which the operator may add to, does not hold them. */
export function unlistedValues(records: readonly DeskRecord[], names: KnownNames): UnlistedValue[] {
  const found = new Map<string, { list: string; finding: Finding; records: DeskRecord[] }>();
  for (const record of records) {
    for (const finding of record.findings) {
      const list = LISTS[stepsOf(finding.pointer).at(-1) ?? ""];
      if (finding.rule !== "schema/not-in-enum" || list === undefined) continue;
      const key = `${record.destination}\n${list}\n${finding.hmac}`;
      const known = found.get(key) ?? { list, finding, records: [] };
      known.records.push(record);
      found.set(key, known);
    }
  }
  return [...found.values()].map(({ list, finding, records: seen }) => ({
    destination: seen[0]?.destination ?? "",
    list,
    value: names.byHmac(finding.hmac),
    shown: `{${finding.hmac.slice(0, 8)}}`,
    ...evidenceOf([], seen),
  }));
}

/** Of a JSON Pointer; indexes as `*`, as the inventory has them. */
function stepsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => (/^\d+$/.test(step) ? "*" : step.replaceAll("~1", "/").replaceAll("~0", "~")));
}

function rulesBelow(findings: readonly Finding[], pointer: string): string[] {
  return findings
    .filter(
      (finding) => categoryOf(finding.rule) !== "schema" && (finding.pointer === pointer || finding.pointer.startsWith(`${pointer}/`)),
    )
    .map(({ rule }) => rule);
}

function rowsBelow(inventory: readonly InventoryItem[], { case: name, destination }: DeskRecord, path: string): InventoryItem[] {
  return inventory.filter(
    (row) => row.case === name && row.destination === destination && (row.path === path || row.path.startsWith(`${path}/`)),
  );
}

const SCALARS = new Set(["string", "integer", "number", "boolean", "null"]);

function typesOf(rows: readonly InventoryItem[], path: string): string[] {
  const types = rows.map((row) => {
    if (row.path.startsWith(`${path}/*`)) return "array";
    if (row.path !== path) return "object";
    return SCALARS.has(row.type) ? row.type : row.type === "array" ? "array" : "object";
  });
  // Where the inventory is not written yet, the narrowest that says nothing false.
  return types.length === 0 ? ["string"] : [...new Set(types)];
}

/** The greatest length of a class such as `9-32`. */
function mostOf(lengthClass: string): number {
  return Number(/-(\d+)$/.exec(lengthClass)?.[1] ?? (lengthClass.endsWith("+") ? 4_096 : 0));
}

function schemaOf(policy: Policy, { destination, path, method }: DeskRecord): string | undefined {
  const routes = policy.destinations.find(({ name }) => name === destination)?.routes ?? [];
  return routes.find((route) => route.path === path && route.methods.includes(method) && route.schema !== undefined)?.schema;
}

/** The inventory counts every exchange; without it the records that there are. */
function evidenceOf(rows: readonly InventoryItem[], records: readonly DeskRecord[]) {
  const times = rows.length > 0 ? rows : records;
  const count = rows.length > 0 ? Math.max(...rows.map((row) => row.count)) : records.reduce((sum, record) => sum + record.occurrences, 0);
  return {
    count,
    firstSeen: times.map(({ firstSeen }) => firstSeen).sort()[0] ?? "",
    lastSeen:
      times
        .map(({ lastSeen }) => lastSeen)
        .sort()
        .at(-1) ?? "",
  };
}
