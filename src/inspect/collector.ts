import type { Reason } from "../model/reasons.js";
import type { RuleId } from "../model/finding.js";
import type { JsonNode, JsonString } from "../model/json.js";
import type { Place } from "./place.js";
import type { TextPlace } from "./rule-file.js";

export type Range = readonly [start: number, end: number];

/** The reading that a node stands in: a body, a query, or what a string of the body holds when it is decoded. */
export interface Frame {
  readonly view: string;
  /** Bytes that ranges count in; undefined outside the body. */
  readonly bytes: Uint8Array | undefined;
  /** Set in a nested view: findings carry the place and range of the string that holds it. */
  readonly anchor: { readonly place: Place | undefined; readonly range: Range | undefined } | undefined;
  /** Stands before the pointer's steps: "" in a body, `query:<name>`, `header:<name>`, `path`. */
  readonly base: string;
}

/** One text for the text rules. */
export interface Text {
  readonly text: string;
  readonly frame: Frame;
  readonly place: Place | undefined;
  readonly range: Range | undefined;
  readonly kind: TextPlace;
  /** What it stands under beside or in place of its member's name: a header's name, the name that a pair gives it. */
  readonly name?: string;
  /** It passed a schema's pattern, so that rules of plain digits have nothing to say of it. */
  readonly typed: boolean;
  /** A JSON number's own text. */
  readonly number: boolean;
}

/** A member whose name a rule judges. */
export interface NamedValue {
  readonly name: string;
  readonly value: JsonNode;
  readonly frame: Frame;
  readonly place: Place | undefined;
}

/** A container in a free place: the shape rules search it. */
export interface FreeTree {
  readonly root: JsonNode;
  readonly frame: Frame;
  readonly place: Place | undefined;
}

/** A finding before its pointer is spelled and its value is keyed. */
export interface Draft {
  readonly rule: RuleId;
  readonly frame: Frame;
  readonly place: Place | undefined;
  readonly range: Range | undefined;
  /** Replaces the frame's view, for keys. */
  readonly view?: string;
  /** What is keyed: the value's text or its bytes. */
  readonly value: string | Uint8Array;
  readonly why: string;
  readonly reason?: Reason;
}

/** Decoded bytes that are no text, found in a string. */
export interface Blob {
  readonly bytes: Uint8Array;
  readonly magic: string | undefined;
  readonly frame: Frame;
  readonly place: Place | undefined;
  readonly range: Range | undefined;
}

/** What the walk over an exchange gathers for the rules. */
export interface Collected {
  readonly texts: Text[];
  readonly named: NamedValue[];
  readonly trees: FreeTree[];
  readonly blobs: Blob[];
  /** Items of lists that may be one encoded text: only what they decode to is searched. */
  readonly coded: Text[];
  readonly drafts: Draft[];
  readonly identities: string[];
  readonly kinds: Set<string>;
  readonly pins: { readonly name: string; readonly value: string }[];
}

export function nothingCollected(): Collected {
  return { texts: [], named: [], trees: [], blobs: [], coded: [], drafts: [], identities: [], kinds: new Set(), pins: [] };
}

/** Adds a member's name, which may say something where nobody but the sender chose it. */
export function addKey(key: JsonString, at: Place, frame: Frame, into: Collected): void {
  into.texts.push({
    text: key.text,
    frame,
    place: placeIn(frame, at),
    range: rangeOf(key, frame),
    kind: "key",
    typed: false,
    number: false,
  });
}

/** The bytes of a node where there are any, else its kind: for the HMAC only. */
export function valueOf(node: JsonNode, frame: Frame): string | Uint8Array {
  if (node.kind === "string" || node.kind === "number") return node.text;
  return frame.bytes?.subarray(node.start, node.end) ?? node.kind;
}

/** A node's range in the body; in a nested view that of the string around it, outside the body none. */
export function rangeOf(node: JsonNode, frame: Frame): Range | undefined {
  if (frame.anchor !== undefined) return frame.anchor.range;
  return frame.bytes === undefined ? undefined : [node.start, node.end];
}

/** A node's place; in a nested view that of the string around it. */
export function placeIn(frame: Frame, place: Place | undefined): Place | undefined {
  return frame.anchor === undefined ? place : frame.anchor.place;
}
