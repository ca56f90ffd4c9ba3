import type { Fault } from "../model/fault.js";
import type { BodyReading } from "../model/body-view.js";
import type { InspectionContext, Inspector } from "../model/inspection.js";
import type { JsonNode } from "../model/json.js";
import { compileInspector } from "./inspector.js";
import type { InspectorOptions } from "./inspector.js";
import { loadRules } from "./rule-file.js";

/**
 * Holds every rule against its examples: each `match` must be found by the rule, no `pass` and none of its `misses` may be. Returns a fault for each that isn't so;
 * throws FaultsError where the rules can't be loaded. For tests and `egress-proxy check`: never part of a start.
 */
export function runExamples(options: InspectorOptions): readonly Fault[] {
  const inspector = compileInspector(options);
  const faults: Fault[] = [];
  for (const rule of loadRules(options.rules, [])) {
    const found = (example: unknown): boolean => inspectExample(inspector, example).some((id) => id === rule.id);
    rule.examples.match.forEach((example, index) => {
      if (!found(example))
        faults.push({
          what: `\`${rule.id}\` does not find its own example match[${index}].`,
          where: rule.path,
          mend: "Mend the rule or the example.",
        });
    });
    rule.misses.forEach(({ example }, index) => {
      if (found(example))
        faults.push({
          what: `\`${rule.id}\` finds misses[${index}], which it says it misses.`,
          where: rule.path,
          mend: "Make it an example that it must find.",
        });
    });
    rule.examples.pass.forEach((example, index) => {
      if (found(example))
        faults.push({
          what: `\`${rule.id}\` finds example pass[${index}], which it must let pass.`,
          where: rule.path,
          mend: "Mend the rule or the example.",
        });
    });
  }
  return faults;
}

/**
 * Names each rule that adds nothing: all that it must find, another rule of its category finds as well. A warning, since two rules may
 * be kept apart on purpose.
 */
export function findDeadRules(options: InspectorOptions): readonly Fault[] {
  const inspector = compileInspector(options);
  return loadRules(options.rules, []).flatMap((rule): Fault[] => {
    const category = rule.id.slice(0, rule.id.indexOf("/") + 1);
    const [first, ...rest] = rule.examples.match.map((example) => new Set(inspectExample(inspector, example)));
    const others = [...(first ?? [])].filter((id) => id !== rule.id && id.startsWith(category) && rest.every((found) => found.has(id)));
    if (others.length === 0) return [];
    return [
      {
        where: rule.path,
        what: `All that \`${rule.id}\` must find, \`${others[0]}\` finds as well.`,
        mend: "Remove it, or add an example that only it finds.",
      },
    ];
  });
}

/** The rules that an example meets: a text as a value beside others, anything else as a body of its own. */
export function inspectExample(inspector: Inspector, example: unknown): readonly string[] {
  const text = JSON.stringify(typeof example === "string" ? { text: example } : example);
  const bytes = Buffer.from(text);
  const reading: BodyReading = {
    views: [{ kind: "json", via: "body", bytes, root: treeOf(JSON.parse(text), bytes.length) }],
    faults: [],
    decodedBytes: bytes.length,
  };
  const context: InspectionContext = {
    schema: undefined,
    querySchema: undefined,
    path: "/",
    query: undefined,
    headers: [],
    namedHeaders: [],
    now: 0,
  };
  return inspector.inspect(reading, context).findings.map((finding) => finding.rule);
}

/** A parsed value as a tree whose every range is the whole: examples ask what is found, not where. */
function treeOf(value: unknown, end: number): JsonNode {
  const span = { start: 0, end };
  if (value === null || value === undefined) return { kind: "null", ...span };
  if (typeof value === "string") return { kind: "string", text: value, ...span };
  if (typeof value === "number") return { kind: "number", text: String(value), ...span };
  if (typeof value === "boolean") return { kind: "boolean", value, ...span };
  if (Array.isArray(value)) return { kind: "array", items: value.map((item) => treeOf(item, end)), ...span };
  return {
    kind: "object",
    members: Object.entries(value).map(([key, part]) => ({ key: { kind: "string", text: key, ...span }, value: treeOf(part, end) })),
    ...span,
  };
}
