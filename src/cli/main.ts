#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { packageRoot } from "../config/package-root.js";

/** Each command's file, read only when that command is given: `run` starts in half the time without the packages of the others. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  run: async () => (await import("./run.js")).addRunCommand,
  check: async () => (await import("./check.js")).addCheckCommand,
  inspect: async () => (await import("./inspect.js")).addInspectCommand,
  ca: async () => (await import("./ca.js")).addCaCommand,
  records: async () => (await import("./records.js")).addRecordsCommand,
  audit: async () => (await import("./audit.js")).addAuditCommand,
  console: async () => (await import("./console.js")).addConsoleCommand,
  inventory: async () => (await import("./inventory.js")).addInventoryCommand,
  report: async () => (await import("./report.js")).addReportCommand,
  suggest: async () => (await import("./suggest.js")).addSuggestCommand,
  credentials: async () => (await import("./credentials.js")).addCredentialsCommand,
  pins: async () => (await import("./pins.js")).addPinsCommand,
  pseudonym: async () => (await import("./pseudonym.js")).addPseudonymCommand,
  limits: async () => (await import("./limits.js")).addLimitsCommand,
  "first-party": async () => (await import("./first-party.js")).addFirstPartyCommand,
  support: async () => (await import("./support.js")).addSupportCommand,
  "new-rule": async () => (await import("./new-rule.js")).addNewRuleCommand,
  config: async () => (await import("./config.js")).addConfigCommand,
  demo: async () => (await import("./demo.js")).addDemoCommand,
};

const PACKAGE = z.object({ version: z.string() });

const program = new Command("egress-proxy")
  .description(
    "Stands between a Diffgram installation and the internet: lets out the vendor's four Limited Cases, reads every body, records what it stops.",
  )
  .version(PACKAGE.parse(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"))).version)
  .showHelpAfterError("(egress-proxy --help shows the commands)")
  .exitOverride((error) => {
    // Bad use is 2 everywhere, so that a script can tell it from a refusal.
    process.exit(error.exitCode === 0 ? 0 : 2);
  });
// The proxy says it itself (`startProxy`). Every other command that asks a PostgreSQL would believe whoever answers.
if (process.argv[2] !== "run") {
  const { refuseUnverifiedTls } = await import("../tls/system-roots.js");
  try {
    refuseUnverifiedTls();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}
// `… records export | head -5`: who reads has enough, which is no fault; the code is a shell's for a process that a broken pipe ends (128 + SIGPIPE). The
// proxy itself goes on, whoever read its log.
if (process.argv[2] !== "run")
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    throw error;
  });
const given = COMMANDS[process.argv[2] ?? ""];
// Help and a mistyped name need all of them.
for (const add of await Promise.all((given === undefined ? Object.values(COMMANDS) : [given]).map((read) => read()))) add(program);
await program.parseAsync();
