import type { JsonArray, JsonMember, JsonNode, JsonObject } from "../model/json.js";
import { keyOf } from "./place.js";
import type { KnownNames, Place } from "./place.js";
import { isFirstName } from "./validators/name-lists.js";

/** A node that something else than its own member calls by a name. */
export interface Called {
  readonly name: string;
  readonly node: JsonNode;
  /** Steps from the container that was asked about. */
  readonly steps: readonly (string | number)[];
}

/** Members that say what a pair is called: of forms, faults of a validation, contact points, changes. */
const NAME_KEYS: ReadonlySet<string> = new Set(
  "name key id field fields fieldName field_name variable var header param parameter property prop setting option path loc column col attribute attr question".split(
    " ",
  ),
);

/** These also say what a message, an event or a list is of, so that only what is plainly a value counts beside them. */
const KIND_KEYS: ReadonlySet<string> = new Set("label system type kind title".split(" "));

/** Members that hold a value; below a name of their own they say nothing more than the name does: `{"phone": {"number": …}}`. */
export const VALUE_KEYS: ReadonlySet<string> = new Set(
  "value values val v number raw string str input answer old new oldValue newValue old_value new_value formatted $date $numberLong #text _text".split(
    " ",
  ),
);

const NAMED_VALUES: ReadonlySet<string> = new Set([...VALUE_KEYS, ..."text content data plain current before after original".split(" ")]);
const PLAIN_VALUES: ReadonlySet<string> = new Set("value val v number".split(" "));

/** First and last names under names that say so only together. */
const PEOPLE: readonly (readonly [first: string, last: string])[] = [
  ["first", "last"],
  ["given", "family"],
  ["fname", "lname"],
  ["firstName", "surname"],
  ["forename", "last"],
];

const PERSON = /name|patient|person|people|user|member|contact|author|owner|customer|employee|reviewer|annotator/i;
const NAME = /^\p{Lu}[\p{L}'’ -]{0,40}$/u;

/**
 * What an object's members call one another: `{"field": "first_name", "value": …}`, `{"loc": ["body", "bsn"], "input": …}`,
 * `{"first": …, "last": …}`, and the cells of `{"columns": […], "data": [[…]]}`.
 */
export function calledIn(node: JsonObject, place: Place | undefined, names: KnownNames): readonly Called[] {
  let roles = 0;
  for (const { key } of node.members) roles |= ROLES.get(key.text) ?? 0;
  // Nearly every object has none.
  if (roles === 0) return NONE;
  const found: Called[] = [];
  if ((roles & CALLS) !== 0) found.push(...valuesIn(node, names));
  if ((roles & FIRST) !== 0) found.push(...personIn(node, place));
  if ((roles & HEAD) !== 0) found.push(...cellsIn(node, names));
  return found;
}

function valuesIn(node: JsonObject, names: KnownNames): readonly Called[] {
  return node.members.flatMap(({ key: own, value }) => {
    const isKind = KIND_KEYS.has(own.text);
    const name = isKind || NAME_KEYS.has(own.text) ? nameIn(value) : undefined;
    if (name === undefined || !isCalling(name, names)) return NONE;
    const values = node.members.filter(({ key }) => key !== own && (isKind ? PLAIN_VALUES : NAMED_VALUES).has(key.text));
    return values.map((other) => ({ name, node: other.value, steps: [other.key.text] }));
  });
}

function personIn(node: JsonObject, place: Place | undefined): readonly Called[] {
  return PEOPLE.flatMap(([first, last]) => {
    const [given, family] = [memberOf(node, first)?.value, memberOf(node, last)?.value];
    const text = firstText(given);
    if (given === undefined || family === undefined || text === undefined || !NAME.test(text) || !NAME.test(firstText(family) ?? ""))
      return NONE;
    // Of times and pages there is a first and a last as well.
    if (first !== "given" && !PERSON.test(keyOf(place) ?? "") && !isFirstName(text)) return NONE;
    return [
      { name: "first_name", node: given, steps: [first] },
      { name: "last_name", node: family, steps: [last] },
    ];
  });
}

function isCalling(name: string, names: KnownNames): boolean {
  return names.isRuleKey(name) || names.isNumberName(name);
}

/** Of a list of pairs (`[["first_name", "Dana"], …]`), what the first of each calls the second. */
export function calledInPairs(node: JsonArray, names: KnownNames): readonly Called[] {
  const found: Called[] = [];
  for (let index = 0; index < node.items.length; index += 1) {
    const pair = node.items[index];
    if (pair?.kind !== "array" || pair.items.length !== 2) continue;
    const [first, second] = pair.items;
    if (first?.kind !== "string" || second === undefined) continue;
    if (isCalling(first.text, names) && !(second.kind === "string" && names.isRuleKey(second.text)))
      found.push({ name: first.text, node: second, steps: [index, 1] });
  }
  return found;
}

const NONE: readonly Called[] = [];

const COLUMNS = ["columns", "header", "headers", "fields", "cols", "column_names"];
const ROWS = ["data", "rows", "values", "records", "items"];

const CALLS = 1;
const FIRST = 2;
const HEAD = 4;

/** What a member of the name may be of a pair. */
const ROLES: ReadonlyMap<string, number> = new Map([
  ...[...NAME_KEYS, ...KIND_KEYS].map((name): [string, number] => [name, COLUMNS.includes(name) ? CALLS | HEAD : CALLS]),
  ...PEOPLE.map(([first]): [string, number] => [first, FIRST]),
  ...COLUMNS.filter((name) => !NAME_KEYS.has(name)).map((name): [string, number] => [name, HEAD]),
]);

/** The cells of a table whose columns' names stand beside it, as `DataFrame.to_json(orient="split")` writes it. */
function cellsIn(node: JsonObject, names: KnownNames): readonly Called[] {
  const heads = node.members.flatMap(({ key, value }) => (value.kind === "array" && COLUMNS.includes(key.text) ? [value.items] : []));
  return heads.flatMap((head) => {
    const columns = head.map((item) => {
      const name = item.kind === "object" ? firstText(memberOf(item, "name")?.value) : firstText(item);
      return name !== undefined && isCalling(name, names) ? name : undefined;
    });
    return columns.every((name) => name === undefined) ? NONE : cellsUnder(columns, node);
  });
}

function cellsUnder(columns: readonly (string | undefined)[], node: JsonObject): readonly Called[] {
  const found: Called[] = [];
  for (const { key, value } of node.members) {
    if (value.kind !== "array" || !ROWS.includes(key.text)) continue;
    value.items.forEach((row, index) => {
      if (row.kind !== "array") return;
      row.items.forEach((cell, column) => {
        const name = columns[column];
        if (name !== undefined) found.push({ name, node: cell, steps: [key.text, index, column] });
      });
    });
  }
  return found;
}

/** A text, or the last one of a path to it. */
function nameIn(node: JsonNode): string | undefined {
  if (node.kind === "string") return node.text;
  const last = node.kind === "array" ? node.items.at(-1) : undefined;
  return last?.kind === "string" ? last.text : undefined;
}

function firstText(node: JsonNode | undefined): string | undefined {
  const one = node?.kind === "array" ? node.items[0] : node;
  return one?.kind === "string" ? one.text : undefined;
}

function memberOf(node: JsonObject, name: string): JsonMember | undefined {
  return node.members.find(({ key }) => key.text === name);
}
