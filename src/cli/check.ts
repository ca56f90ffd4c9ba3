import type { Command } from "commander";
import { findNestedViews } from "../body/nested-view.js";
import { readParentCredentials } from "../config/parent-credentials.js";
import { loadPolicy } from "../config/policy.js";
import { readRulesDir, schemaNamesOf } from "../config/rules-directory.js";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { loadSettings } from "../config/settings.js";
import { findDeadRules, runExamples } from "../inspect/examples.js";
import { ruleIdsOf } from "../inspect/rule-ids.js";
import { FaultsError } from "../model/fault.js";
import type { Fault } from "../model/fault.js";
import { LIMITED_CASES } from "../model/limited-case.js";
import { modeNow } from "../model/policy.js";
import type { Policy, Route } from "../model/policy.js";
import { passingKey } from "../record/passing-key.js";

/** `egress-proxy check`: settings, policy and rules, every fault and warning, and the state of each case. Exit 1 on faults. */
export function addCheckCommand(program: Command): void {
  addRunOptions(program.command("check").description("check settings, policy and rules, and show the state of each case")).action(
    (options: Readonly<Record<string, unknown>>) => {
      try {
        const settings = loadSettings({ ...settingsFromFlags(options), env: process.env });
        readParentCredentials(settings);
        const files = readRulesDir(settings.rules, settings.overlays);
        const now = Date.now();
        const { policy, warnings } = loadPolicy(files, {
          now,
          connectTo: settings.upstream.connect_to,
          parent: settings.parent.proxy,
          schemaNames: schemaNamesOf(files),
          ruleIds: ruleIdsOf(files.rules),
        });
        const { rules, schemas } = files;
        const parts = { rules, schemas, limits: policy.limits, pseudonyms: passingKey(), findViews: findNestedViews };
        const broken = runExamples(parts);
        if (broken.length > 0) throw new FaultsError("Rules do not hold their own examples:", broken);
        process.stdout.write(report(policy, [...warnings, ...shadowedRoutes(policy), ...findDeadRules(parts)], now));
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 1;
      }
    },
  );
}

/** Routes that no request ever reaches, since one above them in the same destination takes all that they would. */
function shadowedRoutes(policy: Policy): Fault[] {
  const covers = (a: Route, b: Route): boolean =>
    a.path === b.path &&
    b.methods.every((method) => a.methods.includes(method)) &&
    b.contentTypes.every((type) => a.contentTypes.includes(type)) &&
    (b.querySchema === undefined || a.querySchema !== undefined);
  return policy.destinations.flatMap(({ name, routes }) =>
    routes.flatMap((route, index) => {
      if (!routes.slice(0, index).some((above) => covers(above, route))) return [];
      return [
        {
          where: `destination ${name}`,
          what: `The route ${route.methods.join(",")} ${route.path} is shadowed by one above it.`,
          mend: "Remove it, or put it first.",
        },
      ];
    }),
  );
}

function report(policy: Policy, warnings: readonly Fault[], now: number): string {
  const lines = [`Policy ${policy.digest.slice(0, 12)}: no faults, ${warnings.length} warnings.`];
  lines.push(...warnings.map(({ where, what, mend }) => `  ${where}: ${what} ${mend}`), "");
  for (const name of LIMITED_CASES) {
    const { state, opening, consequence } = policy.cases[name];
    lines.push(`${name.padEnd(20)} ${state.padEnd(13)} ${modeNow(opening, now).padEnd(8)} ${consequence}`);
    lines.push(...destinationLines(policy, name));
  }
  const own = destinationLines(policy, "operator");
  if (own.length > 0) lines.push("operator's own", ...own);
  return `${lines.join("\n")}\n`;
}

function destinationLines(policy: Policy, caseName: string): string[] {
  return policy.destinations
    .filter((destination) => destination.caseName === caseName)
    .flatMap(({ name, scheme, host, port, routes }) =>
      routes.map(
        (route) =>
          `  ${name.padEnd(18)} ${route.methods.join(",")} ${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}${route.path}`,
      ),
    );
}
