import { categoryOf } from "../../src/model/finding.js";
import type { Label, LabelledCase, Spot } from "./labelled-case.js";
import type { CaseOutcome } from "./wiring-contract.js";

type Found = CaseOutcome["findings"][number];

/** What one case's outcome is worth. */
export interface CaseScore {
  readonly id: string;
  readonly split: LabelledCase["split"];
  readonly destination: LabelledCase["destination"];
  readonly clean: boolean;
  readonly verdict: CaseOutcome["verdict"];
  readonly labels: readonly LabelScore[];
  /** Detector findings that no label explains, one a rule and place. */
  readonly falseAlarms: readonly FalseAlarm[];
  readonly negatives: readonly { readonly spot: Spot; readonly flagged: boolean }[];
  /** Findings at a label's place in a category that no label there has: neither catch nor false alarm, shown apart. */
  readonly beside: number;
  readonly schemaFindings: number;
  readonly integrityFindings: number;
}

export interface LabelScore {
  readonly label: Label;
  /** The rules that caught it; empty: missed. */
  readonly rules: readonly string[];
}

export interface FalseAlarm {
  readonly rule: string;
  /** The hard negative at that place, if one was planted there. */
  readonly spot: Spot | undefined;
  readonly pointer: string;
}

/** Judges detector findings only: what the schema or the reader refuses says nothing about a detector. */
export function scoreCase(labelledCase: LabelledCase, outcome: CaseOutcome): CaseScore {
  const detectors = outcome.findings.filter((finding) => !["schema", "integrity"].includes(categoryOf(finding.rule)));
  const labels = labelledCase.labels.map((label) => ({
    label,
    rules: [...new Set(detectors.filter((finding) => catches(finding, label)).map((finding) => finding.rule))],
  }));
  const unexplained = detectors.filter((finding) => !labelledCase.labels.some((label) => samePlace(finding.pointer, label)));
  const alarms = new Map<string, FalseAlarm>();
  for (const finding of unexplained) {
    const spot = labelledCase.negatives.find((negative) => samePlace(finding.pointer, negative));
    alarms.set(`${finding.rule} ${spot?.pointer ?? finding.pointer}`, { rule: finding.rule, spot, pointer: finding.pointer });
  }
  const falseAlarms = [...alarms.values()];
  return {
    id: labelledCase.id,
    split: labelledCase.split,
    destination: labelledCase.destination,
    clean: labelledCase.clean,
    verdict: outcome.verdict,
    labels,
    falseAlarms,
    negatives: labelledCase.negatives.map((spot) => ({ spot, flagged: falseAlarms.some((alarm) => alarm.spot === spot) })),
    beside:
      detectors.length -
      unexplained.length -
      detectors.filter((finding) => labelledCase.labels.some((label) => catches(finding, label))).length,
    schemaFindings: outcome.findings.filter((finding) => categoryOf(finding.rule) === "schema").length,
    integrityFindings: outcome.findings.filter((finding) => categoryOf(finding.rule) === "integrity").length,
  };
}

function catches(finding: Found, label: Label): boolean {
  const category = categoryOf(finding.rule);
  return (category === label.category || category === label.orCategory) && samePlace(finding.pointer, label);
}

/**
 * Whether a finding points at the spot: at it, into it (a member of a structure, a view within a string), or at the container that holds
 * it, but never at the whole body. Names that no schema knows stand as `{8 hex}` and match any name.
 */
export function samePlace(pointer: string, spot: Spot): boolean {
  const outside = /^(header|query):(.*)$/s.exec(spot.pointer);
  if (outside !== null) {
    const found = /^(header|query):([^/>]*)/s.exec(pointer);
    return found !== null && found[1] === outside[1] && sameName((found[2] ?? "").toLowerCase(), (outside[2] ?? "").toLowerCase());
  }
  if (spot.pointer === "path") return pointer === "path" || pointer.startsWith("path/");
  if (spot.pointer.startsWith("form:")) {
    const name = spot.pointer.slice(5);
    return (
      !/^(header:|query:|path)/.test(pointer) &&
      (pointer.endsWith(name) || /\{[0-9a-f]{8}\}$/.test(pointer) || pointer.includes(`/${name}`))
    );
  }
  if (!pointer.startsWith("/")) return false;
  const [found, wanted] = [pointer.slice(1).split("/"), spot.pointer.slice(1).split("/")];
  const depth = Math.min(found.length, wanted.length);
  // A container's finding counts from the member before the value's own, so that a finding on `/batch` explains nothing.
  if (found.length < wanted.length - 1) return false;
  for (let index = 0; index < depth; index += 1) {
    if (!sameName(found[index] ?? "", wanted[index] ?? "")) return false;
  }
  return true;
}

function sameName(found: string, wanted: string): boolean {
  return found === wanted || /^\{[0-9a-f]{8}\}$/.test(found);
}
