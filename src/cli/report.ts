import type { Command } from "commander";
import { Option } from "commander";
import { FaultsError } from "../model/fault.js";
import { REPORT_FORMATS, type ReportFormat } from "../model/console-ports.js";
import { writeReport } from "../record/report/report.js";
import { moment, print, reading, type StoreFlags, stored } from "./record-flags.js";

interface ReportFlags extends StoreFlags {
  readonly since: number;
  readonly until?: number;
  readonly format: ReportFormat;
}

/** `egress-proxy report`: a period's summary for an auditor, to standard output. Exit 1 where the record does not verify. */
export function addReportCommand(program: Command): void {
  stored(program.command("report"))
    .description(
      "a period for an auditor: totals, every Unexpected Data Transfer with its state, inventory, changes, policies, chain verification",
    )
    .addOption(new Option("--since <time>", "an age (30d, 12h) or a date").argParser(moment).default(Date.now() - 30 * 86_400_000, "30d"))
    .option("--until <time>", "as --since; now where it is left out", moment)
    .addOption(new Option("--format <format>").choices([...REPORT_FORMATS]).default("md"))
    .action((flags: ReportFlags) =>
      reading(flags, async (archive) => {
        const now = Date.now();
        const { since, until = now } = flags;
        if (until <= since)
          throw new FaultsError("There is no such period.", [
            { where: "--until", what: "It is not after --since.", mend: "Write the earlier time as --since." },
          ]);
        const facts = await archive.report({ since, until }, now);
        if (facts.verification.faults.length > 0 || archive.warning !== undefined) process.exitCode = 1;
        await print(writeReport(facts, flags.format).trimEnd());
      }),
    );
}
