import type { JsonRecord } from "../labelled-case.js";
import type { Rng } from "../random.js";
import {
  dateNear,
  type DestinationKind,
  type Draft,
  FINGERPRINT,
  HOSTS,
  headerPlace,
  jsonStringPlace,
  keyPlace,
  memberPlace,
  place,
  SERVICES,
  textPlace,
} from "./draft.js";

export const KINDS = [
  "task_completed",
  "new_job",
  "job_launch",
  "export_generation",
  "file_complete_toggle",
  "new_label",
  "input_file_uploaded",
  "update_job",
  "task_review_start",
];
const PAGES = ["data_explorer", "file_detail", "task_detail", "label_templates", "job_list", "export_dashboard", "project_manager", "reports_dashboard", "import_dashboard", "guide_list"];

export const EVENT_HUB: DestinationKind = {
  name: "event-hub",
  places: [
    textPlace("description", undefined, [], "description"),
    textPlace("error-log", "open", ["error_log", "error"], "message"),
    memberPlace("error-log", "open", ["error_log", "info"]),
    jsonStringPlace("open", ["error_log", "error"], "payload", (key, value) => ({ [key]: value })),
    keyPlace("open", ["error_log", "warning"], true),
    memberPlace("metadata", "open", ["extra_metadata"]),
    textPlace("report-template", "open", ["report_template_data"], "name"),
    headerPlace("open", "x-request-note"),
    textPlace("error-log", "held-back", ["error_log", "exception", "cause"], "args"),
    memberPlace("error-log", "held-back", ["error_log", "error", "context", "state"]),
    jsonStringPlace("held-back", ["extra_metadata"], "raw_event", (key, value) => ({
      v: 2,
      events: [{ name: "update", data: { [key]: value } }],
    })),
    keyPlace("held-back", ["extra_metadata", "seen"], 1),
    memberPlace("metadata", "held-back", ["extra_metadata", "client", "last"]),
    textPlace("report-template", "held-back", ["report_template_data", "settings"], "title"),
    headerPlace("held-back", "x-debug-info"),
    headerPlace("held-back", "cookie", (text) => `sid=1; note=${text.replaceAll(";", ",")}`),
    {
      ...place("report-labels", undefined, "text", (draft, _key, value) => {
        (draft.json ?? {})["report_data"] = { labels: ["2026-11-20", value, "2026-11-21"], values: [3, 5, 8], count: 3 };
        return "/report_data/labels/1";
      }),
      labelsOnly: true,
    },
  ],
  draft(rng, _split, now) {
    const system = rng.chance(0.2);
    return {
      ...base(),
      system,
      template: system ? "event-hub/system" : "event-hub/user",
      json: system ? systemEvent(rng, now) : userEvent(rng, now),
    };
  },
};

function base(): Omit<Draft, "template" | "json"> {
  return {
    method: "POST",
    origin: "https://app.diffgram.com",
    path: "/api/walrus/eventhub/new",
    query: [],
    headers: [
      ["User-Agent", "python-requests/2.34.2"],
      ["Accept-Encoding", "gzip, deflate, br"],
      ["Accept", "*/*"],
      ["Connection", "keep-alive"],
      ["Content-Type", "application/json"],
    ],
    style: "python",
    lines: [],
  };
}

function userEvent(rng: Rng, now: number): JsonRecord {
  const visit = rng.chance(0.3);
  const maybe = (most: number): number | null => (rng.chance(0.5) ? rng.int(1, most) : null);
  return {
    id: rng.int(1, 900_000),
    kind: visit ? "user_visit" : rng.pick(KINDS),
    description: null,
    error_log: null,
    object_type: visit ? rng.pick(["file", "page", "task"]) : null,
    page_name: visit ? rng.pick(PAGES) : null,
    input_id: maybe(90_000),
    project_id: maybe(900),
    directory_id: null,
    action_id: null,
    workflow_id: null,
    file_id: maybe(900_000),
    task_id: maybe(90_000),
    job_id: maybe(900),
    member_id: rng.int(1, 400),
    report_template_data: null,
    report_data: rng.chance(0.1) ? { labels: ["2026-11-20", "2026-11-21"], values: [rng.int(0, 90), rng.int(0, 90)], count: 2 } : null,
    time_created: dateNear(rng, now),
    install_fingerprint: FINGERPRINT,
    diffgram_version: "1.17.5",
    host_os: rng.pick(HOSTS),
    storage_backend: rng.pick(["aws", "gcp", "azure", "minio"]),
    service_name: rng.pick(SERVICES),
    extra_metadata: null,
    event_type: "user",
  };
}

function systemEvent(rng: Rng, now: number): JsonRecord {
  const service = rng.pick(SERVICES);
  const date = dateNear(rng, now);
  return {
    id: null,
    kind: "system_startup",
    description: `Diffgram System startup for ${service} service`,
    install_fingerprint: FINGERPRINT,
    previous_version: null,
    diffgram_version: "1.17.5",
    host_os: rng.pick(HOSTS),
    storage_backend: "aws",
    service_name: service,
    startup_time: date,
    shut_down_time: null,
    created_date: date,
    event_type: "system",
  };
}
