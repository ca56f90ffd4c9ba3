import type { DeskStatusChange } from "../../model/record-desk.js";
import { formOf, requirePermission } from "../access/guard.js";
import { judged, readQuery } from "../api/request.js";
import { filterOf, RECORD_ID, STATUS_CHANGE, TRANSFER_QUERY } from "../api/schemas.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import { ask, changeStatus, findRecord } from "../desk-access.js";
import { noticeJson, noticeMarkdown, noticeOf } from "../notice.js";
import { Problem } from "../problem.js";
import { withoutEmpty } from "./desk-pages.js";
import { exportTransfers } from "../transfer-export.js";
import { page } from "./layout.js";
import { noticePage } from "./notice-page.js";
import { safeNext } from "./sign-in-page.js";
import { transferBody } from "./transfer-page.js";
import { transfersBody } from "./transfers-page.js";

/** Records that one bulk change takes. */
const BULK = 200;

/** The list of transfers, one transfer, its status and its notice. */
export function addTransferPages(app: ConsoleApp, parts: ConsoleParts): void {
  const { desk, clock } = parts;

  app.get("/transfers", async (context) => {
    const principal = requirePermission(context, "transfers:read");
    const search = withoutEmpty(context.req.url);
    const done = Number(search.get("changed") ?? Number.NaN);
    search.delete("changed");
    const filter = filterOf(readQuery(search, TRANSFER_QUERY), clock.now());
    const found = await ask(() => desk.list({ limit: 50, ...filter }));
    const body = transfersBody(context, {
      found,
      search,
      now: clock.now(),
      mayChange: principal.permissions.includes("transfers:write"),
      changed: Number.isInteger(done) && done >= 0 && done <= BULK ? done : undefined,
    });
    return context.html(page(context, parts, { title: "Transfers", section: "transfers", body }));
  });

  app.get("/transfers.csv", (context) => {
    const { name } = requirePermission(context, "transfers:read");
    const filter = filterOf(readQuery(withoutEmpty(context.req.url), TRANSFER_QUERY), clock.now());
    return exportTransfers(context, parts, { who: name, type: "text/csv", filter });
  });

  app.post("/transfers", (context) => changeMany(context, parts));

  app.get("/transfers/:id", async (context) => {
    const principal = requirePermission(context, "transfers:read");
    const { record, history } = await findRecord(desk, context.req.param("id"));
    const body = transferBody(context, {
      record,
      history,
      evidence: await ask(() => desk.evidence(record.id)),
      mayChange: principal.permissions.includes("transfers:write"),
      exceptions: parts.propose !== undefined,
      now: clock.now(),
    });
    return context.html(page(context, parts, { title: `Transfer ${record.id.slice(0, 13)}`, section: "transfers", body }));
  });

  app.post("/transfers/:id/status", async (context) => {
    const { name } = requirePermission(context, "transfers:write");
    const form = await formOf(context);
    const wish = judged(STATUS_CHANGE.safeParse(wishOf(form)));
    const { record } = await findRecord(desk, context.req.param("id"));
    if (form.get("from") !== record.status)
      throw new Problem("precondition-failed", `Someone changed it to ${record.status} meanwhile. Look again.`);
    await change(context, parts, record.id, { ...wish, by: name });
    return context.redirect(`/transfers/${encodeURIComponent(record.id)}`, 303);
  });

  app.get("/transfers/:id/notice", async (context) => {
    requirePermission(context, "transfers:read");
    const { record } = await findRecord(desk, context.req.param("id"));
    const body = noticePage(context, noticeOf(record, clock.now()));
    return context.html(page(context, parts, { title: "Notice to the vendor", section: "transfers", body }));
  });

  for (const format of ["md", "json"] as const) {
    app.get(`/transfers/:id/notice.${format}`, async (context) => {
      requirePermission(context, "transfers:read");
      const { record } = await findRecord(desk, context.req.param("id"));
      const notice = noticeOf(record, clock.now());
      const text = format === "md" ? noticeMarkdown(notice) : `${JSON.stringify(noticeJson(notice), undefined, 2)}\n`;
      context.header("Content-Disposition", `attachment; filename="notice-${record.id}.${format}"`);
      return context.body(text, 200, { "Content-Type": format === "md" ? "text/markdown; charset=utf-8" : "application/json" });
    });
  }
}

/** Changes every chosen record, and says what became of those that could not be. */
async function changeMany(context: ConsoleContext, parts: ConsoleParts): Promise<Response> {
  const { name } = requirePermission(context, "transfers:write");
  const form = await formOf(context);
  const { status, why } = judged(STATUS_CHANGE.safeParse({ status: form.get("status"), why: form.get("why") }));
  const ids = [...new Set(form.getAll("id"))].filter((id) => RECORD_ID.safeParse(id).success);
  if (ids.length === 0) throw new Problem("invalid-request", "Choose at least one transfer.");
  if (ids.length > BULK) throw new Problem("invalid-request", `Choose ${BULK} at most.`);
  const refused: string[] = [];
  for (const id of ids) {
    try {
      await change(context, parts, id, { status, why, by: name });
    } catch (error) {
      if (!(error instanceof Problem) || (error.code !== "conflict" && error.code !== "not-found")) throw error;
      refused.push(id);
    }
  }
  if (refused.length > 0) {
    throw new Problem("conflict", `${ids.length - refused.length} were changed to ${status}; ${refused.length} could not be.`, {
      invalid: refused.slice(0, 20).map((id) => ({ name: id, reason: `It can't become ${status} from where it is.` })),
    });
  }
  const back = new URL(safeNext(form.get("back")), "http://console.invalid");
  back.searchParams.set("changed", String(ids.length));
  return context.redirect(`/transfers${back.search}`, 303);
}

/** A form sends every field, also those that nobody filled in. */
function wishOf(form: URLSearchParams): Readonly<Record<string, string>> {
  const names = ["status", "why", "due", "confirmation"];
  return Object.fromEntries([...form].filter(([name, value]) => names.includes(name) && value.trim() !== ""));
}

async function change(
  context: ConsoleContext,
  { desk, clock, audit, summaries }: ConsoleParts,
  id: string,
  wanted: Omit<DeskStatusChange, "at">,
): Promise<void> {
  audit.note({ who: wanted.by, from: context.get("client").address, what: `status to ${wanted.status}`, on: id });
  await changeStatus(desk, id, { ...wanted, at: clock.now() });
  summaries.forget();
}
