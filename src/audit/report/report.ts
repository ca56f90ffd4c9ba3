import type { AuditReport } from "./audit-report.js";
import { markdownReport, plainReport } from "./plain.js";
import { sarifReport } from "./sarif.js";

export const FORMATS = ["text", "md", "json", "sarif"] as const;

export type Format = (typeof FORMATS)[number];

/** The report as text, ending with a newline. */
export function render(report: AuditReport, format: Format): string {
  switch (format) {
    case "text":
      return plainReport(report);
    case "md":
      return markdownReport(report);
    case "json":
      return `${JSON.stringify(jsonReport(report), null, 2)}\n`;
    case "sarif":
      return `${JSON.stringify(sarifReport(report), null, 2)}\n`;
  }
}

function jsonReport(report: AuditReport): object {
  const counts: Record<string, number> = {};
  for (const { kind } of report.findings) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    tool: "egress-proxy audit",
    version: report.version,
    filesRead: report.filesRead,
    counts,
    ...(report.changes === undefined ? {} : { changes: report.changes }),
    findings: report.findings,
  };
}
