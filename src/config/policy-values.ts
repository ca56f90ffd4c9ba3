import { type FaultSink, readMembers, readTexts } from "./tree-reader.js";
import type { Tree } from "./yaml-tree.js";

/** The enums that payload schemas open to the operator (`x-operator-values`). */
const NAMES = ["kind", "page_name", "object_type", "usage"] as const;
/** As the vendor writes such names; a value with room for a sentence would be a free field by another name. */
const VALUE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** Reads `values`: event kinds and page names that the operator's own Diffgram has beside the vendor's. */
export function readValues(tree: Tree | undefined, faults: FaultSink): Record<string, readonly string[]> {
  const members = tree === undefined ? undefined : readMembers(tree, NAMES, "values", faults);
  return Object.fromEntries(
    [...(members ?? [])].map(([name, entry]) => [
      name,
      readTexts(entry.value, `values.${name}`, faults, (text, where) => {
        if (VALUE.test(text)) return true;
        faults.push({
          where,
          what: `values.${name} holds "${text}", which is no name.`,
          mend: "Write letters, digits, _ and -, at most 64, a letter first.",
        });
        return false;
      }),
    ]),
  );
}
