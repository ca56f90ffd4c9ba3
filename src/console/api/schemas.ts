import { z } from "zod";
import { REPORT_FORMATS } from "../../model/console-ports.js";
import { CASE_NAMES } from "../../model/limited-case.js";
import { REASONS } from "../../model/reasons.js";
import { TRANSFER_STATUSES } from "../../model/record-desk.js";

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** An age such as `30d`, or a date; becomes milliseconds since the epoch. */
export const moment = z
  .string()
  .max(40)
  .transform((written, context): number => {
    const age = /^(\d{1,5})([mhdw])$/.exec(written);
    if (age !== null) return Date.now() - Number(age[1]) * (UNITS[age[2] ?? ""] ?? 0);
    const time = /^\d{4}-\d\d-\d\d/.test(written) ? Date.parse(written) : Number.NaN;
    if (!Number.isNaN(time)) return time;
    context.issues.push({ code: "custom", message: "Write an age such as 30d, or a date such as 2026-11-24T08:00:00Z.", input: written });
    return z.NEVER;
  })
  .meta({ description: "An age (`30d`, `12h`, `15m`, `2w`) or an ISO 8601 date, against the last occurrence." });

const cursor = z.string().min(1).max(400).meta({ description: "`next` of the page before." });
const limit = z.coerce.number().int().min(1).max(1_000).meta({ description: "Items a page; 50 where it is not given." });

/** The filter of a list: what the API's query may hold, and the address of the pages too. */
export const TRANSFER_QUERY = z.strictObject({
  case: z.enum(CASE_NAMES).optional(),
  rule: z
    .string()
    .max(80)
    .regex(/^[a-z]+(\/[a-z0-9-]+)?$/, "Write a rule such as pii/email, or a category such as pii.")
    .optional()
    .meta({ description: "A rule (`pii/email`) or a whole category (`pii`)." }),
  status: z.enum(TRANSFER_STATUSES).optional(),
  incident: z
    .string()
    .regex(/^[\w-]{1,80}$/)
    .optional(),
  since: moment.optional(),
  until: moment.optional(),
  text: z.string().min(1).max(200).optional().meta({
    description: "Looked for in ids, destinations, hosts, paths, event kinds, clients, reasons, rules and places; in any case of letters.",
  }),
  cursor: cursor.optional(),
  limit: limit.optional(),
});

export const INCIDENT_QUERY = z.strictObject({
  open: z.enum(["true", "false"]).optional().meta({ description: "`true`: only those with records that wait for someone." }),
  limit: limit.optional(),
});

export const INVENTORY_QUERY = z.strictObject({
  changes: z.enum(["true", "false"]).optional().meta({ description: "`true`: only material changes." }),
  cursor: cursor.optional(),
  limit: limit.optional(),
});

export const REPORT_QUERY = z.strictObject({
  since: moment.optional(),
  until: moment.optional(),
  format: z.enum(REPORT_FORMATS).optional().meta({ description: "Overrides Accept." }),
});

export const RECORD_ID = z.string().regex(/^[\w-]{1,80}$/, "No record has such an id.");

export const why = z
  .string()
  .trim()
  .min(3, "Say why, in three characters at least.")
  .max(2_000)
  .meta({ description: "Why; kept with who and when. For `deleted`: how the vendor confirmed it." });

export const STATUS_CHANGE = z.strictObject({ status: z.enum(TRANSFER_STATUSES), why });

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
    method: z.string(),
    path: z.string(),
    eventKind: z.string().nullable(),
    verdict: z.enum(["allow", "redact", "block"]),
    reason: z.enum(REASONS).nullable(),
    transferred: z.boolean().meta({ description: "Whether any of it reached the vendor." }),
    unexpected: z.boolean(),
    status: z.enum(TRANSFER_STATUSES),
    occurrences: count,
    firstSeen: time,
    lastSeen: time,
    rules: z.array(z.string()).readonly(),
    findings: z.array(FINDING).readonly(),
    moreFindings: count,
    client: z.string(),
    entry: z.enum(["absolute", "connect", "transparent", "support"]),
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
  kind: z.enum(["transfer", "occurrence", "status"]),
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
    rules: z.array(z.string()).readonly(),
    records: count,
    openRecords: count,
    occurrences: count,
    transferred: count,
    firstSeen: time,
    lastSeen: time,
  })
  .meta({ id: "Incident" });

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
