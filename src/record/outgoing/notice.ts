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

export const noticeSchema = z.discriminatedUnion("kind", [incidentNotice, checkpointNotice]);

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
    rules: row.rules === "" ? [] : row.rules.split(" "),
    transferred: row.transferred === 1,
    policy: row.policy_digest,
  });
}

export function checkpointText(line: string, replica: string, at: number): string {
  return canonicalJson({ kind: "checkpoint", at, replica, line });
}
