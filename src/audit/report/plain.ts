import type { AuditFinding, AuditKind } from "../finding.js";
import type { AuditReport } from "./audit-report.js";

/** Kinds in the order of a reader's interest, each with its heading. */
export const HEADINGS: readonly (readonly [AuditKind, string])[] = [
  ["udt-risk", "Risks of an Unexpected Data Transfer"],
  ["drift", "Drift between source and policy"],
  ["skipped", "Files that were not read"],
  ["event-field", "Fields that go to the event hub"],
  ["event-call", "Places that make an event"],
  ["segment-track", "Segment: properties of track"],
  ["segment-identify", "Segment: traits of identify"],
  ["outbound-call", "Calls that leave the installation"],
  ["internal-call", "Calls inside the installation"],
  ["tag-manager", "Tag managers and analytics in the browser"],
  ["front-end-host", "Hosts that the front end names"],
  ["page-visit", "Pages whose visits are told to the event hub"],
  ["support-route", "Routes that are open to the vendor's support"],
  ["agent", "Agents that send on their own"],
];

/** For a terminal: one line a finding, grouped, with counts at the end. */
export function plainReport(report: AuditReport): string {
  const lines: string[] = [];
  if (report.changes !== undefined) {
    lines.push(`Material changes since the baseline (${report.changes.length})`);
    for (const change of report.changes)
      lines.push(
        `  ${change.change.padEnd(8)} ${change.kind} ${visible(change.name)}  ${change.file}:${change.line}`,
        `           ${visible(change.detail)}`,
      );
    lines.push("");
  }
  for (const [kind, heading] of HEADINGS) {
    const found = of(report.findings, kind);
    if (found.length === 0) continue;
    lines.push(`${heading} (${found.length})`);
    for (const one of found) lines.push(`  ${visible(one.file)}:${one.line}  ${visible(one.name)}`, `      ${visible(one.detail)}`);
    lines.push("");
  }
  lines.push(summary(report), "");
  return lines.join("\n");
}

/** For a page: a table a kind, links on the places. */
export function markdownReport(report: AuditReport): string {
  const lines = ["# Audit of what this source sends", "", summary(report), ""];
  if (report.changes !== undefined) {
    lines.push(
      `## Material changes since the baseline (${report.changes.length})`,
      "",
      "| change | kind | name | place | what |",
      "|---|---|---|---|---|",
    );
    for (const change of report.changes)
      lines.push(
        `| ${change.change} | ${change.kind} | ${cell(change.name)} | ${cell(`${change.file}:${change.line}`)} | ${cell(change.detail)} |`,
      );
    lines.push("");
  }
  for (const [kind, heading] of HEADINGS) {
    const found = of(report.findings, kind);
    if (found.length === 0) continue;
    lines.push(`## ${heading} (${found.length})`, "", "| name | place | what |", "|---|---|---|");
    for (const one of found)
      lines.push(
        `| ${cell(one.name)} | [${cell(`${one.file}:${one.line}`)}](<${one.link.replace(/[<>\s]/g, encodeURIComponent)}>) | ${cell(one.detail)} |`,
      );
    lines.push("");
  }
  return lines.join("\n");
}

/** One sentence of counts. */
export function summary(report: AuditReport): string {
  const count = (kind: AuditKind): number => of(report.findings, kind).length;
  const changes = report.changes === undefined ? "" : ` ${report.changes.length} material changes.`;
  return `${report.filesRead} files read, ${count("skipped")} skipped. ${count("event-field")} event fields, ${count("event-call")} event calls, ${count("outbound-call")} outbound calls, ${count("support-route")} support routes. ${count("udt-risk")} UDT risks, ${count("drift")} drifts.${changes}`;
}

function of(findings: readonly AuditFinding[], kind: AuditKind): AuditFinding[] {
  return findings.filter((one) => one.kind === kind);
}

/** What a terminal would obey is shown instead: names come from a stranger's source. */
function visible(value: string): string {
  return value.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Text of a table's cell: nothing in it is markup. */
function cell(value: string): string {
  return visible(value).replace(/[\\|`*_[\]<>]/g, (char) => (char === "<" ? "&lt;" : char === ">" ? "&gt;" : `\\${char}`));
}
