import type { DeskRecord } from "../model/record-desk.js";

const COLUMNS = [
  "id",
  "incident",
  "case",
  "destination",
  "host",
  "port",
  "method",
  "path",
  "eventKind",
  "verdict",
  "reason",
  "transferred",
  "unexpected",
  "status",
  "occurrences",
  "firstSeen",
  "lastSeen",
  "rules",
  "moreFindings",
  "client",
  "replica",
  "bodyBytes",
  "bodyHmac",
  "policyDigest",
] as const satisfies readonly (keyof DeskRecord)[];

/** The first line of the export. */
export const CSV_HEAD = `${[...COLUMNS, "pointers"].join(",")}\r\n`;

/** A record as a line of CSV (RFC 4180). */
export function csvLine(record: DeskRecord): string {
  const cells = COLUMNS.map((name) => {
    const value = record[name];
    return Array.isArray(value) ? value.join(" ") : String(value ?? "");
  });
  return `${[...cells, record.findings.map((finding) => finding.pointer).join(" ")].map(cell).join(",")}\r\n`;
}

/** A cell that a spreadsheet would run as a formula starts with an apostrophe (OWASP, "CSV Injection"). */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
