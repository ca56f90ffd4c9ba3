import type { Command } from "commander";
import { Option } from "commander";
import { CSV_HEAD, csvLine } from "../model/record-csv.js";
import { type DeskFilter, TRANSFER_STATUSES, type TransferStatus } from "../model/record-desk.js";
import { incidentTrend, listIncidents } from "../record/incident-reader.js";
import type { RecordArchive } from "../record/record-archive.js";
import { incidentTable, recordPage, recordTable } from "../record/record-table.js";
import { addRecordDecisions } from "./record-decisions.js";
import { age, count, moment, print, reading, type StoreFlags, stored, textFile } from "./record-flags.js";

interface FilterFlags extends Pick<DeskFilter, "case" | "rule" | "since" | "until" | "text" | "limit"> {
  readonly status?: TransferStatus;
  readonly transferred?: boolean;
  readonly overdue?: boolean;
}

/** `egress-proxy records`: what was refused, redacted or let out with findings, and the proof that nothing of it was touched. */
export function addRecordsCommand(program: Command): void {
  const records = program.command("records").description("read, export, check and prune the record of Unexpected Data Transfers");
  filtered(stored(records.command("list")), 50)
    .description("newest occurrence first")
    .addOption(new Option("--format <format>").choices(["table", "json"]).default("table"))
    .action((flags: StoreFlags & FilterFlags & { format: "table" | "json" }) =>
      reading(flags, async ({ reader }) => {
        const page = await reader.list(filterOf(flags));
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
  addRecordDecisions(records);
  stored(records.command("verify"))
    .description("check every hash chain; exit 1 where anything was changed, removed, reordered or cut off")
    .option("--checkpoint <file>", "a file, such as a log, that holds checkpoints kept off this host")
    .addOption(new Option("--format <format>").choices(["table", "json"]).default("table"))
    .action((flags: StoreFlags & { checkpoint?: string; format: "table" | "json" }) => reading(flags, (archive) => verify(archive, flags)));
  stored(records.command("incidents"))
    .description("causes, newest first, each with its last 14 days")
    .option("--open", "only those that wait for someone")
    .option("--limit <count>", "incidents to show, 1,000 at most", count, 50)
    .addOption(new Option("--format <format>").choices(["table", "json"]).default("table"))
    .action((flags: StoreFlags & { open?: boolean; limit: number; format: "table" | "json" }) =>
      reading(flags, async ({ db }) => {
        const { items } = await listIncidents(db, { open: flags.open === true, limit: flags.limit });
        const rows = await Promise.all(items.map(async (one) => ({ ...one, trend: await incidentTrend(db, one.id, 14, Date.now()) })));
        await print(flags.format === "json" ? JSON.stringify(rows, undefined, 2) : incidentTable(rows));
      }),
    );
  stored(records.command("import"))
    .argument("<file>", "what `records export --format json` or `ndjson` wrote")
    .description("bring an export into this store, as new entries of its chain; what is there already is passed over")
    .requiredOption("--by <name>", "who imports")
    .action((file: string, flags: StoreFlags & { readonly by: string }) =>
      reading(flags, async (archive) => {
        const { imported, present } = await archive.importRecords(textFile(file, "<file>"), { by: flags.by, at: Date.now() });
        await print(`Imported ${imported} records; ${present} were there already.`);
      }),
    );
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

function filtered(command: Command, limit?: number): Command {
  command
    .option("--case <case>", "event-collection, js-error-collection, support, licensing, operator or none")
    .option("--rule <rule>", "a rule such as pii/email, or a category such as pii")
    .addOption(new Option("--status <status>").choices(TRANSFER_STATUSES))
    .option("--since <time>", "an age (30d, 12h, 15m) or a date, against the last occurrence", moment)
    .option("--until <time>", "as --since", moment)
    .option("--text <text>", "looked for in ids, hosts, paths, rules and places")
    .option("--transferred", "only what reached the vendor")
    .option("--overdue", "only those whose vendor has not answered in time");
  return limit === undefined ? command : command.option("--limit <count>", "records to show, 1,000 at most", count, limit);
}

function filterOf({ case: caseName, rule, status, since, until, text, limit, transferred, overdue }: FilterFlags): DeskFilter {
  const dueBefore = overdue === true ? Date.now() : undefined;
  return { case: caseName, rule, status, since, until, text, limit, transferred, dueBefore };
}

async function exportAll({ reader }: RecordArchive, flags: FilterFlags & { readonly format: "json" | "ndjson" | "csv" }): Promise<void> {
  if (flags.format === "csv") await print(CSV_HEAD);
  let first = true;
  for await (const record of reader.exportAll(filterOf(flags))) {
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
  const result = await archive.verify(flags.checkpoint === undefined ? "" : textFile(flags.checkpoint, "--checkpoint"));
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
