/**
 * Writes the figures of docs/operations/sizing.md from what a benchmark measured, so that no sum on that page is done by hand:
 *
 *   BENCH_WITH=ours BENCH_OUT=docs/performance npm run bench -- load     measures, and writes docs/performance.json
 *   node scripts/sizing.mjs --rest 250                                   takes that file; MiB resident at rest, as `npm run image:check` tells it
 *   … --note "while other work ran beside it"                            says so on the page
 *   node scripts/sizing.mjs --rest 250 --check                           exits 1 where the page says something else
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PAGE = join(root, "docs", "operations", "sizing.md");
const BEGIN = "<!-- Written by scripts/sizing.mjs; begin -->";
const END = "<!-- Written by scripts/sizing.mjs; end -->";
/** Of a core: what is left takes over while one replica is away, and what comes in bursts. */
const USED = 0.6;
/** Of events that are refused and recorded: more than any installation that has been set up sends. */
const REFUSED = 0.01;
const RATES = [10, 1_000, 100_000];

/** Scenarios of bench/load/scenarios.ts, and what they are in an operator's words. */
const MEASURED = [
  ["a connection an event", "an event of 0.6 kB, a new connection and full TLS handshake each: how Diffgram's clients behave"],
  ["resumed handshakes", "the same, the session resumed"],
  ["keep-alive", "the same over kept connections"],
  ["20-item Segment batches", "a Segment batch of 20 events, kept connections"],
  ["1 MB bodies", "a body of 1 MB"],
  ["all refused, each durable", "an event that is refused and recorded durably, kept connections"],
];

/** @param {Record<string, Record<string, {cpuMicros: number, mib: number}[]>>} figures as bench/load.ts writes them */
export function sizing(figures, restMib) {
  const rounds = (scenario) => figures[scenario]?.ours ?? [];
  const cpu = (scenario) => median(rounds(scenario).map((round) => round.cpuMicros)) / 1_000;
  const mib = Math.max(...MEASURED.flatMap(([scenario]) => rounds(scenario).map((round) => round.mib)));
  const measured = MEASURED.filter(([scenario]) => rounds(scenario).length > 0).map(([scenario, words]) => [
    words,
    `${two(cpu(scenario))} ms`,
    `${whole(1_000 / cpu(scenario))} a second`,
  ]);
  const refusal = cpu("all refused, each durable") - cpu("keep-alive");
  const each = cpu("a connection an event") + REFUSED * refusal;
  const kept = cpu("keep-alive") + REFUSED * refusal;
  const need = (rate, milliseconds) => {
    const cores = (rate * milliseconds) / 1_000;
    const replicas = Math.max(2, Math.ceil(cores / USED));
    return { cores, replicas, gib: (replicas * mib) / 1_024 };
  };
  const derived = RATES.map((rate) => {
    const first = need(rate, each);
    const better = need(rate, kept);
    return [whole(rate), two(first.cores), whole(first.replicas), `${one(first.gib)} GiB`, whole(better.replicas)];
  });
  return [
    table(["traffic", "CPU a request", "so one core carries"], measured),
    "",
    `Resident memory: ${restMib} MiB at rest, at most ${whole(mib)} MiB under these loads. On top come bodies in flight, at most \`limits.body_memory_bytes\` (256 MiB).`,
    "",
    `At ${USED * 100} % of a core at most, a connection an event, 1 in ${whole(1 / REFUSED)} refused: ${two(each)} ms an event.`,
    "",
    table(["events a second", "cores of work", "replicas", "memory in all", "replicas if connections were kept"], derived),
  ].join("\n");
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const whole = (value) => Math.round(value).toLocaleString("en-GB");
const one = (value) => (value >= 10 ? whole(value) : value.toFixed(1));
const two = (value) => (value >= 10 ? whole(value) : value.toFixed(2));

function table(head, rows) {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column].length)));
  const line = (cells, fill = " ") => `| ${cells.map((cell, column) => cell.padEnd(widths[column], fill)).join(" | ")} |`;
  return [
    line(head),
    line(
      head.map(() => ""),
      "-",
    ),
    ...rows.map((row) => line(row)),
  ].join("\n");
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const { values, positionals } = parseArgs({
    options: { rest: { type: "string" }, note: { type: "string", default: "" }, check: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.rest === undefined) throw new Error("--rest MIB is missing: what the image takes at rest, as `npm run image:check` tells it.");
  const file = positionals[0] ?? join(root, "docs", "performance.json");
  const day = statSync(file).mtime.toISOString().slice(0, 10);
  const page = readFileSync(PAGE, "utf8");
  const [before, rest = ""] = page.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  const text = sizing(JSON.parse(readFileSync(file, "utf8")), values.rest);
  if (values.check && !page.includes(text)) throw new Error(`${PAGE} says something else than ${file}: run it without --check.`);
  if (!values.check)
    writeFileSync(PAGE, `${before}${BEGIN}\n\nMeasured on ${day}${values.note === "" ? "" : `, ${values.note}`}.\n\n${text}\n\n${after}`);
}
