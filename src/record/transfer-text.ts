import { z } from "zod";
import { CASE_NAMES } from "../model/limited-case.js";
import { CATEGORIES } from "../model/finding.js";
import type { Finding, RuleId } from "../model/finding.js";
import { REASONS } from "../model/reasons.js";
import type { Transfer } from "../model/transfer.js";
import { canonicalJson } from "./canonical.js";

/** Bytes of structure that are kept of one transfer; a longer one is dropped whole, never cut. */
const MAX_STRUCTURE = 65_536;

const ruleId = z.custom<RuleId>((value) => typeof value === "string" && CATEGORIES.some((category) => value.startsWith(`${category}/`)));
const optional = <Type extends z.ZodType>(type: Type) => type.nullable().transform((value) => value ?? undefined);
const count = z.number().int();

const findingSchema = z.object({
  rule: ruleId,
  pointer: z.string(),
  view: z.string(),
  range: z.tuple([count, count]).exactOptional(),
  action: z.enum(["block", "redact", "report"]),
  mask: z.string(),
  hmac: z.string(),
  why: z.string(),
  reason: z.enum(REASONS).exactOptional(),
});

export const findingsSchema = z.array(findingSchema);

/** How many exchanges an entry stands for. */
export const bundleSchema = z.object({ count: count.min(1), first: count, last: count, rules: z.record(z.string(), count) });

const transferSchema = z.object({
  id: z.string().min(1),
  at: count,
  client: z.string(),
  entry: z.enum(["absolute", "connect", "transparent", "support", "first-party"]),
  caseName: z.enum(CASE_NAMES),
  destination: z.string(),
  host: z.string(),
  port: count,
  via: z.string().exactOptional(),
  method: z.string(),
  path: z.string(),
  verdict: z.enum(["allow", "redact", "block"]),
  reason: optional(z.enum(REASONS)),
  findings: findingsSchema,
  moreFindings: count,
  transferred: z.boolean(),
  unexpected: z.boolean(),
  identity: z.string().min(1),
  eventKind: optional(z.string()),
  bodyBytes: count,
  bodyHmac: z.string(),
  structure: optional(z.string()),
  policyDigest: z.string(),
  bundle: bundleSchema.exactOptional(),
});

/** A transfer as canonical JSON: the body of its entry, and what the spool holds. */
export function transferText(transfer: Transfer): string {
  const { reason, eventKind, structure, findings, bundle, via, ...rest } = transfer;
  return canonicalJson({
    ...rest,
    ...(via === undefined ? {} : { via }),
    ...(bundle && { bundle: { ...bundle } }),
    reason: reason ?? null,
    eventKind: eventKind ?? null,
    structure: structure ?? null,
    findings: findings.map(findingJson),
  });
}

/** Reads what `transferText` wrote. Throws where the text is anything else. */
export function parseTransfer(text: string): Transfer {
  return transferSchema.parse(JSON.parse(text));
}

export function findingsText(findings: readonly Finding[]): string {
  return canonicalJson(findings.map(findingJson));
}

export function parseFindings(text: string): readonly Finding[] {
  return findingsSchema.parse(JSON.parse(text));
}

/**
 * Makes a transfer that any store can hold: PostgreSQL takes no NUL in a text and neither store a lone surrogate, and one such entry
 * would else stop the drain of all behind it.
 */
export function storable(transfer: Transfer): Transfer {
  const structure = transfer.structure;
  return {
    ...transfer,
    at: Math.trunc(transfer.at),
    client: clean(transfer.client),
    destination: clean(transfer.destination),
    host: clean(transfer.host),
    method: clean(transfer.method),
    path: clean(transfer.path),
    eventKind: transfer.eventKind === undefined ? undefined : clean(transfer.eventKind),
    findings: transfer.findings.map((finding) => ({
      ...finding,
      pointer: clean(finding.pointer),
      view: clean(finding.view),
      why: clean(finding.why),
    })),
    structure: structure === undefined || Buffer.byteLength(structure) > MAX_STRUCTURE ? undefined : clean(structure),
  };
}

function clean(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, "\uFFFD");
}

function findingJson({ range, reason, ...rest }: Finding) {
  return { ...rest, ...(range && { range: [range[0], range[1]] }), ...(reason && { reason }) };
}
