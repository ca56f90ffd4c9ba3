/**
 * How long one inspection takes beside JSON.parse of the same bytes, on input that no run has seen before, and beside the same rules run in
 * other ways. Targets (issue 4): 1 kB event at most 20 times, 1 MB at most 30 times; worst of 10,000 adversarial 4 kB inputs at most 40 times
 * their median. `node dist/bench/inspect.js [adversarial inputs]`.
 *
 * Times are medians of single inspections by the wall's clock, each with its JSON.parse right before it, so that other work on the machine falls
 * on both; of the adversarial inputs the time is the process's CPU time, since one pause of the machine would be the worst input.
 */
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readBody } from "../src/body/read-body.js";
import { nothingCollected } from "../src/inspect/collector.js";
import type { Frame, Text } from "../src/inspect/collector.js";
import { walkFree } from "../src/inspect/free-walk.js";
import type { Pattern } from "../src/inspect/pattern.js";
import { loadRules } from "../src/inspect/rule-file.js";
import type { Rule } from "../src/inspect/rule-file.js";
import { looksAt } from "../src/inspect/rule-signals.js";
import { compileTextRules, runEachRule } from "../src/inspect/text-rules.js";
import type { BodyReading } from "../src/model/body-view.js";
import { findNestedViews } from "../src/body/nested-view.js";
import { compileInspector } from "../src/inspect/inspector.js";
import type { InspectionContext, SourceFile } from "../src/model/inspection.js";
import type { Limits } from "../src/model/policy.js";
import { WARM_UP } from "../src/warm-up.js";

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

const ruleFiles = ["pii", "secret", "blob", "annotation"].flatMap((category) => sources(join("rules", category)));
const rules = loadRules(ruleFiles, []);
const inspector = compileInspector({
  rules: ruleFiles,
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

/** Microseconds of CPU of this process: of a thread alone Linux tells by ticks of four milliseconds. What V8 compiles and collects meanwhile is in it. */
function cpu(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

function read(bytes: Uint8Array): BodyReading {
  return readBody(bytes, { contentType: "application/json", contentEncoding: undefined }, LIMITS);
}

function inspect(bytes: Uint8Array): void {
  inspector.inspect(read(bytes), context);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function verdict(ratio: number, target: number): string {
  return `ratio ${ratio.toFixed(1)} (target ${target}) ${ratio <= target ? "met" : "MISSED"}`;
}

function compare(name: string, make: () => string, runs: number, target: number): void {
  const parse: number[] = [];
  const whole_: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const bytes = Buffer.from(make());
    parse.push(time(() => void JSON.parse(bytes.toString())));
    whole_.push(time(() => inspect(bytes)));
  }
  console.log(
    `${name}: ${median(whole_).toFixed(1)} us, JSON.parse ${median(parse).toFixed(1)} us, ${verdict(median(whole_) / median(parse), target)}`,
  );
}

/** The same event's texts under the same rules, in each way; what all of an inspection costs beside the rules is in none but the last two. */
function sideBySide(runs: number): void {
  const natives = rules.flatMap((rule) => rule.patterns.map(({ pattern }) => ({ rule, native: nativeOf(pattern) })));
  const screened = compileTextRules(rules);
  const inTime = { passed: () => false };
  const ways: readonly (readonly [name: string, run: (bytes: Uint8Array, texts: readonly Text[]) => void])[] = [
    ["JSON.parse alone, the floor", (bytes) => void JSON.parse(Buffer.from(bytes).toString())],
    ["text rules, screened (what the product runs)", (_, texts) => void screened.run(texts, nothingCollected(), inTime)],
    ["text rules, each on each text, RE2", (_, texts) => runEachRule(rules, texts, nothingCollected())],
    ["their patterns alone, each on each text, native RegExp", (_, texts) => runNative(natives, texts)],
    ["the whole inspection", (bytes) => inspect(bytes)],
  ];
  // Each way has the events to itself: behind a slow one the floor would be that of cold caches.
  const events = Array.from({ length: runs }, () => Buffer.from(event(450)));
  const texts = events.map(textsOf);
  const times = ways.map(([, way]) => events.map((bytes, index) => time(() => way(bytes, texts[index] ?? []))));
  const floor = median(times[0] ?? []);
  console.log(`the same 1 kB events side by side, ${rules.length} rules, ${natives.length} patterns:`);
  ways.forEach(([name], index) => {
    const took = median(times[index] ?? []);
    console.log(`  ${name.padEnd(56)} ${took.toFixed(1).padStart(8)} us  ${(took / floor).toFixed(1).padStart(7)} x JSON.parse`);
  });
}

/** Every string of the body, its own keys and long numbers too: more than a schema leaves to the rules, and the same for each way. */
function textsOf(bytes: Uint8Array): readonly Text[] {
  const into = nothingCollected();
  const [view] = read(bytes).views;
  const frame: Frame = { view: "body", base: "", bytes, anchor: undefined };
  if (view?.kind === "json")
    walkFree(view.root, undefined, frame, into, { has: () => false, isRuleKey: () => false, isNumberName: () => false });
  return into.texts;
}

/** The pattern for the engine of JavaScript, which has no linear time; its spelling of flags inside a pattern is put right. */
function nativeOf({ source, ignoreCase }: Pattern): RegExp {
  return new RegExp(source.replaceAll(/\(\?-?i:/g, "(?:").replaceAll(/\\p\{(Han|Hangul)\}/g, "\\p{Script=$1}"), ignoreCase ? "giu" : "gu");
}

function runNative(natives: readonly { readonly rule: Rule; readonly native: RegExp }[], texts: readonly Text[]): void {
  for (const text of texts) {
    for (const { rule, native } of natives) {
      if (!looksAt(rule, text.kind, text.typed, text.number)) continue;
      native.lastIndex = 0;
      native.test(text.text);
    }
  }
}

/** Hostile inputs before those that are measured. */
const FIRST = 300;

// As the proxy does before it says that it is ready: name lists are read, and whatever else is made when it is first asked for.
for (const { body, head, context: of } of WARM_UP) inspector.inspect(readBody(body, head, LIMITS), of);
for (let warm = 0; warm < 3000; warm += 1) inspect(Buffer.from(event(450)));
compare("1 kB event", () => event(450), 5000, 20);
compare("1 MB event", () => event(1_000_000), 15, 30);
sideBySide(200);
const count = Number(process.argv[2] ?? 10_000);
// The first hostile texts of a process make states and compile functions that no honest one needed: told apart.
const first = Array.from({ length: FIRST }, adversarial).map((text) => cpu(() => inspect(Buffer.from(text))));
const times = Array.from({ length: count }, adversarial).map((text) => cpu(() => inspect(Buffer.from(text))));
const worst = Math.max(...times);
const held = times.filter((each) => each > 10_000).length;
console.log(
  `${count} adversarial 4 kB: median ${median(times).toFixed(0)} us, worst ${worst.toFixed(0)} us of CPU, ${verdict(worst / median(times), 40)}; over 10 ms: ${held}; worst of the ${FIRST} before: ${Math.max(...first).toFixed(0)} us`,
);
