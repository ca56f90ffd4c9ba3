import { createHash } from "node:crypto";
import type { z } from "zod";
import { REPORT_FORMATS, type ReportFormat } from "../../model/console-ports.js";
import { requirePermission } from "../access/guard.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import { ask } from "../desk-access.js";
import { chooseType } from "../negotiation.js";
import { Problem } from "../problem.js";
import { readQuery } from "./request.js";
import { REPORT_QUERY } from "./schemas.js";
import { refuseOthers } from "./transfers.js";

const FORMAT_OF_TYPE = { "application/json": "json", "text/html": "html", "text/markdown": "md", "text/csv": "csv" } as const;
const OFFERS = ["application/json", "text/html", "text/markdown", "text/csv"] as const;
const TYPE_OF_FORMAT = { json: "application/json", html: "text/html", md: "text/markdown", csv: "text/csv" } as const;

const THIRTY_DAYS_MS = 30 * 86_400_000;

/** `/api/v1/report`, where there is a report. */
export function addReportRoute(app: ConsoleApp, parts: ConsoleParts): void {
  if (parts.report === undefined) return;
  app.get("/api/v1/report", async (context) => {
    requirePermission(context, "report:read");
    const query = readQuery(new URL(context.req.url).searchParams, REPORT_QUERY);
    const type = chooseType(context.req.header("accept"), OFFERS);
    const format = query.format ?? (type === undefined ? undefined : FORMAT_OF_TYPE[type]);
    if (format === undefined) throw new Problem("not-acceptable", `It comes as ${REPORT_FORMATS.join(", ")}.`);
    return answerReport(context, parts, query, format);
  });
  refuseOthers(app, "/api/v1/report", "GET");
}

/** The report of a period, 30 days where nobody says otherwise. @throws Problem where there is no such period */
export async function answerReport(
  context: ConsoleContext,
  { report, clock }: ConsoleParts,
  query: Pick<z.output<typeof REPORT_QUERY>, "since" | "until">,
  format: ReportFormat,
): Promise<Response> {
  if (report === undefined) throw new Problem("not-found");
  const until = query.until ?? clock.now();
  const since = query.since ?? until - THIRTY_DAYS_MS;
  if (since >= until) {
    throw new Problem("invalid-request", undefined, { invalid: [{ name: "until", reason: "It is not after since." }] });
  }
  const text = await ask(() => report({ since, until, format }));
  if (format === "html") context.header("Content-Security-Policy", policyFor(text));
  return context.body(text, 200, { "Content-Type": `${TYPE_OF_FORMAT[format]}; charset=utf-8`, Vary: "Accept" });
}

/** The report carries its own style, so that it can be filed: that one style by its digest, and nothing else at all. */
function policyFor(html: string): string {
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
  const digest = createHash("sha256").update(style).digest("base64");
  return `default-src 'none'; style-src 'sha256-${digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
}
