#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { findNestedViews } from "../body/nested-view.js";
import { packageRoot } from "../config/package-root.js";
import { findDeadRules, runExamples } from "../inspect/examples.js";
import { ruleIdsOf } from "../inspect/rule-ids.js";
import { passingKey } from "../record/passing-key.js";
import { addAuditCommand } from "./audit.js";
import { addCaCommand } from "./ca.js";
import { addCheckCommand } from "./check.js";
import { addConfigCommand } from "./config.js";
import { addConsoleCommand } from "./console.js";
import { addDemoCommand } from "./demo.js";
import { addInspectCommand } from "./inspect.js";
import { addNewRuleCommand } from "./new-rule.js";
import { addInventoryCommand } from "./inventory.js";
import { addPinsCommand } from "./pins.js";
import { addRecordsCommand } from "./records.js";
import { addReportCommand } from "./report.js";
import { addRunCommand } from "./run.js";
import { addSupportCommand } from "./support.js";

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
addRunCommand(program);
addCheckCommand(program, {
  ruleIds: ({ rules }) => ruleIdsOf(rules),
  deadRules: ({ rules, schemas }, { limits }) =>
    findDeadRules({ rules, schemas, limits, pseudonyms: passingKey(), findViews: findNestedViews }),
  runRuleExamples: ({ rules, schemas }, { limits }) =>
    runExamples({ rules, schemas, limits, pseudonyms: passingKey(), findViews: findNestedViews }),
});
addInspectCommand(program);
addCaCommand(program);
addRecordsCommand(program);
addAuditCommand(program);
addConsoleCommand(program);
addInventoryCommand(program);
addReportCommand(program);
addPinsCommand(program);
addSupportCommand(program);
addNewRuleCommand(program);
addConfigCommand(program);
addDemoCommand(program);
await program.parseAsync();
