import type { BodyLimits, BodyReading, BodyView, Unreadable } from "../model/body-view.js";
import type { JsonNode } from "../model/json.js";
import { readText, type BodyText } from "./charset.js";
import { decodeContent } from "./content-coding.js";
import { readEnvelope } from "./envelope.js";
import { failed } from "./fault.js";
import { parseForm, parseFormLines } from "./form.js";
import { scanJson } from "./json-scanner.js";
import { parseMediaType, type MediaType } from "./media-type.js";
import { readMultipart } from "./multipart.js";

/** The header values that say how a body is to be read. */
export interface BodyHead {
  /** The one Content-Type field. */
  readonly contentType: string | undefined;
  /** All Content-Encoding fields, joined by `, ` in their order. */
  readonly contentEncoding: string | undefined;
  /** Media type that policy says the body is written in, where clients state a vaguer one (Sentry's browser client says `text/plain`). */
  readonly readAs?: string | undefined;
}

/** How the text of a media type is read. */
export type BodyFormat = "json" | "ndjson" | "envelope" | "form" | "form-lines" | "multipart";

const FORMATS: Readonly<Record<string, BodyFormat>> = {
  "application/json": "json",
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "application/x-sentry-envelope": "envelope",
  "application/x-www-form-urlencoded": "form",
  "text/plain": "form-lines",
  "multipart/form-data": "multipart",
};

/**
 * Reads a captured body: content codings, then charset, then the format of its media type. Pure, bounded by `limits`, and complete: what it
 * can't read is a fault, and a body with any fault is refused (invariant 5).
 */
export function readBody(captured: Uint8Array, head: BodyHead, limits: BodyLimits): BodyReading {
  const coded = decodeContent(captured, head.contentEncoding, limits);
  if (!coded.ok) return { views: [], faults: [coded.fault], decodedBytes: 0 };
  const bytes = coded.value;
  const via = ["body", ...namesOfCodings(head.contentEncoding)].join(">");
  const stated = statedFormat(head);
  // No bytes are no JSON text (RFC 8259, section 2); under any other type they are simply nothing.
  if (bytes.length === 0 && stated?.format !== "json") return { views: [{ kind: "empty", via }], faults: [], decodedBytes: 0 };
  if (stated === undefined) {
    const { fault } = failed("body-not-readable", "media-type", "The body's media type is missing, malformed or none that can be read.");
    return { views: [], faults: [fault], decodedBytes: bytes.length };
  }
  const { type, format } = stated;
  if (format === "multipart") return { ...readMultipart(bytes, type, via, limits), decodedBytes: bytes.length };
  const text = readText(bytes, type);
  if (!text.ok) return { views: [], faults: [text.fault], decodedBytes: bytes.length };
  return { ...readFormat(format, text.value, via, limits), decodedBytes: text.value.bytes.length };
}

/** The type that the client states, and the format that it or the policy means; undefined for one that can't be read. */
function statedFormat({ contentType, readAs }: BodyHead): { readonly type: MediaType; readonly format: BodyFormat } | undefined {
  const type = contentType === undefined ? undefined : parseMediaType(contentType);
  const format = type === undefined ? undefined : formatOf(readAs === undefined ? type : { ...type, essence: readAs });
  return type === undefined || format === undefined ? undefined : { type, format };
}

/** The format of a media type, by name or by its `+json` suffix (RFC 6839, section 3.1); undefined for one that can't be read. */
export function formatOf(type: MediaType): BodyFormat | undefined {
  if (Object.hasOwn(FORMATS, type.essence)) return FORMATS[type.essence];
  return type.essence.endsWith("+json") ? "json" : undefined;
}

type Views = { readonly views: readonly BodyView[]; readonly faults: readonly Unreadable[] };

function readFormat(format: Exclude<BodyFormat, "multipart">, body: BodyText, via: string, limits: BodyLimits): Views {
  const { bytes, text } = body;
  switch (format) {
    case "json": {
      const { root, faults } = scanJson(text, limits);
      return { views: root === undefined ? [] : [{ kind: "json", via, bytes, root }], faults };
    }
    case "ndjson":
      return readLines(body, via, limits);
    case "envelope":
      return readEnvelope(body, via, limits);
    case "form":
    case "form-lines": {
      const { fields, faults } = format === "form" ? parseForm(bytes, limits) : parseFormLines(bytes, limits);
      return { views: [{ kind: "form", via, bytes, fields }], faults };
    }
  }
}

/** Newline-delimited JSON: a document a line; empty lines are passed over. A fault's pointer begins with the document's number. */
function readLines({ bytes, text }: BodyText, via: string, limits: BodyLimits): Views {
  const roots: JsonNode[] = [];
  const faults: Unreadable[] = [];
  let offset = 0;
  let documents = 0;
  let nodes = limits.nodes;
  let from = 0;
  while (from < text.length) {
    const newline = text.indexOf("\n", from);
    const line = text.slice(from, newline < 0 ? text.length : newline);
    from += line.length + 1;
    if (!/^[ \t\r]*$/.test(line)) {
      const reading = scanJson(line, { depth: limits.depth, nodes }, { offset, pointer: `/${documents}` });
      if (reading.root !== undefined) roots.push(reading.root);
      faults.push(...reading.faults);
      documents += 1;
      nodes -= reading.nodes;
      if (reading.root === undefined) break;
    }
    offset += Buffer.byteLength(line, "utf8") + 1;
  }
  return { views: [{ kind: "ndjson", via, bytes, roots }], faults };
}

function namesOfCodings(contentEncoding: string | undefined): string[] {
  if (contentEncoding === undefined) return [];
  return contentEncoding
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "identity")
    .reverse();
}
