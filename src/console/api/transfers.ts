import type { ConsoleApp, ConsoleParts } from "../console-parts.js";
import { requirePermission } from "../access/guard.js";
import { ask, changeStatus, findRecord } from "../desk-access.js";
import { chooseType } from "../negotiation.js";
import { noticeJson, noticeMarkdown, noticeOf } from "../notice.js";
import { Problem } from "../problem.js";
import { exportTransfers } from "../transfer-export.js";
import { etagOf, listsTag, readJson, readQuery, taggedJson } from "./request.js";
import { filterOf, STATUS_CHANGE, TRANSFER_QUERY } from "./schemas.js";

const LIST_TYPES = ["application/json", "application/x-ndjson", "text/csv"] as const;
const NOTICE_TYPES = ["application/json", "text/markdown"] as const;

/** `/api/v1/transfers`: list, export, one, its status, its notice. */
export function addTransferRoutes(app: ConsoleApp, parts: ConsoleParts): void {
  const { desk, clock, audit, summaries } = parts;

  app.get("/api/v1/transfers", async (context) => {
    const principal = requirePermission(context, "transfers:read");
    const filter = filterOf(readQuery(new URL(context.req.url).searchParams, TRANSFER_QUERY), clock.now());
    const type = chooseType(context.req.header("accept"), LIST_TYPES);
    if (type === undefined) throw new Problem("not-acceptable", `It comes as ${LIST_TYPES.join(", ")}.`);
    if (type === "application/json") return taggedJson(context, await ask(() => desk.list(filter)));
    return exportTransfers(context, parts, { who: principal.name, type, filter });
  });

  app.get("/api/v1/transfers/:id", async (context) => {
    requirePermission(context, "transfers:read");
    return taggedJson(context, await detail(parts, context.req.param("id")));
  });

  app.patch("/api/v1/transfers/:id", async (context) => {
    const { name } = requirePermission(context, "transfers:write");
    const wish = await readJson(context, STATUS_CHANGE);
    const before = await detail(parts, context.req.param("id"));
    const wanted = context.req.header("if-match");
    if (wanted !== undefined && !listsTag(wanted, etagOf(JSON.stringify(before)))) throw new Problem("precondition-failed");
    audit.note({ who: name, from: context.get("client").address, what: `status to ${wish.status}`, on: before.id });
    await changeStatus(desk, before.id, { ...wish, by: name, at: clock.now() });
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

  refuseOthers(app, "/api/v1/transfers", "GET");
  refuseOthers(app, "/api/v1/transfers/:id", "GET, PATCH");
  refuseOthers(app, "/api/v1/transfers/:id/notice", "GET");
}

/** Any other method on a path that exists (RFC 9110, section 15.5.6). */
export function refuseOthers(app: ConsoleApp, path: string, allow: string): void {
  app.all(path, () => {
    throw new Problem("method-not-allowed", `Here one can ${allow}.`, { headers: { Allow: allow } });
  });
}

async function detail({ desk }: ConsoleParts, id: string) {
  const { record, history } = await findRecord(desk, id);
  return { ...record, history };
}
