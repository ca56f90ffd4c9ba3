import { z } from "zod";
import { CASE_NAMES } from "../../model/limited-case.js";
import { REASONS } from "../../model/reasons.js";
import { TRANSFER_STATUSES } from "../../model/record-desk.js";

const FINDING = z.object({
  rule: z.string(),
  pointer: z.string().meta({ description: "JSON Pointer into the body, or `header:`, `query:` and the name." }),
  view: z.string().meta({ description: "How the value was reached, as `body>json-string>base64`." }),
  range: z.tuple([z.number().int(), z.number().int()]).readonly().optional(),
  action: z.enum(["block", "redact", "report"]),
  mask: z.string(),
  hmac: z.string(),
  why: z.string(),
  reason: z.enum(REASONS).optional(),
});

const time = z.iso.datetime();
const count = z.number().int();

export const TRANSFER = z
  .object({
    id: z.string(),
    incident: z.string(),
    replica: z.string(),
    case: z.enum(CASE_NAMES),
    destination: z.string(),
    host: z.string(),
    port: count,
    via: z
      .string()
      .nullable()
      .meta({ description: "The parent proxy that resolves the host and dials it, as host:port; null where this proxy does." }),
    method: z.string(),
    path: z.string(),
    eventKind: z.string().nullable(),
    verdict: z.enum(["allow", "redact", "block"]),
    reason: z.enum(REASONS).nullable(),
    transferred: z.boolean().meta({ description: "Whether any of it reached the vendor." }),
    unexpected: z.boolean(),
    status: z.enum(TRANSFER_STATUSES),
    due: time.nullable().meta({ description: "Until when the vendor is to answer; null unless it was reported and is not closed." }),
    occurrences: count,
    firstSeen: time,
    lastSeen: time,
    rules: z.array(z.string()).readonly(),
    findings: z.array(FINDING).readonly(),
    moreFindings: count,
    client: z.string(),
    entry: z.enum(["absolute", "connect", "transparent", "support", "first-party"]),
    identity: z.string(),
    bodyBytes: count,
    bodyHmac: z.string(),
    structure: z.string().nullable().meta({ description: "The body's structure, each value replaced by type and length; JSON as text." }),
    policyDigest: z.string(),
    spooled: z.boolean(),
  })
  .meta({ id: "Transfer" });

const HISTORY = z.object({
  id: z.string(),
  kind: z.enum(["transfer", "occurrence", "status", "evidence", "access"]),
  at: time,
  replica: z.string(),
  detail: z.unknown(),
});

export const TRANSFER_DETAIL = TRANSFER.extend({ history: z.array(HISTORY).readonly() }).meta({ id: "TransferDetail" });

export const INCIDENT = z
  .object({
    id: z.string(),
    case: z.enum(CASE_NAMES),
    destination: z.string(),
    eventKind: z.string().nullable(),
    reason: z.enum(REASONS).nullable(),
    rules: z.array(z.string()).readonly(),
    records: count,
    openRecords: count,
    occurrences: count,
    transferred: count,
    firstSeen: time,
    lastSeen: time,
  })
  .meta({ id: "Incident" });

export const EVIDENCE = z.object({ exchange: z.string(), at: time, bytes: count }).meta({ id: "Evidence" });

export const EXCEPTION = z
  .object({
    diff: z.string().meta({ description: "A unified diff of the policy's files; empty where no policy can open it." }),
    notes: z.array(z.string()).readonly(),
  })
  .meta({ id: "Exception" });

export const INVENTORY_ITEM = z
  .object({
    case: z.enum(CASE_NAMES),
    destination: z.string(),
    path: z.string(),
    type: z.string(),
    lengthClass: z.string(),
    count,
    firstSeen: time,
    lastSeen: time,
    materialChange: z.boolean(),
  })
  .meta({ id: "InventoryItem" });

export const PROBLEM = z
  .object({
    type: z.string(),
    title: z.string(),
    status: count,
    code: z.string(),
    detail: z.string().optional(),
    invalid: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

/** One page of a list; `next` is absent on the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item).readonly(), next: z.string().optional() });
}
