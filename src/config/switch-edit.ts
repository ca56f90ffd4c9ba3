import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import { FaultsError } from "../model/fault.js";
import type { SourceFile } from "../model/inspection.js";
import type { LimitedCase } from "../model/limited-case.js";

/** A case's switch as somebody sets it. */
export interface SwitchWish {
  readonly case: LimitedCase;
  readonly enabled: boolean;
  readonly at: Date;
  readonly by: string;
  readonly reason: string;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The policy's text with `enabled` and `changed` of a case set; every other character stays, comments too.
 *
 * @throws FaultsError where the case is not written in block style
 */
export function withSwitch(policy: SourceFile, wish: SwitchWish): string {
  const { text } = policy;
  const map = parseDocument(text).getIn(["cases", wish.case]);
  const first = isMap(map) && map.flow !== true ? map.items[0] : undefined;
  const at = rangeOf(first?.key)?.[0];
  if (!isMap(map) || at === undefined) {
    throw new FaultsError("The switch can't be set:", [
      {
        where: policy.path,
        what: `cases.${wish.case} is not written as members on lines of their own.`,
        mend: "Write it like the policy that came with the package.",
      },
    ]);
  }
  const indent = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  const note = `changed: { at: ${wish.at.toISOString()}, by: ${JSON.stringify(wish.by)}, reason: ${JSON.stringify(wish.reason)} }`;
  const enabled = `enabled: ${String(wish.enabled)}`;
  const places = { enabled: placeOf(map, "enabled"), changed: placeOf(map, "changed") };
  const edits: Edit[] = [];
  if (places.enabled !== undefined) edits.push({ ...places.enabled, text: enabled });
  if (places.changed !== undefined) edits.push({ ...places.changed, text: note });
  const fresh = [...(places.enabled === undefined ? [enabled] : []), ...(places.changed === undefined ? [note] : [])];
  if (fresh.length > 0) {
    // Behind the switch's own line, or else before everything.
    const lineEnd = places.enabled === undefined ? at - indent.length : text.indexOf("\n", places.enabled.end) + 1;
    edits.push({ start: lineEnd, end: lineEnd, text: fresh.map((line) => `${indent}${line}\n`).join("") });
  }
  return edits
    .sort((one, other) => other.start - one.start)
    .reduce((result, edit) => result.slice(0, edit.start) + edit.text + result.slice(edit.end), text);
}

/** From a member's key to its value's end. */
function placeOf(map: YAMLMap, key: string): { readonly start: number; readonly end: number } | undefined {
  const pair: Pair | undefined = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  const start = rangeOf(pair?.key)?.[0];
  const end = rangeOf(pair?.value)?.[1];
  return start === undefined || end === undefined ? undefined : { start, end };
}

function rangeOf(node: unknown): readonly number[] | undefined {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range) ? node.range : undefined;
}
