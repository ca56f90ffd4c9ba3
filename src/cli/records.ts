import { readFileSync } from "node:fs";
import { once } from "node:events";
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { FaultsError } from "../model/fault.js";
import type { RecordArchive } from "../record/record-archive.js";
import { openRecordArchive } from "../record/record-archive.js";
import { CSV_HEAD, csvLine } from "../record/record-csv.js";
import type { RecordFilter } from "../record/record-filter.js";
import { recordPage, recordTable } from "../record/record-table.js";
import type { Status } from "../record/schema.js";
import { STATUSES } from "../record/schema.js";

interface StoreFlags {
  readonly data: string;
  readonly store?: string;
}

type FilterFlags = Pick<RecordFilter, "case" | "rule" | "since" | "until" | "text" | "limit"> & { readonly status?: Status };

/** `egress-proxy records`: what was refused, redacted or let out with findings, and the proof that nothing of it was touched. */
export function addRecordsCommand(program: Command): void {
  const records = program.command("records").description("read, export, check and prune the record of Unexpected Data Transfers");
  filtered(stored(records.command("list")), 50)
    .description("newest occurrence first")
    .addOption(new Option("--format <format>").choices(["table", "json"]).default("table"))
    .action((flags: StoreFlags & FilterFlags & { format: "table" | "json" }) =>
      reading(flags, async ({ reader }) => {
        const page = await reader.list(flags);
        await print(flags.format === "json" ? JSON.stringify(page.items, undefined, 2) : recordTable(page.items));
        if (flags.format === "table" && page.next !== undefined)
          process.stderr.write("There are more: raise --limit, or narrow the filter.\n");
      }),
    );
  stored(records.command("show"))
    .argument("<id>", "a record's id, or the id of any exchange that was an occurrence of it")
    .description("one record with its findings and history")
    .addOption(new Option("--format <format>").choices(["table", "json"]).default("table"))
    .action((id: string, flags: StoreFlags & { format: "table" | "json" }) =>
      reading(flags, async ({ reader }) => {
        const record = await reader.get(id);
        if (record === undefined) {
          process.stderr.write(`No record and no exchange has the id ${JSON.stringify(id)}.\n`);
          process.exitCode = 1;
          return;
        }
        const history = await reader.history(record.id);
        await print(flags.format === "json" ? JSON.stringify({ ...record, history }, undefined, 2) : recordPage(record, history));
      }),
    );
  filtered(stored(records.command("export")))
    .description("every record that matches, to standard output")
    .addOption(new Option("--format <format>").choices(["json", "ndjson", "csv"]).default("json"))
    .action((flags: StoreFlags & FilterFlags & { format: "json" | "ndjson" | "csv" }) =>
      reading(flags, (archive) => exportAll(archive, flags)),
    );
  stored(records.command("verify"))
    .description("check every hash chain; exit 1 where anything was changed, removed, reordered or cut off")
    .option("--checkpoint <file>", "a file, such as a log, that holds checkpoints kept off this host")
    .addOption(new Option("--format <format>").choices(["table", "json"]).default("table"))
    .action((flags: StoreFlags & { checkpoint?: string; format: "table" | "json" }) => reading(flags, (archive) => verify(archive, flags)));
  stored(records.command("prune"))
    .description("erase old records; the chain stays whole and says what was erased")
    .requiredOption("--older-than <age>", "since their last occurrence: 90d, 12h", age)
    .action((flags: StoreFlags & { olderThan: number }) =>
      reading(flags, async (archive) => {
        const now = Date.now();
        const { records: gone, entries, kept } = await archive.prune(now - flags.olderThan, now);
        await print(`Pruned ${gone} records (${entries} entries).`);
        if (kept > 0) await print(`Kept ${kept} that reached the vendor and are neither deleted there nor dismissed.`);
      }),
    );
}

function stored(command: Command): Command {
  return command
    .addOption(new Option("--data <dir>", "the proxy's data folder").env("EGRESS_PROXY_DATA").default("./data"))
    .addOption(new Option("--store <url>", "postgres://… where the records are in a PostgreSQL").env("EGRESS_PROXY_STORE_URL"));
}

function filtered(command: Command, limit?: number): Command {
  command
    .option("--case <case>", "event-collection, js-error-collection, support, licensing, operator or none")
    .option("--rule <rule>", "a rule such as pii/email, or a category such as pii")
    .addOption(new Option("--status <status>").choices(STATUSES))
    .option("--since <time>", "an age (30d, 12h, 15m) or a date, against the last occurrence", moment)
    .option("--until <time>", "as --since", moment)
    .option("--text <text>", "looked for in ids, hosts, paths, rules and places");
  return limit === undefined ? command : command.option("--limit <count>", "records to show, 1,000 at most", count, limit);
}

async function exportAll({ reader }: RecordArchive, flags: FilterFlags & { readonly format: "json" | "ndjson" | "csv" }): Promise<void> {
  if (flags.format === "csv") await print(CSV_HEAD);
  let first = true;
  for await (const record of reader.exportAll(flags)) {
    if (flags.format === "csv") await print(csvLine(record));
    else if (flags.format === "ndjson") await print(JSON.stringify(record));
    else await print(`${first ? "[" : ","}${JSON.stringify(record)}`);
    first = false;
  }
  if (flags.format === "json") await print(first ? "[]" : "]");
}

async function verify(archive: RecordArchive, flags: { readonly checkpoint?: string; readonly format: "table" | "json" }): Promise<void> {
  if (archive.warning !== undefined) {
    process.exitCode = 1;
    return;
  }
  const result = await archive.verify(flags.checkpoint === undefined ? "" : checkpointFile(flags.checkpoint));
  if (result.faults.length > 0) process.exitCode = 1;
  if (flags.format === "json") return print(JSON.stringify(result, undefined, 2));
  for (const { replica, entries, first, last, checkpoints, keys } of result.replicas) {
    await print(
      `${replica}: ${entries} entries, ${first} to ${last}, ${checkpoints} checkpoints signed by ${keys.join(", ") || "nobody yet"}.`,
    );
  }
  for (const { replica, seq, kind, what } of result.faults) {
    await print(`BROKEN ${kind}${replica === "" ? "" : ` in ${replica}`}${seq === undefined ? "" : ` at entry ${seq}`}: ${what}`);
  }
  await print(
    result.faults.length === 0 ? "Whole: nothing was changed, removed, reordered or cut off." : `${result.faults.length} faults.`,
  );
}

function checkpointFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new FaultsError("The checkpoint file can't be read.", [
      {
        where: "--checkpoint",
        what: error instanceof Error ? error.message : String(error),
        mend: "Name a file with checkpoint lines, such as a log.",
      },
    ]);
  }
}

async function reading(flags: StoreFlags, work: (archive: RecordArchive) => Promise<void>): Promise<void> {
  try {
    const archive = await openRecordArchive(flags.data, flags.store);
    try {
      if (archive.warning !== undefined) process.stderr.write(`${archive.warning}\n`);
      await work(archive);
    } finally {
      await archive.close();
    }
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** Waits where the reader of a pipe is slow. */
async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

function age(text: string): number {
  const match = /^(\d{1,6})([mhdw])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (match?.[1] === undefined || unit === undefined) throw new InvalidArgumentError("Write a number and m, h, d or w, such as 90d.");
  return Number(match[1]) * unit;
}

function moment(text: string): number {
  if (/^\d{1,6}[mhdw]$/.test(text)) return Date.now() - age(text);
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("Write an age such as 30d, or a date such as 2026-11-24T08:00:00Z.");
  return time;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Write a whole number from 1.");
  return value;
}
