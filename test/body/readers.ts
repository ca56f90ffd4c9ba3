import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readText } from "../../src/body/charset.js";
import { decodeContent, gunzip, inflate, unzstd } from "../../src/body/content-coding.js";
import { startsBinary } from "../../src/body/encoded-bytes.js";
import { encodedRuns } from "../../src/body/encoded-run.js";
import { mayBeDeflate } from "../../src/body/deflate-head.js";
import { resolveEntities, resolveEscapes, resolvePercent, resolveQuotedPrintable, resolveUtf7 } from "../../src/body/escaped-text.js";
import { hexDigit, parseForm, parseFormLines } from "../../src/body/form.js";
import { scanJson } from "../../src/body/json-scanner.js";
import { magicOf } from "../../src/body/magic.js";
import { parseMediaType, parseParameters, plainMediaType } from "../../src/body/media-type.js";
import { inflateNested, isCompressed } from "../../src/body/nested-compression.js";
import { findNestedViews } from "../../src/body/nested-view.js";
import { plausibleEnd, reachesEnd } from "../../src/body/plausible-text.js";
import { readBody } from "../../src/body/read-body.js";
import { areSafeFrames } from "../../src/body/zstd-frame.js";
import { packageRoot } from "../../src/config/package-root.js";

/* The functions of body/, called with values that stand in a line of JSON. */

/** Bytes as `text:` with characters below U+0100, a byte each, or as `hex:`. */
const bytes = z
  .string()
  .transform((text) => (text.startsWith("hex:") ? Buffer.from(text.slice(4), "hex") : Buffer.from(text.slice(5), "latin1")));
const optional = z
  .string()
  .nullable()
  .transform((text) => text ?? undefined);
const limits = z.object({ bodyBytes: z.number(), codings: z.number(), ratio: z.number(), depth: z.number(), nodes: z.number() });
const nodes = z.object({ nodes: z.number() });
const bound = z.object({ bytes: z.number(), passed: z.enum(["size", "ratio"]) });
const depthAndNodes = z.object({ depth: z.number(), nodes: z.number() });
const place = z.object({ offset: z.number(), pointer: z.string() });
const head = z.object({ contentType: z.string().optional(), contentEncoding: z.string().optional(), readAs: z.string().optional() });
const budget = z.object({ bytes: z.number(), views: z.number(), depth: z.number() });

function reader<Values extends unknown[]>(given: z.ZodType<Values>, read: (...values: Values) => unknown) {
  return (values: unknown): unknown => read(...given.parse(values));
}

export const READERS: Readonly<Record<string, (given: unknown) => unknown>> = {
  readText: reader(z.tuple([bytes, optional]), (body, type) => readText(body, type === undefined ? undefined : parseMediaType(type))),
  decodeContent: reader(z.tuple([bytes, optional, limits]), decodeContent),
  gunzip: reader(z.tuple([bytes, bound]), gunzip),
  inflate: reader(z.tuple([bytes, bound]), inflate),
  unzstd: reader(z.tuple([bytes, bound]), unzstd),
  areSafeFrames: reader(z.tuple([bytes]), areSafeFrames),
  encodedRuns: reader(z.tuple([z.string()]), encodedRuns),
  startsBinary: reader(z.tuple([bytes]), startsBinary),
  magicOf: reader(z.tuple([bytes]), magicOf),
  isCompressed: reader(z.tuple([bytes]), isCompressed),
  mayBeDeflate: reader(z.tuple([bytes]), mayBeDeflate),
  inflateNested: reader(z.tuple([bytes, z.number()]), inflateNested),
  plausibleEnd: reader(z.tuple([bytes, z.number(), z.number().nullable()]), (text, from, length) => {
    const end = plausibleEnd(text, from, length ?? undefined);
    return [end, reachesEnd(text, end, length ?? undefined)];
  }),
  resolveEntities: reader(z.tuple([z.string()]), resolveEntities),
  resolveEscapes: reader(z.tuple([z.string()]), resolveEscapes),
  resolvePercent: reader(z.tuple([z.string()]), resolvePercent),
  resolveQuotedPrintable: reader(z.tuple([z.string()]), resolveQuotedPrintable),
  resolveUtf7: reader(z.tuple([z.string()]), resolveUtf7),
  hexDigit: reader(z.tuple([z.number()]), hexDigit),
  parseForm: reader(z.tuple([bytes, nodes]), parseForm),
  parseFormLines: reader(z.tuple([bytes, nodes]), parseFormLines),
  scanJson: reader(z.tuple([z.string(), depthAndNodes, place]), scanJson),
  parseMediaType: reader(z.tuple([z.string()]), (field) => [parseMediaType(field), plainMediaType(field), parseParameters(field)]),
  readBody: reader(z.tuple([bytes, head, limits]), (body, said, most) =>
    readBody(body, { contentType: said.contentType, contentEncoding: said.contentEncoding, readAs: said.readAs }, most),
  ),
  findNestedViews: reader(z.tuple([z.string(), budget]), (text, spent) => ({ ...findNestedViews(text, spent), left: spent })),
};

/** What a reader gave, as JSON can say it: bytes as hex, undefined as a word, a map as its entries. */
export function asJson(value: unknown): unknown {
  if (value === undefined) return "(undefined)";
  if (value instanceof Uint8Array) return `hex:${Buffer.from(value).toString("hex")}`;
  if (value instanceof Map) return [...value].map(asJson);
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]));
}

const row = z.object({ reads: z.string(), given: z.array(z.unknown()), is: z.unknown(), holds: z.array(z.string()) });

/** The rows of edges.jsonl: a reader's name, what it is given, what it must give, and the checks that this holds. */
export function readEdges(): z.output<typeof row>[] {
  return readFileSync(join(packageRoot(), "test", "body", "edges.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => row.parse(JSON.parse(line)));
}
