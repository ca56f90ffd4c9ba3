import type { Fault } from "../model/fault.js";
import { mendUnknown } from "./nearest-name.js";
import type { Tree, TreeEntry } from "./yaml-tree.js";

/** Takes faults; every reader below adds to it and goes on, so that one run reports all of them. */
export type FaultSink = Fault[];

/** What a map holds, by key; asked for by the readers of each section. */
export type Members = ReadonlyMap<string, TreeEntry>;

/** A map's members, with a fault for each key that is not `known`; undefined where it is no map. */
export function readMembers(tree: Tree, known: readonly string[], what: string, faults: FaultSink): Members | undefined {
  if (tree.kind !== "map") {
    // An empty section reads as null; it means that all of its members are left out.
    if (tree.kind === "scalar" && tree.value === null) return new Map();
    faults.push({ where: tree.where, what: `${what} must be a map.`, mend: `Write its members below it: ${known.join(", ")}.` });
    return undefined;
  }
  const members = new Map<string, TreeEntry>();
  for (const entry of tree.entries) {
    if (known.includes(entry.key)) members.set(entry.key, entry);
    else faults.push({ where: entry.where, what: `${what} has no "${entry.key}".`, mend: mendUnknown(entry.key, known) });
  }
  return members;
}

export function readList(tree: Tree | undefined, what: string, faults: FaultSink): readonly Tree[] {
  if (tree === undefined || (tree.kind === "scalar" && tree.value === null)) return [];
  if (tree.kind === "list") return tree.items;
  faults.push({
    where: tree.where,
    what: `${what} must be a list.`,
    mend: "Put each item on a line of its own after a dash, or write [a, b].",
  });
  return [];
}

/** Text that is not empty; undefined and a fault where it is something else. */
export function readText(tree: Tree, what: string, faults: FaultSink): string | undefined {
  if (tree.kind === "scalar" && typeof tree.value === "string" && tree.value.trim() !== "") return tree.value;
  faults.push({
    where: tree.where,
    what: `${what} must be text that is not empty.`,
    mend: "Write it, in quotes where YAML would read it as a number.",
  });
  return undefined;
}

/** A list of texts, each of which `accept` lets pass or faults. */
export function readTexts(
  tree: Tree | undefined,
  what: string,
  faults: FaultSink,
  accept: (text: string, where: string) => boolean,
): string[] {
  const texts: string[] = [];
  for (const item of readList(tree, what, faults)) {
    const text = readText(item, `Each of ${what}`, faults);
    if (text === undefined || !accept(text, item.where)) continue;
    if (texts.includes(text)) faults.push({ where: item.where, what: `${what} names "${text}" twice.`, mend: "Keep one of the two." });
    else texts.push(text);
  }
  return texts;
}

export function readBoolean(tree: Tree, what: string, faults: FaultSink): boolean | undefined {
  if (tree.kind === "scalar" && typeof tree.value === "boolean") return tree.value;
  faults.push({ where: tree.where, what: `${what} must be true or false.`, mend: "Write true or false, without quotes." });
  return undefined;
}

export function readInteger(tree: Tree, least: number, most: number, what: string, faults: FaultSink): number | undefined {
  if (
    tree.kind === "scalar" &&
    typeof tree.value === "number" &&
    Number.isInteger(tree.value) &&
    tree.value >= least &&
    tree.value <= most
  ) {
    return tree.value;
  }
  faults.push({
    where: tree.where,
    what: `${what} must be a whole number from ${least} to ${most}.`,
    mend: "Write such a number, without quotes.",
  });
  return undefined;
}

export function readChoice<T extends string>(tree: Tree, choices: readonly T[], what: string, faults: FaultSink): T | undefined {
  const written = tree.kind === "scalar" ? tree.value : undefined;
  const chosen = choices.find((choice) => choice === written);
  if (chosen !== undefined) return chosen;
  const mend = typeof written === "string" ? mendUnknown(written, choices) : `Write ${choices.join(" or ")}.`;
  faults.push({ where: tree.where, what: `${what} must be ${choices.join(" or ")}.`, mend });
  return undefined;
}
