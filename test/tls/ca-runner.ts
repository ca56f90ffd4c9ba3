import { Command } from "commander";
import { addCaCommand } from "../../src/cli/ca.js";

/* A process of its own for rotation.test.ts: the command as a user runs it. */
const program = new Command();
addCaCommand(program);
await program.parseAsync(["ca", ...process.argv.slice(2)], { from: "user" });
