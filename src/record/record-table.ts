import type { DeskHistoryEntry, DeskIncident, DeskRecord } from "../model/record-desk.js";
import { reasonSentence } from "../model/reasons.js";
import { align } from "./text-table.js";

/** Records as a table for a terminal: one line each, newest first. */
export function recordTable(records: readonly DeskRecord[]): string {
  if (records.length === 0) return "No records match.";
  const head = ["ID", "LAST SEEN (UTC)", "TIMES", "CASE", "DESTINATION", "VERDICT", "TO VENDOR", "STATUS", "RULES"];
  const rows = records.map((record) => [
    record.id,
    shortTime(record.lastSeen),
    String(record.occurrences),
    record.case,
    record.destination,
    record.verdict,
    record.transferred ? "YES" : "no",
    record.spooled ? `${record.status}, spooled` : record.status,
    record.rules.length > 0 ? record.rules.join(" ") : (record.reason ?? ""),
  ]);
  return align([head, ...rows]);
}

/** Incidents for a terminal, each with its trend as a row of bars. */
export function incidentTable(incidents: readonly (DeskIncident & { readonly trend: readonly number[] })[]): string {
  if (incidents.length === 0) return "No incidents.";
  const head = [
    "ID",
    "LAST SEEN (UTC)",
    "OPEN",
    "RECORDS",
    "TIMES",
    "TO VENDOR",
    "14 DAYS",
    "CASE",
    "DESTINATION",
    "EVENT",
    "RULES OR REASON",
  ];
  const rows = incidents.map((one) => [
    one.id,
    shortTime(one.lastSeen),
    String(one.openRecords),
    String(one.records),
    String(one.occurrences),
    String(one.transferred),
    bars(one.trend),
    one.case,
    one.destination,
    one.eventKind ?? "",
    one.rules.join(" ") || (one.reason ?? ""),
  ]);
  return align([head, ...rows]);
}

function bars(counts: readonly number[]): string {
  const most = Math.max(...counts, 1);
  return counts.map((count) => (count === 0 ? "." : (" ▁▂▃▄▅▆▇█"[Math.ceil((count / most) * 8)] ?? ""))).join("");
}

/** One record, for reading at a terminal. */
export function recordPage(record: DeskRecord, history: readonly DeskHistoryEntry[]): string {
  const facts: [string, string][] = [
    ["Record", record.id],
    ["What happened", sentence(record)],
    ["Reason", record.reason === null ? "none: it was let out" : `${record.reason}: ${reasonSentence(record.reason)}`],
    ["Request", `${record.method} ${record.host}:${record.port}${record.path}`],
    ...(record.via === null
      ? []
      : ([["Dialled by", `the parent proxy ${record.via}, which resolves the name`]] satisfies [string, string][])),
    ...(record.host.startsWith("{")
      ? ([["Which host", "no policy names it, so records don't either; try names: egress-proxy pseudonym NAME"]] satisfies [
          string,
          string,
        ][])
      : []),
    ["Case", `${record.case}, destination ${record.destination}${record.eventKind === null ? "" : `, event ${record.eventKind}`}`],
    ["Client", record.client],
    ["Seen", `${record.occurrences} times, first ${record.firstSeen}, last ${record.lastSeen}`],
    ["Status", record.due === null ? record.status : `${record.status}; the vendor's answer is due ${shortTime(record.due)}`],
    ["Incident", record.incident],
    ["Body", `${record.bodyBytes} bytes, HMAC ${record.bodyHmac.slice(0, 16)}…`],
    ["Policy", record.policyDigest.slice(0, 16)],
  ];
  const findings = record.findings.map((finding) => [
    finding.rule,
    finding.pointer,
    finding.view,
    finding.range === undefined ? "" : `bytes ${finding.range[0]}-${finding.range[1]}`,
    finding.action,
    finding.why,
  ]);
  const more = record.moreFindings > 0 ? [`and ${record.moreFindings} more findings that were counted only`] : [];
  return [
    align(facts.map(([name, value]) => [`${name}:`, value])),
    "",
    findings.length > 0
      ? align([["RULE", "WHERE", "VIEW", "RANGE", "ACTION", "WHY"], ...findings])
      : "No findings: the request itself was refused.",
    ...more,
    "",
    "History (UTC)",
    align(history.map((entry) => [`  ${shortTime(entry.at)}`, entry.kind, detail(entry)])),
    ...(record.structure === null ? [] : ["", "Structure of the body, every value replaced by type and length:", record.structure]),
  ].join("\n");
}

function sentence(record: DeskRecord): string {
  if (record.transferred) return "It REACHED THE VENDOR: it was let out with these findings.";
  if (record.verdict === "redact") return "It went out redacted; what was found stayed here.";
  return "It was stopped here; nothing of it reached the vendor.";
}

function detail(entry: DeskHistoryEntry): string {
  const { detail: body } = entry;
  if (typeof body !== "object" || body === null) return "";
  if ("sealed" in body && "bytes" in body) return `${String(body.bytes)} bytes sealed to the operator's recipients`;
  if ("file" in body && "by" in body) return `evidence taken out by ${String(body.by)}: ${"why" in body ? String(body.why) : ""}`;
  if ("to" in body && "by" in body && "why" in body) {
    const confirmed = "confirmation" in body ? `; the vendor wrote: ${oneLine(String(body.confirmation))}` : "";
    return `to ${String(body.to)} by ${String(body.by)}: ${oneLine(String(body.why))}${confirmed}`;
  }
  return "verdict" in body && "client" in body ? `${String(body.verdict)}, from ${String(body.client)}` : "";
}

/** What people write must not make a second line, or steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

function shortTime(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}
