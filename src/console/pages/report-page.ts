import { html } from "hono/html";
import { REPORT_FORMATS, type ReportFormat } from "../../model/console-ports.js";
import { requirePermission } from "../access/guard.js";
import { answerReport } from "../api/report-route.js";
import { readQuery } from "../api/request.js";
import { REPORT_QUERY } from "../api/schemas.js";
import type { ConsoleApp, ConsoleParts } from "../console-parts.js";
import { withoutEmpty } from "./desk-pages.js";
import { page } from "./layout.js";

const NAMES: Readonly<Record<ReportFormat, string>> = {
  html: "HTML, to read and print",
  md: "Markdown",
  json: "JSON, with everything",
  csv: "CSV, the transfers alone",
};

/** A period's summary for an auditor. */
export function addReportPages(app: ConsoleApp, parts: ConsoleParts): void {
  if (parts.report === undefined) return;

  app.get("/report", (context) => {
    requirePermission(context, "report:read");
    const body = html`<h1>Report</h1>
      <p class="muted">
        A period for an auditor: exchanges by case and verdict, every Unexpected Data Transfer with its state, the vendor's confirmations, what left for the first
        time, the policies in force, and whether the record's chains verify. It holds no value that a rule caught.
      </p>
      <form method="get" action="/report/made" class="card stack narrow">
        <div class="row">
          <label>Since <input name="since" value="30d" maxlength="40" required aria-describedby="times" /></label>
          <label>Until <input name="until" value="" placeholder="now" maxlength="40" aria-describedby="times" /></label>
        </div>
        <p class="muted" id="times">An age such as <code>30d</code> or <code>12h</code>, or a date such as <code>2026-11-01</code>, against the last occurrence.</p>
        <label>Form <select name="format">${REPORT_FORMATS.map((format) => html`<option value="${format}">${NAMES[format]}</option>`)}</select></label>
        <button class="primary">Make the report</button>
      </form>
      <p class="muted">Verifying walks every entry of the chains: over a million records it takes a while. At the command line: <code>egress-proxy report --since 30d --format html</code>.</p>`;
    return context.html(page(context, parts, { title: "Report", section: "report", body }));
  });

  app.get("/report/made", async (context) => {
    const { name } = requirePermission(context, "report:read");
    const { format = "html", ...period } = readQuery(withoutEmpty(context.req.url), REPORT_QUERY);
    parts.audit.note({ who: name, from: context.get("client").address, what: `made a report as ${format}` });
    // What opens in the browser is read there; the rest is a file.
    if (format !== "html") context.header("Content-Disposition", `attachment; filename="data-transfer-report.${format}"`);
    return answerReport(context, parts, period, format);
  });
}
