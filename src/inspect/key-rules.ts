import type { JsonNode } from "../model/json.js";
import type { Collected } from "./collector.js";
import { placeIn, rangeOf, valueOf } from "./collector.js";
import { compactName, spacedName } from "./place.js";
import type { KeyValue, Rule } from "./rule-file.js";
import type { Validator } from "./validators/validator.js";

export interface KeyRules {
  /** Whether it is, compact, a name that a rule lists. */
  isName(name: string): boolean;
  /** Whether a rule judges members by this name, or by its last words (`ep.first_name`, `patient_first_name`). */
  has(name: string): boolean;
  run(collected: Collected): void;
}

/** Words at the end of a longer name that are looked up: `acting_member_home_address_line`. */
const LAST_WORDS = 4;

/** Names that were looked up, at most: keys come from hostile bodies. */
const REMEMBERED = 4096;

/** Rules that judge a value by its member's name: `first_name` holds a person's whatever it says. */
export function compileKeyRules(rules: readonly Rule[]): KeyRules {
  const byName = new Map<string, Rule[]>();
  for (const rule of rules) for (const key of rule.keys) byName.set(key, [...(byName.get(key) ?? []), rule]);
  const known = new Map<string, readonly Rule[]>();
  const endings = new Set([...byName.keys()].map(endingOf));
  const mayBeKey = (name: string): boolean => {
    const ending = endingOf(name);
    return ending === UNKNOWN || endings.has(ending) || endings.has(UNKNOWN);
  };
  const rulesOf = (name: string): readonly Rule[] => {
    if (!mayBeKey(name)) return NONE;
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const found = new Set(byName.get(compactName(name)));
    const words = spacedName(name).split(" ");
    for (let from = Math.max(1, words.length - LAST_WORDS); from < words.length; from += 1) {
      const end = words.slice(from).join("");
      for (const rule of byName.get(compactName(end)) ?? []) if (!rule.wholeKeys.has(end) || isParameter(name)) found.add(rule);
    }
    const result = [...found];
    if (name.length <= 64 && known.size < REMEMBERED) known.set(name, result);
    return result;
  };
  return {
    isName: (name) => mayBeKey(name) && byName.has(compactName(name)),
    has: (name) => rulesOf(name).length > 0,
    run(collected) {
      for (const { name, value, frame, place } of collected.named) {
        for (const rule of rulesOf(name)) {
          if (!holds(value, name, rule.keyValue, rule.keyValidator)) continue;
          collected.drafts.push({
            rule: rule.id,
            frame,
            place: placeIn(frame, place),
            range: rangeOf(value, frame),
            value: valueOf(value, frame),
            why: rule.why,
          });
        }
      }
      // Members that a schema leaves free (`ep.*` of a beacon) stand among the texts only.
      for (const text of collected.texts) {
        if (text.kind !== "value" || text.typed || text.frame.anchor !== undefined || typeof text.place?.step !== "string") continue;
        for (const rule of rulesOf(text.place.step)) {
          const node: JsonNode = { kind: "string", text: text.text, start: 0, end: 0 };
          if (holds(node, text.place.step, rule.keyValue, rule.keyValidator))
            collected.drafts.push({
              rule: rule.id,
              frame: text.frame,
              place: text.place,
              range: text.range,
              value: text.text,
              why: rule.why,
            });
        }
      }
    },
  };
}

const NONE: readonly Rule[] = [];

const UNKNOWN = -1;

/**
 * The last two letters or digits of a name, small, as one number: whatever a name ends in, its last words end so too, and few names end as a
 * rule's do. UNKNOWN where a character beyond ASCII comes first.
 */
function endingOf(name: string): number {
  let ending = 0;
  let count = 0;
  for (let at = name.length - 1; at >= 0 && count < 2; at -= 1) {
    const code = name.charCodeAt(at);
    if (code >= 0x80) return UNKNOWN;
    const small = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if ((small >= 0x30 && small <= 0x39) || (small >= 0x61 && small <= 0x7a)) {
      ending = ending * 128 + small;
      count += 1;
    }
  }
  return count === 2 ? ending : UNKNOWN;
}

/** A beacon's parameter: `ep.dob` is `dob` in full. */
function isParameter(name: string): boolean {
  return /^(?:ep|up)\.[^.]+$/.test(name);
}

/** Whether the member holds anything of the kind; a list does where one of its items does. Booleans and null say nothing of a person. */
function holds(node: JsonNode, name: string, wanted: KeyValue, confirm: Validator | undefined): boolean {
  switch (node.kind) {
    case "string":
      if (confirm !== undefined && !confirm({ text: node.text, index: 0, groups: [] }, node.text, name)) return false;
      return wanted === "number" ? /^[+-]?\d+(?:\.\d+)?$/.test(node.text.trim()) : node.text.trim() !== "";
    case "number":
      return wanted !== "text" && (confirm === undefined || confirm({ text: node.text, index: 0, groups: [] }, node.text, name));
    case "array":
      return wanted === "any" && confirm === undefined
        ? node.items.length > 0
        : node.items.some((item) => holds(item, name, wanted, confirm));
    case "object":
      return (
        wanted === "any" &&
        node.members.some(
          ({ value }) =>
            value.kind !== "null" && value.kind !== "boolean" && (confirm === undefined || holds(value, name, wanted, confirm)),
        )
      );
    default:
      return false;
  }
}
