import { randomBytes, randomUUID } from "node:crypto";

/** `keep-alive`: a tunnel each connection; `each`: a tunnel and full handshake each request; `resumed`: the same with a session resumed. */
export type Mode = "keep-alive" | "each" | "resumed";

/** One kind of load, the same for every contender. */
export interface Scenario {
  readonly name: string;
  readonly requests: number;
  readonly connections: number;
  readonly mode: Mode;
  /** `{{host}}` in it becomes the number of one of `hosts`, in turn. */
  readonly host: string;
  readonly hosts?: number;
  readonly path: string;
  readonly headers: string;
  readonly bodies: readonly string[];
  /** Requests a second over all connections; undefined: as fast as they go. */
  readonly rate?: number;
  /** Tunnels that are opened first and stay idle. */
  readonly idle?: number;
  /** Share of its requests that ours must refuse; absent: none. Any other answer would mean that something else was measured. */
  readonly refused?: number;
  /** Contenders that the scenario says something about; absent: all. */
  readonly only?: readonly string[];
}

export const EVENT_HUB = "app.diffgram.com";
export const SEGMENT = "api.segment.io";

const now = new Date();
const today = now.toISOString().slice(0, 10);

/** Each value is drawn anew, so that no cache of one run knows what the next one sends. */
/** An event of the hub, about a kilobyte; both texts are JSON. */
export function event(errorLog: string, more = "null"): string {
  return `{"id": {{n}}, "kind": "task_completed", "description": null, "error_log": ${errorLog}, "object_type": null, "page_name": null, "input_id": null, "project_id": 12, "directory_id": null, "action_id": null, "workflow_id": null, "file_id": 5{{n}}, "task_id": 9{{n}}, "job_id": 4, "member_id": 31, "report_template_data": null, "report_data": null, "time_created": "${today}", "install_fingerprint": "fp_7d41c0a2", "diffgram_version": "1.17.5", "host_os": "Linux", "storage_backend": "aws", "service_name": "default_service", "extra_metadata": ${more}, "event_type": "user"}`;
}

function segmentItem(): string {
  const time = now.toISOString();
  return `{"integrations": {}, "anonymousId": null, "properties": {"description": null, "success": true, "run_time": null, "project_id": {{n}}}, "timestamp": "${time}", "context": {"library": {"name": "analytics-python", "version": "1.2.9"}}, "userId": "17", "type": "track", "event": "task_completed", "messageId": "{{uuid}}"}`;
}

const WORDS =
  "worker queue retry export frame import action job task waits starts ends opens closes reads writes slowly again after before".split(" ");

/**
 * A log of plain words, about `bytes` long, in lines of just under 4 kB: a free field may hold 128 lines, of 4,096 characters (`x-bounds`), so this much
 * of it passes up to 490 kB.
 */
export function log(bytes: number): string {
  const lines: string[] = [];
  for (let length = 0; length < bytes; ) {
    const noise = randomBytes(580);
    // Twelve of these words in a row may well be a seed phrase, also with numbers between them; `worker` stands in no wallet's list.
    const line = Array.from(noise, (byte, at) => (at % 8 === 7 ? `worker#${byte}` : WORDS[byte % WORDS.length])).join(" ");
    lines.push(`"line_${lines.length}": "${line}"`);
    length += line.length + 16;
  }
  return `{"error": {${lines.join(", ")}}, "info": {}, "success": false}`;
}

export const clean = event("null");
export const dirty = event('{"error": {"text": "ask ines.moreau@harbour-clinic.example"}, "info": {}, "success": false}');
const hub = { host: EVENT_HUB, path: "/api/walrus/eventhub/new", headers: "" };
const segment = {
  host: SEGMENT,
  path: "/v1/batch",
  headers: `Authorization: Basic ${Buffer.from("wk_bench_2468135790:").toString("base64")}\r\n`,
};
const batch = `{"batch": [${Array.from({ length: 20 }, segmentItem).join(", ")}], "sentAt": "${now.toISOString()}"}`;
export const keepAlive = { ...hub, mode: "keep-alive", connections: 8 } as const;

export const SCENARIOS: readonly Scenario[] = [
  { ...keepAlive, name: "keep-alive", requests: 8_000, bodies: [clean] },
  { ...hub, name: "a connection an event", requests: 1_500, connections: 8, mode: "each", bodies: [clean] },
  { ...hub, name: "resumed handshakes", requests: 1_500, connections: 8, mode: "resumed", bodies: [clean] },
  { ...segment, name: "20-item Segment batches", requests: 1_000, connections: 8, mode: "keep-alive", bodies: [batch] },
  {
    ...keepAlive,
    name: "1 MB bodies",
    requests: 120,
    connections: 4,
    bodies: Array.from({ length: 10 }, () => event(log(450_000), log(450_000))),
  },
  {
    ...keepAlive,
    name: "10 % refused",
    requests: 6_000,
    bodies: [dirty, ...Array.from({ length: 9 }, () => clean)],
    refused: 0.1,
    only: ["ours"],
  },
  { ...keepAlive, name: "all refused, each durable", requests: 4_000, connections: 32, bodies: [dirty], refused: 1, only: ["ours"] },
  { ...keepAlive, name: "2,000 idle tunnels", requests: 2_000, bodies: [clean], idle: 2_000, only: ["ours", "bare undici"] },
  {
    ...keepAlive,
    name: "fixed 500/s",
    requests: 2_500,
    connections: 16,
    bodies: [clean],
    rate: 500,
    only: ["direct", "ours", "bare undici"],
  },
];

/** `{{n}}` and `{{uuid}}` made into values of this request's own. */
export function filled(body: string, number: number): string {
  const text = body.replaceAll("{{n}}", String(100_000 + number));
  return text.includes("{{uuid}}") ? text.replaceAll("{{uuid}}", () => randomUUID()) : text;
}
