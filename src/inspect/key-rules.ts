import type { JsonNode } from "../model/json.js";
import type { Collected } from "./collector.js";
import { placeIn, rangeOf, valueOf } from "./collector.js";
import { VALUE_KEYS } from "./pairs.js";
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

/** Words at the end of a name that say which of several values it is. */
const MARKS =
  "str string val value raw text txt old new current previous prev before after input original orig updated given entered".split(" ");
const MARK = new RegExp(`^(?:${MARKS.join("|")}|\\d+)$`);
const MOST_MARKS = 2;

/** Names that were looked up, at most: keys come from hostile bodies. */
const REMEMBERED = 4096;

/** Rules that judge a value by its member's name: `first_name` holds a person's whatever it says. */
export function compileKeyRules(rules: readonly Rule[]): KeyRules {
  const byName = new Map<string, Rule[]>();
  for (const rule of rules) for (const key of rule.keys) byName.set(key, [...(byName.get(key) ?? []), rule]);
  const known = new Map<string, readonly Rule[]>();
  const endings = new Set([...byName.keys()].map(endingOf));
  for (const mark of MARKS) endings.add(endingOf(mark));
  for (const name of byName.keys()) endings.add(endingOf(`${name}s`));
  const mayBeKey = (name: string): boolean => {
    const ending = endingOf(name);
    return ending === UNKNOWN || endings.has(ending);
  };
  const rulesOf = (name: string): readonly Rule[] => {
    if (!mayBeKey(name)) return NONE;
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const found = new Set(byName.get(compactName(name)));
    const words = spacedName(name).split(" ");
    const add = (from: number, to: number, isOf?: (rule: Rule) => boolean): void => {
      const end = compactName(words.slice(from, to).join(""));
      for (const rule of byName.get(end) ?? [])
        if (isOf?.(rule) !== false && (from === 0 || !rule.wholeKeys.has(end) || isParameter(name))) found.add(rule);
    };
    for (let from = Math.max(1, words.length - LAST_WORDS); from < words.length; from += 1) add(from, words.length);
    // `first_name_2`, `email_new`, `dob_str`, `firstName2`, `phones`: which one, of when, in what form, how many.
    const last = words.at(-1) ?? "";
    const plain = /^[a-z]+(?=\d+$)|^[a-z]{5,}(?=s$)/.exec(last)?.[0];
    if (plain !== undefined) words[words.length - 1] = plain;
    let to = words.length;
    while (to > 1 && plain === undefined && words.length - to < MOST_MARKS && MARK.test(words[to - 1] ?? "")) to -= 1;
    if (plain !== undefined || to < words.length)
      for (let from = Math.max(0, to - LAST_WORDS); from < to; from += 1) add(from, to, isOfPerson);
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
          if (!says(value, name, rule)) continue;
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
          if (says(node, text.place.step, rule))
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

/** Buckets, objects and keys are also counted and numbered where no one's are meant. */
const isOfPerson = (rule: Rule): boolean => rule.id.startsWith("pii/");

const NONE: readonly Rule[] = [];

/** Members of an object under a rule's name that hold what the name says: `{"city": {"name": …}}`, `{"dob": {"year": 1984}}`. */
const BELOW: ReadonlySet<string> = new Set([...VALUE_KEYS, "full", "display", "line", "line1", "street", "year"]);

const UNKNOWN = -1;

/**
 * The last two letters or digits of a name, small, as one number: whatever a name ends in, its last words end so too, and few names end as a
 * rule's do. UNKNOWN where a character beyond ASCII or a digit comes first.
 */
function endingOf(name: string): number {
  let ending = 0;
  let count = 0;
  for (let at = name.length - 1; at >= 0 && count < 2; at -= 1) {
    const code = name.charCodeAt(at);
    if (code >= 0x80) return UNKNOWN;
    if (code >= 0x30 && code <= 0x39) return UNKNOWN;
    const small = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (small >= 0x61 && small <= 0x7a) {
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

function says(node: JsonNode, name: string, { keyValue, keyValidator, keyExempt }: Rule): boolean {
  if (node.kind === "string" && keyExempt?.({ text: node.text, index: 0, groups: [] }, node.text, name) === true) return false;
  return holds(node, name, keyValue, keyValidator);
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
      return node.members.some(
        ({ key, value }) =>
          value.kind !== "null" &&
          value.kind !== "boolean" &&
          (wanted === "any"
            ? confirm === undefined || holds(value, name, wanted, confirm)
            : (BELOW.has(key.text) || (key.text === "name" && wanted === "text" && confirm === undefined)) &&
              holds(value, name, wanted, confirm)),
      );
    default:
      return false;
  }
}
