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
  // Only the texts that stand in the exchange itself: the finder lists the views of views.
  const outer = into.texts.slice();
  let exhausted = false;
  for (let index = 0; index < outer.length; index += 1) {
    if (index % 32 === 0 && deadline.passed()) return "late";
    const text = outer[index];
    if (text === undefined || text.number) continue;
    const found = find(text.text, budget);
    exhausted ||= found.exhausted;
    for (const view of found.views) collectView(view, text, into, names);
  }
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
