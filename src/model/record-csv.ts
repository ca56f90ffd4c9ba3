import type { DeskRecord } from "./record-desk.js";

const COLUMNS = [
  "id",
  "incident",
  "replica",
  "case",
  "destination",
  "host",
  "port",
  "via",
  "method",
  "path",
  "eventKind",
  "verdict",
  "reason",
  "transferred",
  "unexpected",
  "status",
  "due",
  "occurrences",
  "firstSeen",
  "lastSeen",
  "rules",
  "moreFindings",
  "client",
  "bodyBytes",
  "bodyHmac",
  "policyDigest",
] as const satisfies readonly (keyof DeskRecord)[];

/** The first line, without its end. */
export const CSV_HEAD = [...COLUMNS, "pointers"].join(",");

/** A record as a line of CSV (RFC 4180), without its end. */
export function csvLine(record: DeskRecord): string {
  const cells = COLUMNS.map((name) => {
    const value = record[name];
    return Array.isArray(value) ? value.join(" ") : String(value ?? "");
  });
  return [...cells, record.findings.map((finding) => finding.pointer).join(" ")].map(cell).join(",");
}

/** A cell that a spreadsheet would run as a formula starts with an apostrophe (OWASP, "CSV Injection"). */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
