import type { JsonNode, JsonObject } from "../../model/json.js";
import { baseName } from "../place.js";
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
      return (
        node.items.length >= 2 &&
        (node.items.every((item) => isNamedObject(item)) ||
          (node.items.length >= 3 && node.items.every((item) => isLabel(item) && isShortName(item))))
      );
    }
    if (node.kind !== "object") return false;
    if (isNamed && node.members.some((entry) => isLabel(entry.value) || (entry.value.kind === "number" && !NO_LABEL.test(entry.key.text))))
      return true;
    return isNumbered(node);
  },
};

/** `{"0": "car", "1": "truck", …}` or `{"car": 0, "truck": 1, …}`. */
function isNumbered(node: JsonObject): boolean {
  if (node.members.length < 3) return false;
  const first = Number(node.members[0]?.key.text);
  if (
    node.members.every(
      ({ key, value }, index) => Number(key.text) === first + index && value.kind === "string" && isShortName(value) && isLabel(value),
    )
  )
    return true;
  const start = node.members[0]?.value;
  return (
    start?.kind === "number" &&
    /^[01]$/.test(start.text) &&
    node.members.every(({ value }, index) => value.kind === "number" && Number(value.text) === Number(start.text) + index)
  );
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
