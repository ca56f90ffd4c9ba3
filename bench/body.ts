import { randomInt } from "node:crypto";
import { readBody } from "../src/body/read-body.js";
import { findNestedViews } from "../src/body/nested-view.js";
import { freshViewBudget } from "../src/model/nested-view.js";
import type { JsonNode } from "../src/model/json.js";

/** Prints what reading a body costs beside `TextDecoder` and `JSON.parse` of the same bytes, on inputs that were never seen before. */

const LIMITS = { bodyBytes: 4 * 1024 * 1024, depth: 64, codings: 2, ratio: 200, nodes: 200_000 };
const WORDS = "import of file failed after retry connection reset by peer while reading chunk user opened the project list".split(" ");

function event(): object {
  const words = Array.from({ length: 12 }, () => WORDS[randomInt(WORDS.length)]).join(" ");
  return {
    id: randomInt(1e9),
    kind: "user_visit",
    event_type: "user",
    description: words,
    error_log: { error: { message: words.slice(0, 40), code: randomInt(600) }, info: {}, success: false },
    page_name: "job_list",
    project_id: randomInt(1e6),
    member_id: randomInt(1e6),
    file_id: null,
    report_data: { labels: ["2026-11-20", "2026-11-21"], values: [randomInt(1e4), Math.random()], count: randomInt(1e4) },
    time_created: "2026-11-24",
    install_fingerprint: crypto.randomUUID(),
    diffgram_version: "1.17.3",
    host_os: "Linux-6.1.0-x86_64-with-glibc2.36",
    service_name: "default_service",
    extra_metadata: { request: crypto.randomUUID(), ms: Math.random() * 1000, cached: true },
  };
}

function strings(root: JsonNode): string[] {
  const texts: string[] = [];
  const pending: JsonNode[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === "string") texts.push(node.text);
    else if (node.kind === "array") pending.push(...node.items);
    else if (node.kind === "object") for (const { key, value } of node.members) pending.push(key, value);
  }
  return texts;
}

/** Median microseconds of a run over each input. */
function median(inputs: readonly Uint8Array[], run: (bytes: Uint8Array) => unknown): number {
  const times = inputs.map((bytes) => {
    const start = process.hrtime.bigint();
    run(bytes);
    return Number(process.hrtime.bigint() - start) / 1_000;
  });
  return times.sort((left, right) => left - right)[times.length >> 1] ?? 0;
}

function tree(bytes: Uint8Array): JsonNode {
  const [view] = readBody(bytes, { contentType: "application/json", contentEncoding: undefined }, LIMITS).views;
  if (view?.kind !== "json") throw new Error("The benchmark's own input was refused.");
  return view.root;
}

for (const [name, events, count] of [
  ["1 kB", 1, 5_000],
  ["1 MB", 1_150, 15],
] as const) {
  const fresh = (): Uint8Array[] =>
    Array.from({ length: count }, () => Buffer.from(JSON.stringify(events === 1 ? event() : Array.from({ length: events }, event))));
  const parse = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  const views = (bytes: Uint8Array): void => {
    const budget = freshViewBudget();
    for (const text of strings(tree(bytes))) findNestedViews(text, budget);
  };
  for (const run of [parse, tree, views]) median(fresh(), run);
  const [floor, read, searched] = [median(fresh(), parse), median(fresh(), tree), median(fresh(), views)];
  const line = (label: string, micros: number): string => `${label} ${micros.toFixed(1)} us (${(micros / floor).toFixed(1)} x)`;
  console.log(`${name}: ${line("JSON.parse", floor)}, ${line("tree", read)}, ${line("tree and nested views", searched)}`);
}
