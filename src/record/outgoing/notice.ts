import { z } from "zod";
import type { Transfer } from "../../model/transfer.js";
import { canonicalJson } from "../canonical.js";
import type { RecordRow } from "../schema.js";

/** What a SIEM is told. Holds nothing of a value that a rule caught: the record has none. */
const incidentNotice = z.object({
  kind: z.literal("incident"),
  change: z.enum(["new", "reopened"]),
  incident: z.string(),
  record: z.string(),
  at: z.number(),
  replica: z.string(),
  case: z.string(),
  destination: z.string(),
  host: z.string(),
  port: z.number(),
  method: z.string(),
  path: z.string(),
  eventKind: z.string().nullable(),
  client: z.string(),
  verdict: z.enum(["allow", "redact", "block"]),
  reason: z.string().nullable(),
  rules: z.array(z.string()),
  transferred: z.boolean(),
  policy: z.string(),
});

const checkpointNotice = z.object({ kind: z.literal("checkpoint"), at: z.number(), replica: z.string(), line: z.string() });

/** The vendor was told and has not answered by its date: records of one incident. */
const overdueNotice = z.object({
  kind: z.literal("overdue"),
  at: z.number(),
  replica: z.string(),
  incident: z.string(),
  /** The one that fell due first. */
  record: z.string(),
  records: z.number(),
  due: z.number(),
  case: z.string(),
  destination: z.string(),
  rules: z.array(z.string()),
  transferred: z.boolean(),
});

export const noticeSchema = z.discriminatedUnion("kind", [incidentNotice, checkpointNotice, overdueNotice]);

export type Notice = z.infer<typeof noticeSchema>;

/** The notice of an incident that is new or came back, from the record that made it so. */
export function incidentText(change: "new" | "reopened", row: RecordRow, transfer: Transfer, replica: string): string {
  return canonicalJson({
    kind: "incident",
    change,
    incident: row.incident,
    record: row.id,
    at: transfer.at,
    replica,
    case: row.case_name,
    destination: row.destination,
    host: row.host,
    port: row.port,
    method: row.method,
    path: row.path,
    eventKind: row.event_kind,
    client: row.client,
    verdict: row.verdict,
    reason: row.reason,
    rules: rulesOf(row),
    transferred: row.transferred === 1,
    policy: row.policy_digest,
  });
}

export function checkpointText(line: string, replica: string, at: number): string {
  return canonicalJson({ kind: "checkpoint", at, replica, line });
}

/** @param records of one incident, the one that fell due first at the head */
export function overdueText(records: readonly [RecordRow, ...RecordRow[]], replica: string, at: number): string {
  const [first] = records;
  return canonicalJson({
    kind: "overdue",
    at,
    replica,
    incident: first.incident,
    record: first.id,
    records: records.length,
    due: first.due_at ?? at,
    case: first.case_name,
    destination: first.destination,
    rules: rulesOf(first),
    transferred: records.some((row) => row.transferred === 1),
  });
}

function rulesOf({ rules }: RecordRow): string[] {
  return rules === "" ? [] : rules.split(" ");
}
