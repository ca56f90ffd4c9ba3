import { categoryOf, CATEGORIES } from "../model/finding.js";
import type { RuleId } from "../model/finding.js";
import type { Fault } from "../model/fault.js";
import type { LimitedCase } from "../model/limited-case.js";
import type { CasePolicy, Opening, RuleAction } from "../model/policy.js";
import { mendUnknown } from "./nearest-name.js";
import { readDestinations } from "./policy-destinations.js";
import type { PlacedDestination } from "./policy-destinations.js";
import { readOpeningTerms } from "./policy-opening.js";
import { readSwitchNote } from "./policy-switch.js";
import { readSupportRoutes } from "./policy-support.js";
import { readBoolean, readChoice, readMembers } from "./tree-reader.js";
import type { FaultSink, Members } from "./tree-reader.js";
import type { Tree, TreeEntry } from "./yaml-tree.js";

const CASE_KEYS = ["enabled", "changed", "mode", "until", "reason", "author", "actions", "destinations", "routes"] as const;
const ACTION_KEYS = ["action", "until", "reason", "author"] as const;

/** What the policy is checked against beside itself. */
export interface PolicyContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly schemaNames: ReadonlySet<string>;
  readonly ruleIds: ReadonlySet<string>;
}

export interface CaseReading {
  readonly casePolicy: CasePolicy;
  readonly destinations: readonly PlacedDestination[];
}

/** Reads one Limited Case, completed with what it leaves out: on, enforced, no override. */
export function readCase(
  entry: TreeEntry,
  name: LimitedCase,
  context: PolicyContext,
  faults: FaultSink,
  warnings: Fault[],
): CaseReading | undefined {
  const what = `cases.${name}`;
  const members = readMembers(entry.value, CASE_KEYS, what, faults);
  if (members === undefined) return undefined;
  const enabledTree = members.get("enabled")?.value;
  const enabled = (enabledTree === undefined ? undefined : readBoolean(enabledTree, `${what}.enabled`, faults)) ?? true;
  if (!enabled && enabledTree !== undefined) judgeSwitchedOff(name, enabledTree, faults, warnings);
  const changed = readSwitchNote(members, what, faults);
  const opening = readOpening(members, what, context.now, faults, warnings);
  const actions = readActions(members.get("actions")?.value, what, context, faults, warnings);
  const destinations = readDestinations(members.get("destinations")?.value, name, `${what}.destinations`, context.schemaNames, faults);
  const routes = members.get("routes");
  const supportRoutes = name === "support" ? readSupportRoutes(routes?.value, `${what}.routes`, context.schemaNames, faults) : undefined;
  if (routes !== undefined && name !== "support") {
    faults.push({ where: routes.where, what: `${what} has no "routes" of its own.`, mend: "Put them under one of its destinations." });
  }
  // Support is answered by this installation: it needs no destination to be in use.
  const unconfigured = enabled && name !== "support" && destinations.length === 0;
  if (unconfigured) {
    warnings.push({
      where: entry.where,
      what: `${what} is on and names no host, so nothing of it can leave.`,
      mend: "Name the vendor's host under destinations.",
    });
  }
  const state = enabled ? (unconfigured ? "unconfigured" : "on") : "limited";
  return {
    casePolicy: {
      name,
      enabled,
      state,
      opening,
      consequence: consequenceOf(name),
      ...(changed === undefined ? {} : { changed }),
      actions,
      ...(supportRoutes === undefined ? {} : { supportRoutes }),
    },
    destinations,
  };
}

/** What switching a case off means, from the vendor's own table of Limited Cases. */
export function consequenceOf(name: LimitedCase): string {
  return name === "licensing"
    ? "Licensing can't be switched off: the vendor's terms do not let a customer limit it."
    : "Switching it off voids the default SLA.";
}

function judgeSwitchedOff(name: LimitedCase, tree: Tree, faults: FaultSink, warnings: Fault[]): void {
  if (name === "licensing") {
    faults.push({
      where: tree.where,
      what: "cases.licensing can't be switched off: it is the one Limited Case that the vendor's terms do not let a customer limit.",
      mend: "Remove enabled; without destinations the case is shown as unconfigured.",
    });
  } else {
    warnings.push({
      where: tree.where,
      what: `cases.${name} is switched off: this voids the default SLA.`,
      mend: "Switch it on to keep the SLA.",
    });
  }
}

function readOpening(members: Members, what: string, now: number, faults: FaultSink, warnings: Fault[]): Opening {
  const modeTree = members.get("mode")?.value;
  const mode = modeTree === undefined ? "enforce" : readChoice(modeTree, ["enforce", "monitor"], `${what}.mode`, faults);
  if (mode === "monitor" && modeTree !== undefined) {
    const terms = readOpeningTerms(members, modeTree, `${what}: mode monitor`, now, faults, warnings);
    if (terms === undefined) return { mode: "enforce" };
    if (terms.until.getTime() > now) {
      warnings.push({
        where: modeTree.where,
        what: `${what} is monitored until ${terms.until.toISOString()}: what is found goes out and is recorded as transferred.`,
        mend: "Secrets and annotations block regardless.",
      });
    }
    return { mode: "monitor", ...terms };
  }
  for (const key of ["until", "reason", "author"] as const) {
    const stray = members.get(key);
    if (mode === "enforce" && stray !== undefined) {
      faults.push({
        where: stray.where,
        what: `${what} is enforced, so its ${key} says nothing.`,
        mend: `Remove ${key}, or write mode: monitor.`,
      });
    }
  }
  return { mode: "enforce" };
}

function readActions(
  tree: Tree | undefined,
  what: string,
  context: PolicyContext,
  faults: FaultSink,
  warnings: Fault[],
): Record<RuleId, RuleAction> {
  const actions: Record<RuleId, RuleAction> = {};
  if (tree === undefined || (tree.kind === "scalar" && tree.value === null)) return actions;
  if (tree.kind !== "map") {
    faults.push({ where: tree.where, what: `${what}.actions must be a map.`, mend: "Write pii/email: redact." });
    return actions;
  }
  for (const entry of tree.entries) {
    const rule = entry.key;
    if (!isRuleId(rule) || !context.ruleIds.has(rule)) {
      faults.push({
        where: entry.where,
        what: `${what}.actions names the rule "${rule}", which does not exist.`,
        mend: mendUnknown(rule, [...context.ruleIds].sort()),
      });
      continue;
    }
    const action = readAction(entry, `${what}.actions.${rule}`, context.now, faults, warnings);
    if (action === undefined) continue;
    const category = categoryOf(rule);
    if (action.action !== "block" && (category === "secret" || category === "annotation" || category === "integrity")) {
      warnings.push({
        where: entry.where,
        what: `${rule} blocks regardless of ${what}.actions.`,
        mend: "Remove it: no opening lets these out.",
      });
    }
    actions[rule] = action;
  }
  return actions;
}

function readAction(entry: TreeEntry, what: string, now: number, faults: FaultSink, warnings: Fault[]): RuleAction | undefined {
  if (entry.value.kind !== "map") {
    const action = readChoice(entry.value, ["block", "redact", "report"], what, faults);
    if (action !== "report") return action === undefined ? undefined : { action };
    // `report` in short form lacks its terms, and says so.
    readOpeningTerms(new Map(), entry.value, `${what}: report`, now, faults, warnings);
    return undefined;
  }
  const members = readMembers(entry.value, ACTION_KEYS, what, faults);
  const actionTree = members?.get("action")?.value;
  if (members === undefined || actionTree === undefined) {
    faults.push({ where: entry.where, what: `${what} lacks an action.`, mend: "Add action: block, redact or report." });
    return undefined;
  }
  const action = readChoice(actionTree, ["block", "redact", "report"], `${what}.action`, faults);
  if (action === undefined) return undefined;
  if (action !== "report") return { action };
  const terms = readOpeningTerms(members, actionTree, `${what}: report`, now, faults, warnings);
  return terms === undefined ? undefined : { action, ...terms };
}

function isRuleId(text: string): text is RuleId {
  return CATEGORIES.some((category) => text.startsWith(`${category}/`));
}
