import { basename } from "node:path";
import type { ExceptionProposal } from "../model/console-ports.js";
import { categoryOf, type RuleId } from "../model/finding.js";
import type { SourceFile } from "../model/inspection.js";
import { LIMITED_CASES, type LimitedCase } from "../model/limited-case.js";
import type { DeskRecord } from "../model/record-desk.js";
import { editActions } from "./policy-edit.js";
import type { RulesDirectory } from "./rules-directory.js";
import { unifiedDiff } from "./unified-diff.js";
import { readYamlTree, type Tree } from "./yaml-tree.js";

const DAY_MS = 86_400_000;
/** As far ahead as an opening may be dated (invariant 11). */
const OPEN_DAYS = 30;
const MOST_REASON = 400;

/** Who dismissed the record and why; `now` in milliseconds since the epoch. */
export interface Dismissal {
  readonly author: string;
  readonly reason: string;
  readonly now: number;
}

/**
 * What would have to change in the policy for a transfer like this one to go out: a dated, reasoned and signed opening of each rule, as a
 * diff for whoever keeps the rules folder. Pure: nothing is applied, and what no policy can open is said in the notes.
 */
export function proposeException(
  files: Pick<RulesDirectory, "policy" | "overlays">,
  record: DeskRecord,
  dismissal: Dismissal,
): ExceptionProposal {
  const caseName = LIMITED_CASES.find((name) => name === record.case);
  const notes: string[] = [];
  if (record.findings.length === 0) return { diff: "", notes: [refusedRequest(record)] };
  if (caseName === undefined)
    return {
      diff: "",
      notes: [`Rules are opened by Limited Case, and this is ${record.case === "operator" ? "a destination of your own" : "none"}.`],
    };
  const openable = record.rules.filter((rule) => {
    const note = closedForGood(rule, record);
    if (note !== undefined) notes.push(note);
    return note === undefined;
  });
  const until = new Date(dismissal.now + OPEN_DAYS * DAY_MS).toISOString().slice(0, 10);
  const reason = `${dismissal.reason.slice(0, MOST_REASON)} (record ${record.id})`;
  const text = { until, reason, author: dismissal.author };
  const diffs: string[] = [];
  for (const file of [files.policy, ...files.overlays]) {
    const rules = openable.filter((rule) => fileOf(files, caseName, rule) === file);
    if (rules.length === 0) continue;
    const edits = editActions(file, caseName, rules, text);
    if (edits === undefined)
      notes.push(
        `The actions of ${caseName} in ${file.path} are written in a way that no diff is made for; open ${rules.join(", ")} by hand.`,
      );
    else diffs.push(unifiedDiff(nameIn(files, file), file.text, edits));
  }
  for (const rule of openable) notes.push(reachOf(rule, caseName, until, record));
  return { diff: diffs.join(""), notes };
}

/** Relative to the rules folder, which is where the diff is to be applied. */
function nameIn({ policy }: Pick<RulesDirectory, "policy">, file: SourceFile): string {
  return file === policy ? "policy.yaml" : `overlays/${basename(file.path)}`;
}

/** The file whose word counts: the last overlay that names the rule, else the policy. */
function fileOf({ policy, overlays }: Pick<RulesDirectory, "policy" | "overlays">, caseName: LimitedCase, rule: RuleId): SourceFile {
  return (
    [...overlays].reverse().find((overlay) => member(readYamlTree(overlay, []), ["cases", caseName, "actions", rule]) !== undefined) ??
    policy
  );
}

function member(tree: Tree | undefined, path: readonly string[]): Tree | undefined {
  let at = tree;
  for (const step of path) at = at?.kind === "map" ? at.entries.find((entry) => entry.key === step)?.value : undefined;
  return at;
}

function closedForGood(rule: RuleId, record: DeskRecord): string | undefined {
  const category = categoryOf(rule);
  if (category === "secret" || category === "annotation")
    return `${rule} blocks whatever the policy opens. If it was wrong here, narrow it in rules/${rule}.yaml and add what it took for one to the examples that must pass.`;
  if (category === "integrity")
    return `${rule} blocks whatever the policy opens: what can't be read, or is another account's, does not go out.`;
  const names = record.findings.flatMap(({ rule: found, pointer }) =>
    found === rule && rule === "schema/not-in-enum" ? (/\/(kind|page_name|object_type|usage)$/.exec(pointer)?.[1] ?? []) : [],
  );
  return names.length === 0
    ? undefined
    : `If it is a name that your own Diffgram uses, add it to values.${names[0] ?? ""} in the policy; the record does not hold it. That opens this one name, and no rule.`;
}

function reachOf(rule: RuleId, caseName: LimitedCase, until: string, record: DeskRecord): string {
  const place = record.findings.find((finding) => finding.rule === rule)?.pointer ?? "";
  return `Until ${until} this lets out whatever ${rule} finds in ${caseName}, not only at ${place === "" ? "this place" : place}; each is recorded as transferred. \`redact\` in place of \`report\` lets the event out without the value, and needs no date.`;
}

function refusedRequest({ reason }: DeskRecord): string {
  switch (reason) {
    case "destination-not-allowed":
      return "The request went to a host that no policy names, and the record does not hold it. If it is one of your own, name it under `destinations`.";
    case "case-limited":
      return "The case is switched off. Switching it on is `enabled: true` in the policy.";
    default:
      return "The request itself was refused, not what it holds: no rule can be opened for it.";
  }
}
