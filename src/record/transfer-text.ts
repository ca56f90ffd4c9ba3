import { z } from "zod";
import { CASE_NAMES } from "../model/limited-case.js";
import { CATEGORIES } from "../model/finding.js";
import type { Finding, RuleId } from "../model/finding.js";
import { REASONS } from "../model/reasons.js";
import type { Transfer } from "../model/transfer.js";
import { canonicalJson, type Json } from "./canonical.js";

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
  // Written out rather than copied by `...`, which costs V8 several microseconds; what is undefined is left out.
  const members: Record<keyof Transfer, Json> = {
    id: transfer.id,
    at: transfer.at,
    client: transfer.client,
    entry: transfer.entry,
    caseName: transfer.caseName,
    destination: transfer.destination,
    host: transfer.host,
    port: transfer.port,
    via: transfer.via,
    method: transfer.method,
    path: transfer.path,
    verdict: transfer.verdict,
    reason: transfer.reason ?? null,
    findings: transfer.findings.map(findingJson),
    moreFindings: transfer.moreFindings,
    transferred: transfer.transferred,
    unexpected: transfer.unexpected,
    identity: transfer.identity,
    eventKind: transfer.eventKind ?? null,
    bodyBytes: transfer.bodyBytes,
    bodyHmac: transfer.bodyHmac,
    structure: transfer.structure ?? null,
    policyDigest: transfer.policyDigest,
    bundle: transfer.bundle && { ...transfer.bundle },
  };
  return canonicalJson(members);
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

function findingJson({ rule, pointer, view, range, action, mask, hmac, why, reason }: Finding): Record<keyof Finding, Json> {
  return { rule, pointer, view, range: range && [range[0], range[1]], action, mask, hmac, why, reason };
}
