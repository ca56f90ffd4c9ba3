import { categoryOf } from "../model/finding.js";
import type { Action, ByteRange, Finding } from "../model/finding.js";
import type { CaseName, Mode } from "../model/limited-case.js";
import { modeNow } from "../model/policy.js";
import type { CasePolicy } from "../model/policy.js";
import type { Reason } from "../model/reasons.js";
import type { Verdict } from "../model/verdict.js";

/** All that a verdict depends on. */
export interface DecisionFacts {
  readonly caseName: CaseName;
  /** Undefined for an operator's own destination: no opening and no override, so each rule's own action holds. */
  readonly casePolicy: CasePolicy | undefined;
  readonly findings: readonly Finding[];
  /** Findings past the limit: nobody knows what they are, so they can be neither redacted nor let out. */
  readonly moreFindings: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Facts in, verdict and reason out. Each finding gets the action that is in force (the case's override, else the rule's own; an opening
 * counts only until its date), and the strictest of them decides: block over redact over report.
 */
export function decide(facts: DecisionFacts): Verdict {
  const { caseName } = facts;
  const mode = facts.casePolicy === undefined ? "enforce" : modeNow(facts.casePolicy.opening, facts.now);
  const findings = facts.findings.map((finding) => {
    const action = actionInForce(finding, facts, mode);
    return action === finding.action ? finding : { ...finding, action };
  });
  if (facts.moreFindings > 0) {
    const detail = `${facts.moreFindings} more findings are past the limit, so they can be neither listed, redacted nor let out.`;
    return { kind: "block", caseName, reason: blockReason(findings), findings, detail };
  }
  if (findings.some((finding) => finding.action === "block")) {
    return { kind: "block", caseName, reason: blockReason(findings), findings };
  }
  const redactions = findings.filter((finding) => finding.action === "redact");
  if (redactions.length === 0) return { kind: "allow", caseName, findings };
  const ranges: ByteRange[] = [];
  for (const finding of redactions) {
    const range = redactableRange(finding);
    if (range !== undefined) {
      ranges.push(range);
      continue;
    }
    const detail = `${finding.rule} is to be redacted, but it stands where nothing can be replaced: ${finding.view}.`;
    return { kind: "block", caseName, reason: blockReason(findings), findings, detail };
  }
  return { kind: "redact", caseName, findings, ranges };
}

/** What is done about one finding in this case, in this mode, now. */
function actionInForce(finding: Finding, { casePolicy, now }: DecisionFacts, mode: Mode): Action {
  const category = categoryOf(finding.rule);
  // Invariant 11: no opening, override or rule lets these out; invariant 5: unreadable means blocked.
  if (category === "secret" || category === "annotation" || category === "integrity") return "block";
  if (mode === "monitor") return "report";
  const override =
    casePolicy !== undefined && Object.hasOwn(casePolicy.actions, finding.rule) ? casePolicy.actions[finding.rule] : undefined;
  if (override === undefined) return finding.action;
  if (override.action !== "report") return override.action;
  return now < override.until.getTime() ? "report" : "block";
}

/** Only values of the body can be replaced: a key, a header, a query or a path would change what is asked, so it is refused. */
function redactableRange({ range, view }: Finding): ByteRange | undefined {
  return view === "body" || view.startsWith("body>") ? range : undefined;
}

/** Why it is refused: what could not be read comes first, since beside it nothing else is known for certain. */
function blockReason(findings: readonly Finding[]): Reason {
  const integrity = findings.filter((finding) => categoryOf(finding.rule) === "integrity");
  const unreadable = integrity.find((finding) => !isForeignTenant(finding));
  if (unreadable !== undefined) return unreadable.reason ?? "body-not-readable";
  if (integrity.length > 0) return "foreign-tenant";
  // A finding that is only reported is no cause of the refusal.
  const causes = findings.filter((finding) => finding.action !== "report");
  if (causes.length > 0 && causes.every((finding) => categoryOf(finding.rule) === "schema")) return "schema-violation";
  return "unexpected-data-transfer";
}

function isForeignTenant(finding: Finding): boolean {
  return finding.rule === "integrity/foreign-tenant" || finding.reason === "foreign-tenant";
}
