import type { Command } from "commander";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { effectiveJson, effectiveText, schemaJson, schemaText } from "../config/settings-text.js";
import { loadSettings } from "../config/settings.js";
import { FaultsError } from "../model/fault.js";

/** `egress-proxy config`: every setting with its default and meaning, or (`--effective`) the values in force. */
export function addConfigCommand(program: Command): void {
  addRunOptions(program.command("config").description("print every setting with its default and meaning"))
    .option("--effective", "print the values in force instead, secrets masked")
    .option("--format <format>", "yaml or json", "yaml")
    .action((options: Readonly<Record<string, unknown>>) => {
      const { format } = options;
      if (format !== "yaml" && format !== "json") {
        process.stderr.write("--format: must be yaml or json.\n");
        process.exitCode = 2;
        return;
      }
      try {
        if (options["effective"] !== true) process.stdout.write(format === "json" ? schemaJson() : schemaText());
        else {
          const settings = loadSettings({ ...settingsFromFlags(options), env: process.env });
          process.stdout.write(format === "json" ? effectiveJson(settings) : effectiveText(settings));
        }
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 1;
      }
    });
}
