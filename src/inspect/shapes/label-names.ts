import type { JsonMember, JsonNode, JsonObject } from "../../model/json.js";
import { baseName } from "../place.js";
import { nearlyAll } from "./shape.js";
import type { Shape } from "./shape.js";

const LABEL_KEYS =
  /^(?:labels?names?|labels|labelmap|labellist|labelset|labelschema|labelnamesmap|labelconfig|labeloptions|classnames?|classes|classlist|classlabels|classmap|categorynames|groupnames|objectclasses|objectnames|idtolabel|labeltoid|id2label|label2id|id2name|ontology|taxonomy|annotationlabels|knownlabels|usedlabels|newlabels|missinglabels|unknownlabels|modelclasses|targetclasses|trainclasses|grouplabels|labeltitles|labelcounts|labelcount|classcounts|countsbylabel|countbylabel|perlabel|bylabel|labelstats|labeldistribution|classdistribution|labelhistogram|tagnames|attributenames)$/;

const NO_LABEL = /^[-\d.:/TZ+ ]*$/;

/** Names that often, not always, stand over labels: a list under them needs three short names. */
const LIST_KEYS =
  /(?:labels|classes|categories|tags|classnames|labelnames|groups|species|names|targets|vocabulary|vocab|concepts|entities|attributes|objecttypes|options|findings|diagnoses|legend)$/;

/** Names of labels in bulk: texts, or names of members, under a label list's name, other than dates and numbers; maps between names and numbers. */
export const labelNames: Shape = {
  judge: (node, key) => {
    const name = key === undefined ? "" : baseName(key);
    const isNamed = LABEL_KEYS.test(name);
    if (node.kind === "array") {
      if (isNamed && node.items.some((item) => isLabel(item) || isNamedObject(item))) return true;
      if (!LIST_KEYS.test(name) && !/label|class(?!ic)|categor|ontolog/.test(name)) return false;
      return nearlyAll(node.items, 2, isNamedObject) || nearlyAll(node.items, 3, (item) => isLabel(item) && isShortName(item));
    }
    if (node.kind !== "object") return false;
    if (isNamed && node.members.some((entry) => isLabel(entry.value) || (entry.value.kind === "number" && !NO_LABEL.test(entry.key.text))))
      return true;
    return isNumbered(node);
  },
};

/** Members from which on a map of numbers is told in any order: fewer are counts by chance. */
const IN_ANY_ORDER = 5;

/** `{"0": "car", "1": "truck", …}`, with gaps as COCO's have, or `{"car": 0, "truck": 1, …}`. */
function isNumbered(node: JsonObject): boolean {
  const { members } = node;
  if (members.length < 3) return false;
  if (nearlyAll(members, 3, isNumberedLabel)) {
    const ids = members.filter(isNumberedLabel).map(({ key }) => Number(key.text));
    // Counted through, or nearly so: codes of answers and ports lie further apart.
    if (mostOf(ids) - leastOf(ids) < ids.length * 2) return true;
  }
  const values: number[] = [];
  for (const { value } of members) {
    if (value.kind !== "number" || !/^\d{1,4}$/.test(value.text)) return false;
    values.push(Number(value.text));
  }
  const least = leastOf(values);
  if (least > 1) return false;
  if (values.every((value, index) => value === least + index)) return true;
  return values.length >= IN_ANY_ORDER && new Set(values).size === values.length && mostOf(values) - least === values.length - 1;
}

function isNumberedLabel({ key, value }: JsonMember): boolean {
  return /^\d{1,9}$/.test(key.text) && isShortName(value) && isLabel(value);
}

function leastOf(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

function mostOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

function isNamedObject(node: JsonNode): boolean {
  return (
    node.kind === "object" &&
    node.members.some(
      (entry) =>
        /^(?:name|label|title|class|value|displayname|labelname|classname|readablename)$/.test(baseName(entry.key.text)) &&
        isLabel(entry.value),
    )
  );
}

function isShortName(node: JsonNode): boolean {
  return node.kind === "string" && /^\p{L}[\p{L}\p{N} _/-]{0,40}$/u.test(node.text);
}

function isLabel(node: JsonNode): boolean {
  return node.kind === "string" && !NO_LABEL.test(node.text);
}
