import type { BodyHead } from "./body/read-body.js";
import { header } from "./model/exchange.js";
import { type Finding, MASK } from "./model/finding.js";
import type { Inspection } from "./model/inspection.js";
import { type Refusal, refusal } from "./model/refusal.js";
import type { TenantPins } from "./model/tenant-pins.js";
import type { Judged, PipelineParts } from "./pipeline-parts.js";

/** Reads and inspects a body under the rules that its exchange began with; a fault of the inspection's own is a refusal (invariant 5). */
export async function inspectRequest(
  { head, body, destination, route, rules }: Judged,
  { clock, logger, metrics }: Pick<PipelineParts, "clock" | "logger" | "metrics">,
): Promise<Inspection | Refusal> {
  const started = performance.now();
  try {
    return await rules.inspections.inspect({
      body,
      head: bodyHeadOf({ head, route }),
      context: {
        schema: route.schema,
        querySchema: route.querySchema,
        path: head.path,
        query: head.query,
        headers: head.headers,
        namedHeaders: destination.headers,
        now: clock.now(),
      },
    });
  } catch (error) {
    // Its message may quote the body, so only its name is told.
    logger.error("An inspection failed; the exchange is refused.", { fault: error instanceof Error ? error.name : "unknown" });
    return refusal("inspection-failed", "The inspection ended by a fault of its own.");
  } finally {
    metrics.inspectionSeconds((performance.now() - started) / 1_000);
  }
}

/** What head and policy say of how the body is to be read. */
export function bodyHeadOf({ head: { headers }, route }: Pick<Judged, "head" | "route">): BodyHead {
  return {
    contentType: header(headers, "content-type"),
    contentEncoding: header(headers, "content-encoding"),
    readAs: route.readAs,
  };
}

/** Values that name another account than this installation's (invariant 10). */
export function foreignTenant(inspection: Inspection | undefined, pins: TenantPins): Finding[] {
  return mismatchFindings(inspection, pins.mismatches(inspection?.pins ?? []));
}

/** A finding for each of these names, whose value is not the pinned one. */
export function mismatchFindings(inspection: Inspection | undefined, names: readonly string[]): Finding[] {
  const seen = inspection?.pins ?? [];
  return names.map((name) => ({
    rule: "integrity/foreign-tenant",
    pointer: `pin:${name}`,
    view: "pin",
    action: "block",
    mask: MASK,
    hmac: seen.find((pin) => pin.name === name)?.hmac ?? "",
    why: `The value of ${name} differs from the one that this installation is pinned to.`,
    reason: "foreign-tenant",
  }));
}
