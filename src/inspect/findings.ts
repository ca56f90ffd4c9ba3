import { MASK } from "../model/finding.js";
import type { Action, Finding, RuleId } from "../model/finding.js";
import type { Unreadable } from "../model/body-view.js";
import type { Pseudonyms } from "../model/ports.js";
import type { Draft } from "./collector.js";
import { pointerOf } from "./place.js";
import type { KnownNames } from "./place.js";

const WEIGHT: Readonly<Record<Action, number>> = { block: 0, redact: 1, report: 2 };

/** Spells pointers, keys values, and drops a second finding of one rule at one place. */
export function makeFindings(
  drafts: readonly Draft[],
  actions: ReadonlyMap<RuleId, Action>,
  names: KnownNames,
  pseudonyms: Pseudonyms,
): readonly Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  const short = (key: string): string => pseudonyms.short(key);
  for (const draft of drafts) {
    const steps = pointerOf(draft.place, names, short);
    const pointer = draft.frame.base === "query" ? (steps === "" ? "query" : `query:${steps.slice(1)}`) : `${draft.frame.base}${steps}`;
    const same = `${draft.rule} ${pointer}`;
    if (seen.has(same)) continue;
    seen.add(same);
    findings.push({
      rule: draft.rule,
      pointer,
      view: draft.view ?? draft.frame.view,
      ...(draft.range === undefined ? {} : { range: draft.range }),
      action: actions.get(draft.rule) ?? "block",
      mask: MASK,
      hmac: pseudonyms.hmac(draft.value),
      why: draft.why,
      ...(draft.reason === undefined ? {} : { reason: draft.reason }),
    });
  }
  return findings;
}

/** What the reader could not read, as findings; a key in its pointer stands as it is only where it is known. */
export function unreadableFindings(
  faults: readonly Unreadable[],
  view: string,
  names: KnownNames,
  pseudonyms: Pseudonyms,
): readonly Finding[] {
  return faults.map((fault) => ({
    rule: `integrity/${fault.rule}` as const,
    pointer: fault.pointer
      .split("/")
      .map((step, index) => {
        const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
        return index === 0 || /^(?:0|[1-9]\d*)$/.test(step) || /^\{[0-9a-f]{8}\}$/.test(step) || names.has(name)
          ? step
          : pseudonyms.short(name);
      })
      .join("/"),
    view,
    ...(fault.range === undefined ? {} : { range: fault.range }),
    action: "block" as const,
    mask: MASK,
    hmac: pseudonyms.hmac(`${fault.rule} ${fault.pointer}`),
    why: fault.why,
    reason: fault.reason,
  }));
}

/**
 * Keeps at most `most`. The first of each rule comes before the rest, and what blocks before what is only reported, so that a flood of
 * harmless findings can't push the one that counts out of sight.
 */
export function boundFindings(findings: readonly Finding[], most: number): { readonly kept: readonly Finding[]; readonly more: number } {
  if (findings.length <= most) return { kept: findings, more: 0 };
  const rules = new Set<RuleId>();
  const ranked = findings.map((finding, index) => {
    const first = !rules.has(finding.rule);
    rules.add(finding.rule);
    return { finding, index, rank: (first ? 0 : 3) + WEIGHT[finding.action] };
  });
  ranked.sort((a, b) => a.rank - b.rank || a.index - b.index);
  return { kept: ranked.slice(0, most).map((entry) => entry.finding), more: findings.length - most };
}
