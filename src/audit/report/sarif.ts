import { createHash } from "node:crypto";
import type { AuditKind } from "../finding.js";
import { HEADINGS } from "./plain.js";
import type { AuditReport } from "./audit-report.js";

const LEVELS: Partial<Record<AuditKind, "error" | "warning">> = { "udt-risk": "error", drift: "warning", skipped: "warning" };

/** A log of the Static Analysis Results Interchange Format 2.1.0 (OASIS Standard). Changes against a baseline are results of rule `change`. */
export function sarifReport(report: AuditReport): object {
  const rules = [
    ...HEADINGS.map(([kind, heading]) => ({
      id: kind,
      shortDescription: { text: heading },
      defaultConfiguration: { level: LEVELS[kind] ?? "note" },
    })),
    {
      id: "change",
      shortDescription: { text: "Material changes since the baseline" },
      defaultConfiguration: { level: "warning" },
    },
  ];
  const index = new Map(rules.map((rule, position) => [rule.id, position]));
  const results = report.findings.map((one) =>
    result(
      one.kind,
      index,
      LEVELS[one.kind] ?? "note",
      `${one.name}: ${one.detail}`,
      one.file,
      one.line,
      `${one.kind} ${one.name} ${one.file}`,
    ),
  );
  const changes = (report.changes ?? []).map((one) =>
    result(
      "change",
      index,
      "warning",
      `${one.change} ${one.kind} ${one.name}: ${one.detail}`,
      one.file,
      one.line,
      `change ${one.change} ${one.kind} ${one.name}`,
    ),
  );
  const notifications = report.findings
    .filter((one) => one.kind === "skipped")
    .map((one) => ({ level: "warning", message: { text: `${one.file}: ${one.detail}` }, locations: [location(one.file, one.line)] }));
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "egress-proxy audit",
            version: report.version,
            ...(report.home === undefined ? {} : { informationUri: report.home }),
            rules,
          },
        },
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: notifications }],
        columnKind: "utf16CodeUnits",
        results: [...results, ...changes],
      },
    ],
  };
}

function result(
  ruleId: string,
  index: ReadonlyMap<string, number>,
  level: string,
  text: string,
  file: string,
  line: number,
  identity: string,
): object {
  return {
    ruleId,
    ruleIndex: index.get(ruleId) ?? -1,
    level,
    message: { text },
    locations: [location(file, line)],
    partialFingerprints: { "finding/v1": createHash("sha256").update(identity).digest("hex") },
  };
}

function location(file: string, line: number): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
      region: { startLine: Math.max(1, line) },
    },
  };
}
