import type { CasePolicy } from "../model/policy.js";
import { readDate } from "./policy-opening.js";
import { type FaultSink, type Members, readMembers, readText } from "./tree-reader.js";

/** Reads `changed`: who set a case's switch to what it is, when and why. It changes nothing, and is shown wherever the switch is. */
export function readSwitchNote(members: Members, what: string, faults: FaultSink): CasePolicy["changed"] {
  const entry = members.get("changed");
  const inner = entry === undefined ? undefined : readMembers(entry.value, ["at", "by", "reason"], `${what}.changed`, faults);
  if (entry === undefined || inner === undefined) return undefined;
  const missing = ["at", "by", "reason"].filter((key) => !inner.has(key));
  if (missing.length > 0) {
    faults.push({ where: entry.where, what: `${what}.changed lacks ${missing.join(", ")}.`, mend: `Add ${missing.join(", ")}.` });
    return undefined;
  }
  const atTree = inner.get("at")?.value;
  const at = atTree?.kind === "scalar" && typeof atTree.value === "string" ? readDate(atTree.value) : undefined;
  if (at === undefined) {
    faults.push({
      where: atTree?.where ?? entry.where,
      what: `${what}.changed.at is no date.`,
      mend: "Write 2026-12-31 or 2026-12-31T17:00:00Z.",
    });
  }
  const byTree = inner.get("by")?.value;
  const by = byTree && readText(byTree, `${what}.changed.by`, faults);
  const reasonTree = inner.get("reason")?.value;
  const reason = reasonTree && readText(reasonTree, `${what}.changed.reason`, faults);
  return at === undefined || by === undefined || reason === undefined ? undefined : { at, by, reason };
}
