/**
 * How long one inspection takes beside JSON.parse of the same bytes, on input that no run has seen before.
 * Targets (issue 4): 1 kB event at most 20 times, 1 MB at most 30 times; worst of 4 kB adversarial inputs at most 40 times their median.
 */
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readBody } from "../src/body/read-body.js";
import { findNestedViews } from "../src/body/nested-view.js";
import { compileInspector } from "../src/inspect/inspector.js";
import type { InspectionContext, SourceFile } from "../src/model/inspection.js";
import type { Limits } from "../src/model/policy.js";

const LIMITS: Limits = {
  bodyBytes: 2 << 20,
  depth: 64,
  codings: 2,
  ratio: 200,
  nodes: 500_000,
  headerBytes: 1 << 14,
  findings: 100,
  inspectionMs: 60_000,
  stringLength: 4096,
};
const hmac = (value: Uint8Array | string): string => createHmac("sha256", "bench").update(value).digest("hex");

function sources(folder: string): readonly SourceFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => ({ path: join(folder, name), text: readFileSync(join(folder, name), "utf8") }));
}

const inspector = compileInspector({
  rules: ["pii", "secret", "blob", "annotation"].flatMap((category) => sources(join("rules", category))),
  schemas: sources("rules/schemas"),
  limits: LIMITS,
  pseudonyms: { hmac, short: (value) => `{${hmac(value).slice(0, 8)}}` },
  findViews: findNestedViews,
});

const context: InspectionContext = {
  schema: "event-hub",
  querySchema: undefined,
  path: "/api/walrus/eventhub/new",
  query: undefined,
  headers: [
    ["Host", "app.diffgram.com"],
    ["User-Agent", "python-requests/2.34.2"],
    ["Accept", "*/*"],
    ["Content-Type", "application/json"],
  ],
  namedHeaders: [],
  now: Date.parse("2026-11-24T12:00:00Z"),
};

/** A small generator (mulberry32), so that every run sees the same inputs and no input comes twice. */
let state = 20261124;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}
const whole = (most: number): number => Math.floor(random() * most);
const WORDS =
  "worker queue retry input frame export timeout connection refused while reading row batch status pending size limit lock table index ready closed step".split(
    " ",
  );
const sentence = (words: number): string => Array.from({ length: words }, () => WORDS[whole(WORDS.length)] ?? "").join(" ");

function event(logBytes: number): string {
  const info: Record<string, unknown> = {};
  for (let size = 0, index = 0; size < logBytes; index += 1) {
    const line = index % 3 === 0 ? whole(1e6) : `${sentence(8)} ${whole(1e6)}`;
    info[`step_${index}`] = line;
    size += 14 + String(line).length;
  }
  return JSON.stringify({
    id: whole(1e6),
    kind: "task_completed",
    description: sentence(6),
    error_log: { info },
    project_id: whole(100),
    file_id: whole(1e5),
    member_id: whole(100),
    time_created: "2026-11-20",
    install_fingerprint: "fp_7d41c0a2",
    diffgram_version: "1.17.5",
    host_os: "Linux",
    storage_backend: "aws",
    service_name: "default_service",
    event_type: "user",
  });
}

const ALPHABETS = [
  "0123456789",
  "0123456789-. ",
  "abcdef0123456789",
  "aA@.-_",
  "+() 0123456789",
  "\\\\/:.a",
  "AZaz09+/=",
  '{}[]",:',
  "://@:",
  "éßİＡ​",
];
const adversarial = (): string => {
  const alphabet = [...(ALPHABETS[whole(ALPHABETS.length)] ?? "a")];
  return JSON.stringify({
    kind: "task_completed",
    event_type: "user",
    description: Array.from({ length: 4000 }, () => alphabet[whole(alphabet.length)]).join(""),
  });
};

function time(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1000;
}

function inspect(bytes: Uint8Array): void {
  inspector.inspect(readBody(bytes, { contentType: "application/json", contentEncoding: undefined }, LIMITS), context);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function compare(name: string, make: () => string, runs: number, target: number): void {
  const parse: number[] = [];
  const whole_: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const text = make();
    const bytes = Buffer.from(text);
    parse.push(time(() => void JSON.parse(text)));
    whole_.push(time(() => inspect(bytes)));
  }
  const ratio = median(whole_) / median(parse);
  console.log(
    `${name}: ${median(whole_).toFixed(1)} us, JSON.parse ${median(parse).toFixed(1)} us, ratio ${ratio.toFixed(1)} (target ${target}) ${ratio <= target ? "met" : "MISSED"}`,
  );
}

for (let warm = 0; warm < 2000; warm += 1) inspect(Buffer.from(event(450)));
compare("1 kB event", () => event(450), 5000, 20);
compare("1 MB event", () => event(1_000_000), 15, 30);
const count = Number(process.argv[2] ?? 2000);
const times = Array.from({ length: count }, adversarial).map((text) => time(() => inspect(Buffer.from(text))));
const worst = Math.max(...times);
console.log(
  `${count} adversarial 4 kB: median ${median(times).toFixed(0)} us, worst ${worst.toFixed(0)} us, ratio ${(worst / median(times)).toFixed(1)} (target 40) ${worst / median(times) <= 40 ? "met" : "MISSED"}`,
);
