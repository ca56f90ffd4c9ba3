import { Command } from "commander";
import { addAuditCommand } from "../../src/cli/audit.js";

/** The command alone; `src/cli/main.ts` wires it beside the others. */
const program = new Command().exitOverride();
addAuditCommand(program);
for (const one of program.commands) one.exitOverride();
try {
  await program.parseAsync(["audit", ...process.argv.slice(2)], { from: "user" });
} catch {
  process.exitCode = 2;
}
