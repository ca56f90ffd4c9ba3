import type { ExceptionProposal } from "../../model/console-ports.js";
import { dismissalOf } from "../../model/record-desk.js";
import { requirePermission } from "../access/guard.js";
import type { ConsoleApp, ConsoleParts } from "../console-parts.js";
import { findRecord } from "../desk-access.js";
import { chooseType } from "../negotiation.js";
import { Problem } from "../problem.js";
import { taggedJson } from "./request.js";
import { refuseOthers } from "./transfers.js";

const TYPES = ["application/json", "text/x-diff"] as const;

/** `/api/v1/transfers/{id}/exception`: what would let a dismissed transfer out. */
export function addExceptionRoutes(app: ConsoleApp, parts: ConsoleParts): void {
  if (parts.propose === undefined) return;
  app.get("/api/v1/transfers/:id/exception", async (context) => {
    requirePermission(context, "transfers:read");
    const type = chooseType(context.req.header("accept"), TYPES);
    if (type === undefined) throw new Problem("not-acceptable", `It comes as ${TYPES.join(", ")}.`);
    const { proposal } = await exceptionOf(parts, context.req.param("id"));
    if (type === "application/json") return taggedJson(context, proposal);
    return context.body(proposal.diff, 200, { "Content-Type": "text/x-diff; charset=utf-8", Vary: "Accept" });
  });
  refuseOthers(app, "/api/v1/transfers/:id/exception", "GET");
}

/** The proposal for a record. @throws Problem where it is not dismissed: what was not decided is not to be let out. */
export async function exceptionOf(
  { desk, propose, clock }: ConsoleParts,
  id: string,
): Promise<{ readonly record: string; readonly proposal: ExceptionProposal }> {
  const { record, history } = await findRecord(desk, id);
  const dismissal = dismissalOf(record, history);
  if (dismissal === undefined || propose === undefined)
    throw new Problem("conflict", "An exception is proposed for a dismissed transfer only.");
  return { record: record.id, proposal: propose(record, { ...dismissal, now: clock.now() }) };
}
