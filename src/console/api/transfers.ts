import { Readable } from "node:stream";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import { requirePermission } from "../access/guard.js";
import { ask, changeStatus, findRecord } from "../desk-access.js";
import { chooseType } from "../negotiation.js";
import { noticeJson, noticeMarkdown, noticeOf } from "../notice.js";
import { Problem } from "../problem.js";
import { CSV_HEAD, csvLine } from "../transfer-csv.js";
import type { DeskFilter, DeskRecord } from "../../model/record-desk.js";
import { etagOf, listsTag, readJson, readQuery, taggedJson } from "./request.js";
import { STATUS_CHANGE, TRANSFER_QUERY } from "./schemas.js";

const LIST_TYPES = ["application/json", "application/x-ndjson", "text/csv"] as const;
const NOTICE_TYPES = ["application/json", "text/markdown"] as const;

/** `/api/v1/transfers`: list, export, one, its status, its notice. */
export function addTransferRoutes(app: ConsoleApp, parts: ConsoleParts): void {
  const { desk, clock, audit, summaries } = parts;

  app.get("/api/v1/transfers", async (context) => {
    const principal = requirePermission(context, "transfers:read");
    const filter = readQuery(new URL(context.req.url).searchParams, TRANSFER_QUERY);
    const type = chooseType(context.req.header("accept"), LIST_TYPES);
    if (type === undefined) throw new Problem("not-acceptable", `It comes as ${LIST_TYPES.join(", ")}.`);
    if (type === "application/json") return taggedJson(context, await ask(() => desk.list(filter)));
    audit.note({ who: principal.name, from: context.get("client").address, what: `exported transfers as ${type}` });
    return exported(context, type, () => desk.exportAll(exportFilter(filter)));
  });

  app.get("/api/v1/transfers/:id", async (context) => {
    requirePermission(context, "transfers:read");
    return taggedJson(context, await detail(parts, context.req.param("id")));
  });

  app.patch("/api/v1/transfers/:id", async (context) => {
    const { name } = requirePermission(context, "transfers:write");
    const { status, why } = await readJson(context, STATUS_CHANGE);
    const before = await detail(parts, context.req.param("id"));
    const wanted = context.req.header("if-match");
    if (wanted !== undefined && !listsTag(wanted, etagOf(JSON.stringify(before)))) throw new Problem("precondition-failed");
    audit.note({ who: name, from: context.get("client").address, what: `status to ${status}`, on: before.id });
    await changeStatus(desk, before.id, { status, why, by: name, at: clock.now() });
    summaries.forget();
    return taggedJson(context, await detail(parts, before.id));
  });

  app.get("/api/v1/transfers/:id/notice", async (context) => {
    requirePermission(context, "transfers:read");
    const { record } = await findRecord(desk, context.req.param("id"));
    const type = chooseType(context.req.header("accept"), NOTICE_TYPES);
    if (type === undefined) throw new Problem("not-acceptable", `It comes as ${NOTICE_TYPES.join(", ")}.`);
    const notice = noticeOf(record, clock.now());
    if (type === "application/json") return taggedJson(context, noticeJson(notice));
    return context.body(noticeMarkdown(notice), 200, { "Content-Type": "text/markdown; charset=utf-8", Vary: "Accept" });
  });
}

async function detail({ desk }: ConsoleParts, id: string) {
  const { record, history } = await findRecord(desk, id);
  return { ...record, history };
}

/** An export holds every page; its pages are as large as the store likes. */
function exportFilter(filter: DeskFilter): DeskFilter {
  return { ...filter, limit: undefined };
}

/**
 * Streams records as they are read. The first one is read before the head is sent, so that a store that is away is still a 503; a fault
 * after that cuts the connection, so that nobody takes a part for the whole.
 */
async function exported(
  context: ConsoleContext,
  type: "application/x-ndjson" | "text/csv",
  records: () => AsyncIterable<DeskRecord>,
): Promise<Response> {
  const iterator = records()[Symbol.asyncIterator]();
  const first = await ask(() => iterator.next());
  const line = (record: DeskRecord): string => (type === "text/csv" ? csvLine(record) : `${JSON.stringify(record)}\n`);
  async function* lines(): AsyncGenerator<string, void> {
    if (type === "text/csv") yield CSV_HEAD;
    for (let step = first; step.done !== true; step = await iterator.next()) yield line(step.value);
  }
  const extension = type === "text/csv" ? "csv" : "ndjson";
  context.header("Content-Disposition", `attachment; filename="transfers.${extension}"`);
  context.header("Vary", "Accept, Authorization, Cookie");
  context.header("Content-Type", type === "text/csv" ? "text/csv; charset=utf-8; header=present" : type);
  return context.body(Readable.toWeb(Readable.from(lines(), { objectMode: false })) as ReadableStream<Uint8Array>);
}
