import { reasonSentence } from "../model/reasons.js";
import type { Verdict } from "../model/verdict.js";

/** One sentence about a verdict for an analyst: what is done, and why; rules are named, values never. */
export function explainVerdict(verdict: Verdict): string {
  const rules = [...new Set(verdict.findings.map((finding) => finding.rule))].sort();
  const named = rules.length === 0 ? "" : ` (${rules.join(", ")})`;
  switch (verdict.kind) {
    case "block": {
      const why = reasonSentence(verdict.reason).replace(/\.$/, "");
      const detail = verdict.detail === undefined ? "" : `; ${verdict.detail.replace(/\.$/, "")}`;
      return `Blocked for ${verdict.caseName}: ${why}${named}${detail}.`;
    }
    case "redact":
      return `Sent for ${verdict.caseName} with the values of ${rules.join(", ")} replaced.`;
    case "allow":
      return rules.length === 0
        ? `Allowed for ${verdict.caseName}: nothing was found that does not belong there.`
        : `Let out for ${verdict.caseName} with findings on record${named}: an opening of the policy is in force.`;
  }
}
