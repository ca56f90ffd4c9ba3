import { requirePermission } from "../access/guard.js";
import { readQuery } from "../api/request.js";
import { INCIDENT_QUERY, INVENTORY_QUERY } from "../api/schemas.js";
import type { ConsoleApp, ConsoleParts } from "../console-parts.js";
import { ask } from "../desk-access.js";
import { incidentsPage } from "./incidents-page.js";
import { inventoryPage } from "./inventory-page.js";
import { page } from "./layout.js";
import { overviewBody } from "./overview-page.js";
import { policyBody } from "./policy-page.js";

/** The pages that only show: overview, incidents, policy, and inventory where there is one. */
export function addDeskPages(app: ConsoleApp, parts: ConsoleParts): void {
  const { desk, inventory, health, policy, summaries, audit, clock } = parts;

  app.get("/", async (context) => {
    requirePermission(context, "transfers:read");
    const [summary, incidents, state] = await Promise.all([
      ask(() => summaries.current()),
      ask(() => desk.incidents({ open: true, limit: 5 })),
      health?.(),
    ]);
    return context.html(
      page(context, parts, {
        title: "Overview",
        section: "overview",
        body: overviewBody(summary, incidents.items, state, policy().policy),
      }),
    );
  });

  app.get("/incidents", async (context) => {
    requirePermission(context, "transfers:read");
    const { open, ...place } = readQuery(withoutEmpty(context.req.url), INCIDENT_QUERY);
    const openOnly = open !== "false";
    const found = await ask(() => desk.incidents({ ...place, open: openOnly }));
    const body = incidentsPage(found, { openOnly, later: place.cursor !== undefined });
    return context.html(page(context, parts, { title: "Incidents", section: "incidents", body }));
  });

  app.get("/policy", (context) => {
    requirePermission(context, "transfers:read");
    return context.html(page(context, parts, { title: "Policy in force", section: "policy", body: policyBody(policy(), clock.now()) }));
  });

  if (inventory === undefined) return;

  app.get("/inventory", async (context) => {
    requirePermission(context, "inventory:read");
    const { changes, ...rest } = readQuery(withoutEmpty(context.req.url), INVENTORY_QUERY);
    const changesOnly = changes === "true";
    const found = await ask(() => inventory.list({ ...rest, changes: changesOnly }));
    return context.html(
      page(context, parts, { title: "Inventory", section: "inventory", body: inventoryPage(context, found, changesOnly) }),
    );
  });

  app.post("/inventory/accept", async (context) => {
    const { name } = requirePermission(context, "inventory:write");
    audit.note({ who: name, from: context.get("client").address, what: "accepted material changes" });
    await ask(() => inventory.accept({ by: name, at: clock.now() }));
    return context.redirect("/inventory?changes=true", 303);
  });
}

/** A form sends every field, also those that nobody filled in. */
export function withoutEmpty(url: string): URLSearchParams {
  const search = new URL(url).searchParams;
  return new URLSearchParams([...search].filter(([, value]) => value.trim() !== ""));
}
