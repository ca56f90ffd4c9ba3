import type { BodyLimits, BodyView, Unreadable } from "../model/body-view.js";
import { type JsonMember, type JsonNode, type JsonObject, member } from "../model/json.js";
import type { BodyText } from "./charset.js";
import { scanJson } from "./json-scanner.js";

interface Line {
  readonly text: string;
  /** Byte offset of its first byte. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Reads a Sentry envelope (develop.sentry.dev, "Envelopes"): a line of headers, then for each item a line of headers and a line of content.
 * It becomes one tree, `{header, items: [{type, header, payload}]}`, in which every node keeps its place in the bytes, so that schema, rules
 * and redaction see it like any JSON body.
 *
 * Sentry reads an item by its stated `length`, which may span lines; a reader of lines would then take content for headers. Each content
 * must therefore be one line of JSON that is as long as stated. Faults: `envelope-length`, `envelope-item` (content that is no JSON:
 * attachments, replays, profiles), `envelope-incomplete`, and those of JSON.
 */
export function readEnvelope(
  { bytes, text }: BodyText,
  via: string,
  limits: BodyLimits,
): { readonly views: readonly BodyView[]; readonly faults: readonly Unreadable[] } {
  const lines = linesOf(text);
  const faults: Unreadable[] = [];
  let nodes = limits.nodes;
  const scan = (line: Line, pointer: string): JsonNode | undefined => {
    const reading = scanJson(line.text, { depth: limits.depth, nodes }, { offset: line.offset, pointer });
    nodes -= reading.nodes;
    faults.push(...reading.faults);
    return reading.root;
  };
  const first = lines[0];
  const header = first === undefined ? undefined : scan(first, "/header");
  if (header === undefined) return { views: [], faults: faults.length > 0 ? faults : [incomplete("/header")] };
  const items: JsonNode[] = [];
  for (let at = 1; at < lines.length; at += 2) {
    const pointer = `/items/${items.length}`;
    const [headerLine, content] = [lines[at], lines[at + 1]];
    if (headerLine === undefined || content === undefined) {
      faults.push(incomplete(pointer));
      break;
    }
    const itemHeader = scan(headerLine, `${pointer}/header`);
    if (itemHeader === undefined) break;
    const before = faults.length;
    const payload = scan(content, `${pointer}/payload`);
    if (payload === undefined) {
      faults.splice(before, faults.length - before, notJson(pointer, content));
      break;
    }
    if (!lengthFits(itemHeader, content.bytes)) faults.push(wrongLength(`${pointer}/header`, itemHeader));
    items.push(itemOf(itemHeader, payload));
  }
  const root = objectOf(
    [
      ["header", header],
      ["items", { kind: "array", start: items[0]?.start ?? header.end, end: items.at(-1)?.end ?? header.end, items }],
    ],
    0,
    bytes.length,
  );
  return { views: [{ kind: "json", via, bytes, root }], faults };
}

/** Lines end by LF alone; the one that may stand behind the last content is no line. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let offset = 0;
  const parts = text.split("\n");
  if (parts.at(-1) === "") parts.pop();
  for (const part of parts) {
    const bytes = Buffer.byteLength(part, "utf8");
    lines.push({ text: part, offset, bytes });
    offset += bytes + 1;
  }
  return lines;
}

/** The type stands beside the headers too: it decides which schema the content is held to. */
function itemOf(header: JsonNode, payload: JsonNode): JsonObject {
  const type = header.kind === "object" ? member(header, "type") : undefined;
  const members: (readonly [string, JsonNode])[] = [
    ["header", header],
    ["payload", payload],
  ];
  return objectOf(type === undefined ? members : [["type", type], ...members], header.start, payload.end);
}

function objectOf(members: readonly (readonly [string, JsonNode])[], start: number, end: number): JsonObject {
  const named = members.map(
    ([name, value]): JsonMember => ({ key: { kind: "string", text: name, start: value.start, end: value.start }, value }),
  );
  return { kind: "object", start, end, members: named };
}

function lengthFits(header: JsonNode, bytes: number): boolean {
  const stated = header.kind === "object" ? member(header, "length") : undefined;
  return stated === undefined || (stated.kind === "number" && Number(stated.text) === bytes);
}

function incomplete(pointer: string): Unreadable {
  return {
    reason: "body-not-readable",
    rule: "envelope-incomplete",
    pointer,
    why: "The envelope ends in the middle of an item, or holds nothing.",
  };
}

function notJson(pointer: string, content: Line): Unreadable {
  return {
    reason: "body-not-readable",
    rule: "envelope-item",
    pointer,
    range: [content.offset, content.offset + content.bytes],
    why: "The envelope holds an item whose content is no line of JSON (an attachment, a replay or a profile), so nobody can read what is in it.",
  };
}

function wrongLength(pointer: string, header: JsonNode): Unreadable {
  return {
    reason: "body-not-readable",
    rule: "envelope-length",
    pointer,
    range: [header.start, header.end],
    why: "The length that the item states is not that of its line, so another reader would find other items in the envelope.",
  };
}
