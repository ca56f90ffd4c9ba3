import type { Notice } from "./notice.js";

export const EVENT_FORMATS = ["ecs", "ocsf"] as const;

export type EventFormat = (typeof EVENT_FORMATS)[number];

const PRODUCT = "diffgram-egress-proxy";

/** A notice in the words of a SIEM: Elastic Common Schema 8.11, or the Open Cybersecurity Schema Framework 1.3 (Detection Finding). */
export function eventOf(id: string, notice: Notice, format: EventFormat): Readonly<Record<string, unknown>> {
  return format === "ecs" ? ecs(id, notice) : ocsf(id, notice);
}

/** One sentence for whoever is paged. */
export function sentenceOf(notice: Notice): string {
  if (notice.kind === "checkpoint") return "The record's hash chain stood here.";
  if (notice.kind === "overdue") {
    const since = new Date(notice.due).toISOString().slice(0, 10);
    const what = notice.records === 1 ? "an Unexpected Data Transfer" : `${notice.records} Unexpected Data Transfers`;
    return `The vendor was told of ${what} to ${notice.destination} and has not answered; the answer was due ${since}.`;
  }
  const what = `Unexpected Data Transfer to ${notice.destination} (${notice.rules.join(", ") || notice.reason || "no rule"})`;
  const how = notice.transferred ? "it REACHED THE VENDOR" : notice.verdict === "redact" ? "it went out redacted" : "it was stopped";
  return `${what}: ${how}. ${notice.change === "new" ? "First of its cause." : "Its cause came back after it was closed."}`;
}

function ecs(id: string, notice: Notice) {
  const common = {
    "@timestamp": new Date(notice.at).toISOString(),
    ecs: { version: "8.11.0" },
    message: sentenceOf(notice),
    observer: { type: "proxy", product: PRODUCT, name: notice.replica },
  };
  if (notice.kind === "checkpoint") {
    return {
      ...common,
      event: { id, kind: "event", category: ["configuration"], type: ["info"], action: "record-checkpoint" },
      egress: { checkpoint: notice.line },
    };
  }
  if (notice.kind === "overdue") {
    const { incident, record, records, due, destination, transferred } = notice;
    return {
      ...common,
      event: {
        id,
        kind: "alert",
        category: ["configuration"],
        type: ["info"],
        action: "vendor-answer-overdue",
        severity: severity(notice),
      },
      rule: { name: notice.rules },
      egress: { incident, record, records, due: new Date(due).toISOString(), case: notice.case, destination, transferred },
    };
  }
  const { incident, record, change, eventKind, transferred, policy } = notice;
  return {
    ...common,
    event: {
      id,
      kind: "alert",
      category: ["network"],
      type: ["connection", notice.verdict === "block" ? "denied" : "allowed"],
      action: "unexpected-data-transfer",
      severity: severity(notice),
      ...(notice.reason !== null && { reason: notice.reason }),
    },
    rule: { name: notice.rules },
    source: { ip: addressOf(notice.client) },
    destination: { domain: notice.host, port: notice.port },
    http: { request: { method: notice.method } },
    url: { path: notice.path },
    network: { direction: "outbound" },
    egress: {
      incident,
      record,
      change,
      case: notice.case,
      destination: notice.destination,
      event_kind: eventKind,
      verdict: notice.verdict,
      transferred,
      policy,
    },
  };
}

function ocsf(id: string, notice: Notice) {
  const metadata = { version: "1.3.0", uid: id, product: { name: PRODUCT, vendor_name: PRODUCT } };
  const common = { time: notice.at, message: sentenceOf(notice), metadata, device: { hostname: notice.replica, type_id: 0 } };
  if (notice.kind === "checkpoint") {
    return {
      ...common,
      category_uid: 0,
      class_uid: 0,
      activity_id: 99,
      type_uid: 99,
      severity_id: 1,
      unmapped: { checkpoint: notice.line },
    };
  }
  if (notice.kind === "overdue") {
    const { incident, record, records, due, destination, transferred } = notice;
    return {
      ...common,
      category_uid: 2,
      class_uid: 2004,
      activity_id: 2,
      type_uid: 200_402,
      severity_id: severity(notice),
      status_id: 2,
      is_alert: true,
      finding_info: { uid: incident, title: sentenceOf(notice), types: notice.rules },
      unmapped: { record, records, due: new Date(due).toISOString(), case: notice.case, destination, transferred },
    };
  }
  const activity = notice.change === "new" ? 1 : 2;
  return {
    ...common,
    category_uid: 2,
    class_uid: 2004,
    activity_id: activity,
    type_uid: 200_400 + activity,
    severity_id: severity(notice),
    status_id: 1,
    is_alert: true,
    action_id: notice.verdict === "block" ? 2 : 1,
    finding_info: { uid: notice.incident, title: sentenceOf(notice), types: notice.rules, created_time: notice.at },
    evidences: [
      {
        src_endpoint: { ip: addressOf(notice.client) },
        dst_endpoint: { hostname: notice.host, port: notice.port },
        http_request: { http_method: notice.method, url: { hostname: notice.host, path: notice.path, port: notice.port } },
      },
    ],
    unmapped: {
      record: notice.record,
      case: notice.case,
      destination: notice.destination,
      event_kind: notice.eventKind,
      verdict: notice.verdict,
      reason: notice.reason,
      transferred: notice.transferred,
      policy: notice.policy,
    },
  };
}

/** OCSF's scale: 5 critical where it reached the vendor, 3 medium where it was stopped. */
function severity({ transferred }: Exclude<Notice, { kind: "checkpoint" }>): number {
  return transferred ? 5 : 3;
}

/** Of `10.244.1.7 as NAME, pod …`, what stands where a receiver wants an address. */
function addressOf(client: string): string {
  return /^[^ ,]*/.exec(client)?.[0] ?? client;
}
