import { z } from "zod";
import { REPORT_FORMATS } from "../../model/console-ports.js";
import { CASE_NAMES } from "../../model/limited-case.js";
import { type DeskFilter, TRANSFER_STATUSES } from "../../model/record-desk.js";

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
  transferred: z.enum(["true", "false"]).optional().meta({ description: "Whether it reached the vendor." }),
  due: z.enum(["waiting", "overdue"]).optional().meta({
    description: "Those that were reported and wait for the vendor's answer: all, or those past their date.",
  }),
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

/** What the record is asked for. @param now milliseconds since the epoch */
export function filterOf({ transferred, due, ...rest }: z.output<typeof TRANSFER_QUERY>, now: number): DeskFilter {
  return {
    ...rest,
    ...(transferred !== undefined && { transferred: transferred === "true" }),
    ...(due !== undefined && { dueBefore: due === "overdue" ? now : Number.MAX_SAFE_INTEGER }),
  };
}

export const INCIDENT_QUERY = z.strictObject({
  open: z.enum(["true", "false"]).optional().meta({ description: "`true`: only those with records that wait for someone." }),
  cursor: cursor.optional(),
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

/** A day, or a time of one; a day alone means its end, so that the vendor has it whole. */
const due = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/, "Write a date such as 2026-12-08.")
  .transform((written, context): number => {
    const time = Date.parse(written.length === 10 ? `${written}T23:59:59Z` : written);
    if (!Number.isNaN(time)) return time;
    context.issues.push({ code: "custom", message: "There is no such day.", input: written });
    return z.NEVER;
  })
  .meta({ description: "Of `reported`: until when the vendor is to answer; 14 days from now where it is left out." });

const confirmation = z
  .string()
  .trim()
  .min(1)
  .max(20_000)
  .meta({ description: "Of `deleted`: what the vendor wrote, word for word; kept in the record's chain." });

export const STATUS_CHANGE = z
  .strictObject({ status: z.enum(TRANSFER_STATUSES), why, due: due.optional(), confirmation: confirmation.optional() })
  .superRefine(({ status, due: day, confirmation: text }, context) => {
    if (day !== undefined && status !== "reported")
      context.addIssue({ code: "custom", path: ["due"], message: "It goes with the status reported." });
    if (text !== undefined && status !== "deleted")
      context.addIssue({ code: "custom", path: ["confirmation"], message: "It goes with the status deleted." });
  });

/** Why a sealed body is taken out, and why changes are accepted. */
export const TAKING = z.strictObject({ why });

export const ACCEPTING = z.strictObject({ case: z.enum(CASE_NAMES).optional() });
