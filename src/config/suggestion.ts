import { basename } from "node:path";
import type { SourceFile } from "../model/inspection.js";
import type { RulesDirectory } from "./rules-directory.js";
import { insertAt, placeForMember } from "./schema-edit.js";
import { type LineEdit, unifiedDiff } from "./unified-diff.js";
import { editValues, type NamesToAdd } from "./values-edit.js";

/** How often something was seen, and when. Times are ISO 8601. */
export interface Evidence {
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

/** A member that left in monitor mode and that no schema names. */
export interface UnnamedMember extends Evidence {
  readonly destination: string;
  readonly schema: string | undefined;
  /** From the message's root, `*` for a list's index, without the member itself. */
  readonly parent: readonly string[];
  /** Undefined where only its pseudonym is known. */
  readonly name: string | undefined;
  /** As it stands in records and inventory. */
  readonly shown: string;
  /** Types that were seen there, and the longest text as far as its length class tells. */
  readonly types: readonly string[];
  readonly longest: number;
  /** Rules beside `schema/*` that found something at or below it. */
  readonly found: readonly string[];
}

/** A value that left in monitor mode and that a list which the operator may add to does not hold. */
export interface UnlistedValue extends Evidence {
  readonly destination: string;
  readonly list: string;
  /** Undefined where only its HMAC is known. */
  readonly value: string | undefined;
  readonly shown: string;
}

export interface Suggestion {
  /** For `git apply` or `patch -p1` in the rules folder; "" where nothing can be proposed. */
  readonly diff: string;
  /** What needs a person, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * What policy and schemas would have to say for what was seen in monitor mode to be let out without it. Proposes names and values only:
 * no rule is opened, and a member in which a rule found something is told and not proposed. Pure; applies nothing.
 */
export function suggest(
  files: Pick<RulesDirectory, "policy" | "schemas">,
  members: readonly UnnamedMember[],
  values: readonly UnlistedValue[],
): Suggestion {
  const notes: string[] = [];
  const edits = new Map<SourceFile, LineEdit[]>();
  for (const member of members) {
    const proposed = editFor(member, files.schemas);
    if (typeof proposed === "string") notes.push(proposed);
    else edits.set(proposed.file, [...(edits.get(proposed.file) ?? []), proposed.edit]);
  }
  const additions = namesToAdd(values, notes);
  const ofPolicy = additions.length === 0 ? [] : editValues(files.policy, additions);
  if (ofPolicy === undefined)
    notes.push(
      `\`values\` is written in a way that no diff is made for; add by hand: ${additions.flatMap(({ names }) => names.map(({ name }) => name)).join(", ")}.`,
    );
  const diffs = [
    ...(ofPolicy === undefined || ofPolicy.length === 0 ? [] : [unifiedDiff("policy.yaml", files.policy.text, ofPolicy)]),
    ...[...edits]
      .sort(([one], [other]) => (one.path < other.path ? -1 : 1))
      .map(([file, found]) =>
        unifiedDiff(
          `schemas/${basename(file.path)}`,
          file.text,
          found.sort((one, other) => one.at - other.at),
        ),
      ),
  ];
  return { diff: diffs.join(""), notes };
}

function editFor(member: UnnamedMember, schemas: readonly SourceFile[]): { readonly file: SourceFile; readonly edit: LineEdit } | string {
  const where = `${member.destination}: /${[...member.parent, member.name ?? member.shown].join("/")}`;
  const seen = seenText(member);
  if (member.found.length > 0) return `${where} (${seen}) is not proposed: ${member.found.join(", ")} found something in it.`;
  if (member.name === undefined)
    return `${where} (${seen}) is known by its pseudonym only. --checkout DIR looks for its name in Diffgram's source, --names FILE in a list of yours.`;
  const place = member.schema === undefined ? undefined : placeForMember(schemas, member.schema, member.parent);
  if (place === undefined) return `${where} (${seen}): no schema file has a place for it that a diff can be made for; add it by hand.`;
  const key = /^[A-Za-z_][A-Za-z0-9_]*$/.test(member.name) ? member.name : JSON.stringify(member.name);
  return { file: place.file, edit: insertAt(place, [`# Seen ${seen} in monitor mode.`, `${key}: ${schemaOf(member)}`]) };
}

/** As narrow as what was seen: a longer text or another type is found again. */
function schemaOf({ types, longest }: UnnamedMember): string {
  const kinds = [...new Set([...types, "null"])].sort();
  const list = `[${kinds.map((kind) => (kind === "null" ? '"null"' : kind)).join(", ")}]`;
  if (kinds.includes("object") || kinds.includes("array")) return `{ type: ${list}, x-sensitivity: free-json }`;
  const bounds = [
    ...(kinds.includes("string") ? [`maxLength: ${longest}`, "x-sensitivity: free-text"] : []),
    ...(kinds.includes("integer") || kinds.includes("number") ? ["minimum: 0", "maximum: 9999999999"] : []),
  ];
  return `{ ${[`type: ${list}`, ...bounds].join(", ")} }`;
}

function namesToAdd(values: readonly UnlistedValue[], notes: string[]): NamesToAdd[] {
  const lists = new Map<string, { name: string; evidence: string }[]>();
  for (const one of values) {
    const seen = seenText(one);
    if (one.value === undefined) {
      notes.push(
        `${one.destination}: a value of ${one.list} (${one.shown}, ${seen}) is known by its HMAC only. --checkout DIR or --names FILE may tell which it is.`,
      );
      continue;
    }
    lists.set(one.list, [
      ...(lists.get(one.list) ?? []),
      { name: one.value, evidence: `seen ${seen} at ${one.destination} in monitor mode.` },
    ]);
  }
  return [...lists].map(([list, names]) => ({ list, names }));
}

function seenText({ count, firstSeen, lastSeen }: Evidence): string {
  return `${count} times, ${firstSeen.slice(0, 19)}Z to ${lastSeen.slice(0, 19)}Z`;
}
