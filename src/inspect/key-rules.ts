import type { JsonNode } from "../model/json.js";
import type { Collected } from "./collector.js";
import { placeIn, rangeOf, valueOf } from "./collector.js";
import { compactName } from "./place.js";
import type { KeyValue, Rule } from "./rule-file.js";
import type { Validator } from "./validators/validator.js";

export interface KeyRules {
  readonly names: ReadonlySet<string>;
  run(collected: Collected): void;
}

/** Rules that judge a value by its member's name: `first_name` holds a person's whatever it says. */
export function compileKeyRules(rules: readonly Rule[]): KeyRules {
  const byName = new Map<string, Rule[]>();
  for (const rule of rules) for (const key of rule.keys) byName.set(key, [...(byName.get(key) ?? []), rule]);
  return {
    names: new Set(byName.keys()),
    run(collected) {
      for (const { name, value, frame, place } of collected.named) {
        for (const rule of byName.get(compactName(name)) ?? []) {
          if (!holds(value, rule.keyValue, rule.keyValidator)) continue;
          collected.drafts.push({ rule: rule.id, frame, place: placeIn(frame, place), range: rangeOf(value, frame), value: valueOf(value, frame), why: rule.why });
        }
      }
    },
  };
}

/** Whether the member holds anything of the kind; a list does where one of its items does. Booleans and null say nothing of a person. */
function holds(node: JsonNode, wanted: KeyValue, confirm: Validator | undefined): boolean {
  switch (node.kind) {
    case "string":
      if (confirm !== undefined && !confirm({ text: node.text, index: 0, groups: [] }, node.text)) return false;
      return wanted === "number" ? /^[+-]?\d+(?:\.\d+)?$/.test(node.text.trim()) : node.text.trim() !== "";
    case "number":
      return wanted !== "text";
    case "array":
      return wanted === "any" ? node.items.length > 0 : node.items.some((item) => holds(item, wanted, confirm));
    case "object":
      return wanted === "any" && node.members.length > 0;
    default:
      return false;
  }
}
