import type { NestedView, ViewBudget, ViewFinder } from "../model/nested-view.js";
import type { Collected, Frame, Text } from "./collector.js";
import { placeIn } from "./collector.js";
import type { Deadline } from "./deadline.js";
import { formObject } from "./form.js";
import { walkFree } from "./free-walk.js";
import type { KnownNames } from "./place.js";

export type NestedOutcome = "done" | "exhausted" | "late";

/** Adds what the collected texts hold when decoded: texts, trees and blobs, each with the place and range of its string. */
export function collectNested(into: Collected, find: ViewFinder, budget: ViewBudget, names: KnownNames, deadline: Deadline): NestedOutcome {
  let exhausted = false;
  let count = 0;
  /** False where the time is over. */
  const search = (text: Text): boolean => {
    if (count % 32 === 0 && deadline.passed()) return false;
    count += 1;
    if (text.number) return true;
    const found = find(text.text, budget);
    exhausted ||= found.exhausted;
    for (const view of found.views) collectView(view, text, into, names);
    return true;
  };
  // Only the texts that stand in the exchange itself: the finder lists the views of views.
  for (const text of into.texts.slice()) if (!search(text)) return "late";
  // Of lists those too that stand in what was decoded, which the finder does not read in one; each spends of the same budget.
  for (const list of into.coded) if (!search(list)) return "late";
  return exhausted ? "exhausted" : "done";
}

function collectView(view: NestedView, text: Text, into: Collected, names: KnownNames): void {
  const { content } = view;
  const base = text.kind === "key" ? "key" : text.frame.view;
  const frame: Frame = {
    view: `${base}>${view.via}`,
    base: text.frame.base,
    bytes: content.kind === "json" ? content.bytes : undefined,
    anchor: { place: placeIn(text.frame, text.place), range: text.range },
  };
  switch (content.kind) {
    case "text":
      into.texts.push({ ...text, text: content.text, frame, kind: text.kind === "key" ? "value" : text.kind, typed: text.typed });
      return;
    case "json":
      return walkFree(content.root, text.place, frame, into, names);
    case "form":
      return walkFree(formObject(content.fields), text.place, frame, into, names);
    case "bytes":
      into.blobs.push({ bytes: content.bytes, magic: content.magic, frame, place: text.place, range: text.range });
  }
}
