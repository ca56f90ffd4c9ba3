import { z } from "zod";
import { FaultsError } from "../model/fault.js";
import { CASE_NAMES } from "../model/limited-case.js";
import { REASONS } from "../model/reasons.js";
import { TRANSFER_STATUSES, type TransferStatus } from "../model/record-desk.js";
import type { Transfer } from "../model/transfer.js";
import { sha256 } from "./canonical.js";
import { commitTransfers } from "./commit.js";
import type { Database } from "./database.js";
import { changeStatus } from "./status-change.js";
import { findingsSchema, storable } from "./transfer-text.js";

const time = z.iso.datetime().transform((text) => Date.parse(text));

/** A record as `records export --format json` or `ndjson` writes it. */
const exported = z.object({
  id: z.string().min(1).max(100),
  case: z.enum(CASE_NAMES),
  destination: z.string(),
  host: z.string(),
  port: z.int(),
  via: z.string().nullable().default(null),
  method: z.string(),
  path: z.string(),
  eventKind: z.string().nullable(),
  verdict: z.enum(["allow", "redact", "block"]),
  reason: z.enum(REASONS).nullable(),
  transferred: z.boolean(),
  unexpected: z.boolean(),
  status: z.enum(TRANSFER_STATUSES),
  due: time.nullable().default(null),
  occurrences: z.int().min(1),
  firstSeen: time,
  lastSeen: time,
  findings: findingsSchema,
  moreFindings: z.int(),
  client: z.string(),
  entry: z.enum(["absolute", "connect", "transparent", "support", "first-party"]),
  identity: z.string().min(1),
  bodyBytes: z.int(),
  bodyHmac: z.string(),
  structure: z.string().nullable(),
  policyDigest: z.string(),
});

type Exported = z.infer<typeof exported>;

const AT_ONCE = 500;

/** The way to each status, since a status can't leap. */
const WAYS: Readonly<Record<TransferStatus, readonly TransferStatus[]>> = {
  open: [],
  confirmed: ["confirmed"],
  reported: ["confirmed", "reported"],
  deleted: ["confirmed", "reported", "deleted"],
  dismissed: ["dismissed"],
};

/**
 * Brings an export into a store, as new entries of this replica's chain: the old chain's proof stays with the old store. What is there
 * already is passed over, so importing twice changes nothing.
 * @throws FaultsError that names the first record that is none
 */
export async function importRecords(
  database: Database,
  replica: string,
  text: string,
  by: { readonly by: string; readonly at: number },
): Promise<{ readonly imported: number; readonly present: number }> {
  const records = readExport(text);
  let imported = 0;
  for (let start = 0; start < records.length; start += AT_ONCE) {
    const some = new Map(records.slice(start, start + AT_ONCE).map((record) => [record.identity, record]));
    const there = await database.db
      .selectFrom("records")
      .select("identity")
      .where("identity", "in", [...some.keys()])
      .execute();
    for (const { identity } of there) some.delete(identity);
    await commitTransfers(database, replica, [...some.values()].map(transferOf), by.at);
    for (const record of some.values()) await bringStatus(database, replica, record, by);
    imported += some.size;
  }
  return { imported, present: records.length - imported };
}

async function bringStatus(
  database: Database,
  replica: string,
  record: Exported,
  { by, at }: { readonly by: string; readonly at: number },
): Promise<void> {
  for (const status of WAYS[record.status]) {
    const id = `status-${sha256(`import ${record.id} ${status}`).slice(0, 32)}`;
    await changeStatus(database, replica, record.id, id, { status, by, why: "Imported in this state.", at, due: record.due ?? undefined });
  }
}

function transferOf(record: Exported): Transfer {
  const {
    case: caseName,
    occurrences,
    firstSeen,
    lastSeen,
    reason,
    eventKind,
    structure,
    via,
    status: _status,
    due: _due,
    ...rest
  } = record;
  return storable({
    ...rest,
    ...(via === null ? {} : { via }),
    at: firstSeen,
    caseName,
    reason: reason ?? undefined,
    eventKind: eventKind ?? undefined,
    structure: structure ?? undefined,
    bundle: { count: occurrences, first: firstSeen, last: lastSeen, rules: {} },
  });
}

function readExport(text: string): readonly Exported[] {
  const lines = text.trimStart().startsWith("[") ? [text] : text.split("\n").filter((line) => line.trim() !== "");
  return lines.flatMap((line, index) => {
    const read = z.union([z.array(exported), exported]).safeParse(parsed(line));
    if (read.success) return read.data;
    throw new FaultsError("This is no export of records.", [
      {
        where: `line ${index + 1}`,
        what: "It holds something other than records.",
        mend: "Import what `egress-proxy records export --format json` or `ndjson` wrote; a CSV can't be imported.",
      },
    ]);
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
