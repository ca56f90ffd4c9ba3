import { readBody } from "./body/read-body.js";
import { replaceValues } from "./forward/redaction.js";
import type { HeldAnswer } from "./gateway/diffgram-service.js";
import { isUtf8, valuesNamed } from "./gateway/held-json.js";
import type { SupportAccess, SupportAnswer } from "./gateway/support-gateway.js";
import type { ByteRange } from "./model/finding.js";
import type { Inspection } from "./model/inspection.js";
import type { SupportRoute } from "./model/policy.js";
import type { Reason } from "./model/reasons.js";
import { isRefusal } from "./model/refusal.js";
import type { RulesInForce } from "./pipeline-parts.js";
import { type SupportOutcomeParts, SupportOutcomes } from "./support-outcome.js";
import { decide } from "./verdict/decision.js";

/** Judges what Diffgram answers support with, by the same schemas and rules as everything else that leaves, and records every access. */
export class SupportAnswers {
  readonly #parts: SupportOutcomeParts;
  readonly #outcomes: SupportOutcomes;

  constructor(parts: SupportOutcomeParts) {
    this.#parts = parts;
    this.#outcomes = new SupportOutcomes(parts);
  }

  async judge(access: SupportAccess & { readonly route: SupportRoute }, held: HeldAnswer): Promise<SupportAnswer> {
    if (held.kind === "too-large") return this.refuse(access, "body-too-large");
    if (held.kind !== "answered")
      return this.#outcomes.upstreamFailed(access, held.kind === "timeout" ? "upstream-timeout" : "upstream-unreachable");
    // Pages of errors hold traces, paths and names: only that it was refused, or failed, is told.
    if (held.status >= 400 && held.status < 500)
      return this.#outcomes.allow({ access, body: undefined, inspection: undefined, findings: [] }, held.status, "allow");
    if (held.status !== 200) return this.#outcomes.upstreamFailed(access, "upstream-unreachable");
    const rules = this.#parts.rulesInForce();
    const { policy } = rules.index;
    const view = readBody(held.body, held, policy.limits).views[0];
    if (view?.kind !== "json" || !isUtf8(held.contentType))
      return this.#outcomes.refuse({ access, body: held.body, inspection: undefined, findings: [] }, "body-not-readable");
    const named = valuesNamed(view.root, new Set(access.route.redact)).map(({ start, end }) => [start, end] as const);
    const body = replaceValues(view.bytes, view.root, named);
    if (body === undefined)
      return this.#outcomes.refuse({ access, body: held.body, inspection: undefined, findings: [] }, "body-not-readable");
    const inspection = await this.#inspect(rules, access.route, body);
    if (inspection === undefined) return this.#outcomes.refuse({ access, body, inspection, findings: [] }, "inspection-failed");
    const judged = { access, body, inspection, findings: inspection.findings };
    const verdict = this.#decide(rules, inspection);
    if (verdict.kind === "block") return this.#outcomes.refuse({ ...judged, findings: verdict.findings }, verdict.reason);
    if (verdict.kind === "allow")
      return this.#outcomes.allow({ ...judged, findings: verdict.findings }, 200, named.length === 0 ? "allow" : "redact");
    const clean = await this.#redacted(rules, access.route, body, verdict.ranges);
    if (clean === undefined) return this.#outcomes.refuse({ ...judged, findings: verdict.findings }, "unexpected-data-transfer");
    return this.#outcomes.allow({ access, body: clean.body, inspection: clean.inspection, findings: verdict.findings }, 200, "redact");
  }

  refuse(access: SupportAccess, reason: Reason): Promise<SupportAnswer> {
    return this.#outcomes.refuse({ access, body: undefined, inspection: undefined, findings: [] }, reason);
  }

  async #inspect(rules: RulesInForce, route: SupportRoute, body: Buffer): Promise<Inspection | undefined> {
    const context = {
      schema: route.answer,
      querySchema: undefined,
      path: route.path,
      query: undefined,
      headers: [],
      namedHeaders: [],
      now: this.#parts.clock.now(),
    };
    try {
      const inspection = await rules.inspections.inspect({
        body,
        head: { contentType: "application/json", contentEncoding: undefined },
        context,
      });
      return isRefusal(inspection) ? undefined : inspection;
    } catch (error) {
      this.#parts.logger.error("An inspection failed; the answer is refused.", { fault: error instanceof Error ? error.name : "unknown" });
      return undefined;
    }
  }

  #decide(rules: RulesInForce, { findings, moreFindings }: Inspection): ReturnType<typeof decide> {
    return decide({
      caseName: "support",
      casePolicy: rules.index.policy.cases.support,
      findings,
      moreFindings,
      now: this.#parts.clock.now(),
    });
  }

  /** What the rules say is to be redacted, taken out and inspected again; undefined where the rest would not be clean. */
  async #redacted(rules: RulesInForce, route: SupportRoute, body: Buffer, ranges: readonly ByteRange[]) {
    const view = readBody(body, { contentType: "application/json", contentEncoding: undefined }, rules.index.policy.limits).views[0];
    if (view?.kind !== "json") return undefined;
    const replaced = replaceValues(view.bytes, view.root, ranges);
    if (replaced === undefined) return undefined;
    const inspection = await this.#inspect(rules, route, replaced);
    return inspection !== undefined && this.#decide(rules, inspection).kind === "allow" ? { body: replaced, inspection } : undefined;
  }
}
