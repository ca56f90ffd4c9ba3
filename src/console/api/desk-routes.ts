import type { ConsoleApp, ConsoleParts } from "../console-parts.js";
import { requirePermission } from "../access/guard.js";
import { ask } from "../desk-access.js";
import { chooseType } from "../negotiation.js";
import { Problem } from "../problem.js";
import { REPORT_FORMATS } from "../../model/console-ports.js";
import { openApiDocument } from "./openapi.js";
import { readQuery, taggedJson } from "./request.js";
import { refuseOthers } from "./transfers.js";
import { INCIDENT_QUERY, INVENTORY_QUERY, REPORT_QUERY } from "./schemas.js";

const REPORT_TYPES = { "application/json": "json", "text/html": "html", "text/markdown": "md", "text/csv": "csv" } as const;
const REPORT_OFFERS = ["application/json", "text/html", "text/markdown", "text/csv"] as const;
const TYPE_OF_FORMAT = { json: "application/json", html: "text/html", md: "text/markdown", csv: "text/csv" } as const;

const THIRTY_DAYS_MS = 30 * 86_400_000;

/** Incidents, the description of the API, and what only stands where its port does: inventory and report. */
export function addDeskRoutes(app: ConsoleApp, parts: ConsoleParts): void {
  const { desk, inventory, report, clock } = parts;
  const document = openApiDocument({ inventory: inventory !== undefined, report: report !== undefined });

  app.get("/api/v1/openapi.json", (context) => taggedJson(context, document));

  app.get("/api/v1/incidents", async (context) => {
    requirePermission(context, "transfers:read");
    const { open, limit } = readQuery(new URL(context.req.url).searchParams, INCIDENT_QUERY);
    const items = await ask(() => desk.incidents({ open: open === "true", ...(limit === undefined ? {} : { limit }) }));
    return taggedJson(context, { items });
  });
  refuseOthers(app, "/api/v1/incidents", "GET");

  if (inventory !== undefined) {
    app.get("/api/v1/inventory", async (context) => {
      requirePermission(context, "inventory:read");
      const { changes, ...page } = readQuery(new URL(context.req.url).searchParams, INVENTORY_QUERY);
      return taggedJson(context, await ask(() => inventory.list({ ...page, changes: changes === "true" })));
    });
  }

  if (report !== undefined) {
    app.get("/api/v1/report", async (context) => {
      requirePermission(context, "report:read");
      const query = readQuery(new URL(context.req.url).searchParams, REPORT_QUERY);
      const type = chooseType(context.req.header("accept"), REPORT_OFFERS);
      const format = query.format ?? (type === undefined ? undefined : REPORT_TYPES[type]);
      if (format === undefined) throw new Problem("not-acceptable", `It comes as ${REPORT_FORMATS.join(", ")}.`);
      const until = query.until ?? clock.now();
      const text = await ask(() => report({ since: query.since ?? until - THIRTY_DAYS_MS, until, format }));
      return context.body(text, 200, { "Content-Type": `${TYPE_OF_FORMAT[format]}; charset=utf-8`, Vary: "Accept" });
    });
  }
}
