import type { ConsoleApp, ConsoleParts } from "../console-parts.js";
import { requirePermission } from "../access/guard.js";
import { ask } from "../desk-access.js";
import { openApiDocument } from "./openapi.js";
import { addReportRoute } from "./report-route.js";
import { readJson, readQuery, taggedJson } from "./request.js";
import { refuseOthers } from "./transfers.js";
import { ACCEPTING, INCIDENT_QUERY, INVENTORY_QUERY } from "./schemas.js";

/** Incidents, the description of the API, and what only stands where its port does: inventory and report. */
export function addDeskRoutes(app: ConsoleApp, parts: ConsoleParts): void {
  const { desk, inventory, audit, clock } = parts;
  const document = openApiDocument({
    inventory: inventory !== undefined,
    report: parts.report !== undefined,
    propose: parts.propose !== undefined,
  });

  app.get("/api/v1/openapi.json", (context) => taggedJson(context, document));

  app.get("/api/v1/incidents", async (context) => {
    requirePermission(context, "transfers:read");
    const { open, ...page } = readQuery(new URL(context.req.url).searchParams, INCIDENT_QUERY);
    return taggedJson(context, await ask(() => desk.incidents({ ...page, open: open === "true" })));
  });
  refuseOthers(app, "/api/v1/incidents", "GET");

  if (inventory !== undefined) {
    app.get("/api/v1/inventory", async (context) => {
      requirePermission(context, "inventory:read");
      const { changes, ...page } = readQuery(new URL(context.req.url).searchParams, INVENTORY_QUERY);
      return taggedJson(context, await ask(() => inventory.list({ ...page, changes: changes === "true" })));
    });
    refuseOthers(app, "/api/v1/inventory", "GET");
    app.post("/api/v1/inventory/accept", async (context) => {
      const { name } = requirePermission(context, "inventory:write");
      const wish = await readJson(context, ACCEPTING);
      audit.note({ who: name, from: context.get("client").address, what: "accepted material changes", on: wish.case });
      const accepted = await ask(() => inventory.accept({ by: name, at: clock.now(), case: wish.case }));
      return taggedJson(context, { accepted });
    });
    refuseOthers(app, "/api/v1/inventory/accept", "POST");
  }
  addReportRoute(app, parts);
}
