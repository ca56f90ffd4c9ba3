import { requirePermission } from "../access/guard.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import { ask, findRecord } from "../desk-access.js";
import { Problem } from "../problem.js";
import { readJson, taggedJson } from "./request.js";
import { RECORD_ID, TAKING } from "./schemas.js";
import { refuseOthers } from "./transfers.js";

/** `/api/v1/transfers/{id}/evidence`: which bodies are kept sealed, and one of them. */
export function addEvidenceRoutes(app: ConsoleApp, parts: ConsoleParts): void {
  app.get("/api/v1/transfers/:id/evidence", async (context) => {
    requirePermission(context, "transfers:read");
    const { record } = await findRecord(parts.desk, context.req.param("id"));
    return taggedJson(context, { items: await ask(() => parts.desk.evidence(record.id)) });
  });
  refuseOthers(app, "/api/v1/transfers/:id/evidence", "GET");

  app.post("/api/v1/transfers/:id/evidence/:exchange", async (context) => {
    const { name } = requirePermission(context, "evidence:read");
    const { why } = await readJson(context, TAKING);
    return handOut(context, parts, { id: context.req.param("id"), exchange: context.req.param("exchange"), by: name, why });
  });
  refuseOthers(app, "/api/v1/transfers/:id/evidence/:exchange", "POST");
}

/**
 * Hands out one sealed body as an age file. Audit trail and chain say who took it and why before a byte of it goes; a file that is not the one
 * that the chain knows is refused.
 */
export async function handOut(
  context: ConsoleContext,
  { desk, clock, audit }: ConsoleParts,
  wanted: { readonly id: string; readonly exchange: string; readonly by: string; readonly why: string },
): Promise<Response> {
  const { by, why, exchange } = wanted;
  const { record } = await findRecord(desk, wanted.id);
  if (!RECORD_ID.safeParse(exchange).success) throw nothing();
  audit.note({ who: by, from: context.get("client").address, what: "took out sealed evidence", on: `${record.id} ${exchange}` });
  const body = await ask(() => desk.takeEvidence(record.id, exchange, { by, why, at: clock.now() }));
  if (body === undefined) throw nothing();
  if (!body.intact)
    throw new Problem("conflict", "The stored file is not the one that the chain knows. `egress-proxy records verify` says more.");
  context.header("Content-Disposition", `attachment; filename="${exchange}.age"`);
  return context.body(new Uint8Array(body.file), 200, { "Content-Type": "application/octet-stream" });
}

function nothing(): Problem {
  return new Problem("not-found", "No sealed body of this exchange is kept.");
}
