import type { BodyHead } from "./body/read-body.js";
import { parsePath } from "./http/path.js";
import { parseAbsoluteForm } from "./http/target.js";
import { loadRules as compileRules } from "./inspect/rule-file.js";
import type { CaseSwitch } from "./model/case-switch.js";
import type { InspectionAnswer, InspectionRequest, PolicyInForce, RuleInForce } from "./model/console-ports.js";
import type { Fault } from "./model/fault.js";
import { FaultsError } from "./model/fault.js";
import type { Inspection, InspectionContext, SourceFile } from "./model/inspection.js";
import { isRefusal, type Refusal } from "./model/refusal.js";
import type { Verdict } from "./model/verdict.js";
import { decide } from "./verdict/decision.js";
import { matchDestination } from "./verdict/destination-match.js";
import { explainVerdict } from "./verdict/explanation.js";
import { caseOf, type PolicyIndex } from "./verdict/policy-index.js";
import { matchRoute } from "./verdict/route-match.js";

/** The rules in force, as far as the desk uses them. */
export interface DeskRules {
  readonly index: PolicyIndex;
  readonly files: { readonly rules: readonly SourceFile[] };
  readonly inspect: (job: {
    readonly body: Uint8Array;
    readonly head: BodyHead;
    readonly context: InspectionContext;
  }) => Inspection | Promise<Inspection | Refusal>;
}

const compiled = new WeakMap<object, readonly RuleInForce[]>();

/** The policy in force with its rules and their examples, for the policy page. */
export function policyInForce({ index, files }: Pick<DeskRules, "index" | "files">, switches?: readonly CaseSwitch[]): PolicyInForce {
  const rules =
    compiled.get(files) ??
    compileRules(files.rules, []).map(({ id, action, title, why, examples }) => ({ id, action, title, why, examples }));
  compiled.set(files, rules);
  return { policy: index.policy, rules, switches };
}

/**
 * What the proxy would do with a payload that someone pasted; nothing is sent or stored.
 * @throws FaultsError where the request itself can't be read
 */
export async function judgePayload(rules: DeskRules, request: InspectionRequest, now: number): Promise<InspectionAnswer> {
  const verdict = await judge(rules, request, now);
  return {
    verdict: verdict.kind,
    case: verdict.caseName,
    reason: verdict.kind === "block" ? verdict.reason : undefined,
    findings: verdict.findings,
    explanation: explainVerdict(verdict),
  };
}

async function judge({ index, inspect }: DeskRules, request: InspectionRequest, now: number): Promise<Verdict> {
  const form = parseAbsoluteForm(request.to);
  if (isRefusal(form))
    throw unusable({ where: "where to", what: form.detail, mend: "Write a URL such as https://api.segment.io/v1/batch." });
  const place = parsePath(form.originForm);
  if (isRefusal(place)) throw unusable({ where: "where to", what: place.detail, mend: "Write the path in plain characters." });
  const { policy } = index;
  const { body } = request;
  const found = matchDestination(index, form.target);
  if (!found.ok) return { kind: "block", caseName: found.caseName, reason: found.reason, findings: [] };
  const { caseName } = found.destination;
  const contentType = body.length === 0 ? undefined : request.contentType.split(";", 1)[0]?.trim().toLowerCase();
  const hasQuery = place.query !== undefined && place.query !== "";
  const routed = matchRoute(found.destination, { method: request.method, path: place.path, hasQuery, contentType });
  if (!routed.ok) return { kind: "block", caseName, reason: routed.reason, findings: [] };
  if (body.length > policy.limits.bodyBytes) return { kind: "block", caseName, reason: "body-too-large", findings: [] };
  const { schema, querySchema, readAs } = routed.route;
  const inspection = await inspect({
    body,
    head: { contentType: request.contentType, contentEncoding: undefined, readAs },
    context: { schema, querySchema, path: place.path, query: place.query, headers: [], namedHeaders: [], now },
  });
  if (isRefusal(inspection)) return { kind: "block", caseName, reason: inspection.refused, detail: inspection.detail, findings: [] };
  // Whose account it is can't be told from a body alone (invariant 10).
  const findings = inspection.findings.filter((finding) => finding.rule !== "integrity/foreign-tenant");
  return decide({ caseName, casePolicy: caseOf(policy, found.destination), findings, moreFindings: inspection.moreFindings, now });
}

function unusable(fault: Fault): FaultsError {
  return new FaultsError("It can't be judged:", [fault]);
}
