import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { packageRoot } from "../config/package-root.js";
import { loadPolicy } from "../config/policy.js";
import { readRulesDir, type RulesDirectory, schemaNamesOf } from "../config/rules-directory.js";
import { loadSettings, type Settings } from "../config/settings.js";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { withSwitch } from "../config/switch-edit.js";
import { ruleIdsOf } from "../inspect/rule-ids.js";
import type { CaseSwitch } from "../model/case-switch.js";
import { FaultsError } from "../model/fault.js";
import { CASE_SCOPES, LIMITED_CASES, type LimitedCase } from "../model/limited-case.js";
import { modeNow, type Policy } from "../model/policy.js";
import { CaseSwitchFile } from "../record/case-switch-file.js";
import { align } from "../record/text-table.js";
import { say, told } from "./told.js";

type Flags = Readonly<Record<string, unknown>>;
type SetFlags = Flags & { readonly by: string; readonly reason: string };

/** `egress-proxy limits`: what "the customer can limit" comes to: each case's switch, what it takes in, what switching it off means, who did. */
export function addLimitsCommand(program: Command): void {
  const limits = program.command("limits").alias("cases").description("the Limited Cases' switches: list, history, set");
  addRunOptions(limits.command("list", { isDefault: true }))
    .description("each case's state, scope, consequence, and who changed it when")
    .addOption(new Option("--format <format>").choices(["table", "json"]).default("table"))
    .action((flags: Flags) =>
      told(() => {
        const { policy, history } = stateOf(flags);
        const cases = LIMITED_CASES.map((name) => described(policy, name, history));
        say(flags["format"] === "json" ? JSON.stringify(cases, undefined, 2) : cases.map(block).join("\n\n"));
      }),
    );
  addRunOptions(limits.command("history"))
    .description("every change of a switch that came into force here, the newest first")
    .option("--case <case>", "only of this case", limitedCase)
    .action((flags: Flags & { readonly case?: LimitedCase }) =>
      told(() => {
        const entries = stateOf(flags).history.filter((entry) => flags.case === undefined || entry.case === flags.case);
        if (entries.length === 0) return say("No policy came into force here yet: the proxy keeps the history as it runs.");
        const rows = entries
          .toReversed()
          .map((entry) => [time(entry.at), entry.case, `${entry.from ?? "-"} > ${entry.to}`, ...who(entry), entry.policy.slice(0, 12)]);
        say(align([["WHEN (UTC)", "CASE", "SWITCH", "WHO", "WHY", "POLICY"], ...rows]));
      }),
    );
  addRunOptions(limits.command("set"))
    .argument("<case>", LIMITED_CASES.join(", "), limitedCase)
    .argument("<switch>", "on or off", onOrOff)
    .description("write a case's switch, on or off, into the policy, with who, when and why; a running proxy takes it from its next look")
    .option("--by <who>", "who decides", userInfo().username)
    .requiredOption("--reason <text>", "why")
    .action((name: LimitedCase, enabled: boolean, flags: SetFlags) => told(() => set(name, enabled, flags)));
}

interface Described {
  readonly case: LimitedCase;
  readonly state: string;
  readonly mode: string;
  readonly scope: string;
  readonly destinations: readonly string[];
  readonly mayBeLimited: boolean;
  readonly consequence: string;
  /** As the policy says it. */
  readonly changed: { readonly at: string; readonly by: string; readonly reason: string } | null;
  /** The newest change that came into force here. */
  readonly inForceSince: string | null;
}

function described(policy: Policy, name: LimitedCase, history: readonly CaseSwitch[]): Described {
  const { state, opening, consequence, changed, supportRoutes } = policy.cases[name];
  const last = history.findLast((entry) => entry.case === name);
  const hosts = policy.destinations.filter(({ caseName }) => caseName === name).map(({ host, port }) => `${host}:${port}`);
  return {
    case: name,
    state,
    mode: modeNow(opening, Date.now()),
    scope: CASE_SCOPES[name],
    destinations: name === "support" ? (supportRoutes ?? []).map(({ method, path }) => `${method} ${path}`) : hosts,
    mayBeLimited: name !== "licensing",
    consequence,
    changed: changed === undefined ? null : { ...changed, at: changed.at.toISOString() },
    inForceSince: last === undefined || last.to !== state ? null : new Date(last.at).toISOString(),
  };
}

function block(one: Described): string {
  const says = one.changed === null ? "the policy does not say" : `${one.changed.at}, by ${one.changed.by}: ${one.changed.reason}`;
  return [
    `${one.case}: ${one.state}, ${one.mode}`,
    `  scope        ${one.scope}`,
    `  names        ${one.destinations.join(", ") || "nothing"}`,
    `  switch       ${one.consequence}`,
    `  changed      ${says}`,
    `  in force     ${one.inForceSince === null ? "not seen by the proxy of this data folder" : `since ${one.inForceSince}`}`,
  ].join("\n");
}

function set(name: LimitedCase, enabled: boolean, flags: SetFlags): void {
  const settings = settingsOf(flags);
  if (settings.rules === join(packageRoot(), "rules")) {
    throw new FaultsError("The switch can't be set:", [
      {
        where: "rules",
        what: "The rules are those that came with the package.",
        mend: `Copy ${settings.rules} to a folder of your own, and name it: --rules DIR.`,
      },
    ]);
  }
  const files = readRulesDir(settings.rules, settings.overlays);
  const text = withSwitch(files.policy, { case: name, enabled, at: new Date(), by: flags.by, reason: flags.reason });
  // Read as the proxy will read it, before anything is written: a policy that can't be used must not be left behind.
  const { policy } = policyOf({ ...files, policy: { ...files.policy, text } }, settings);
  if (policy.cases[name].enabled !== enabled) {
    throw new FaultsError("The switch can't be set:", [
      { where: "overlays", what: `An overlay sets cases.${name}.enabled itself.`, mend: "Change it there." },
    ]);
  }
  writeFileSync(join(settings.rules, "policy.yaml"), text);
  say(`cases.${name} is ${enabled ? "on" : "off"} in ${files.policy.path}. ${enabled ? "" : policy.cases[name].consequence}`.trimEnd());
}

function stateOf(flags: Flags): { readonly policy: Policy; readonly history: readonly CaseSwitch[] } {
  const settings = settingsOf(flags);
  const { policy } = policyOf(readRulesDir(settings.rules, settings.overlays), settings);
  return { policy, history: new CaseSwitchFile(settings.data).list() };
}

function settingsOf(flags: Flags): Settings {
  return loadSettings({ ...settingsFromFlags(flags), env: process.env });
}

function policyOf(files: RulesDirectory, settings: Settings): ReturnType<typeof loadPolicy> {
  return loadPolicy(files, {
    now: Date.now(),
    connectTo: settings.upstream.connect_to,
    schemaNames: schemaNamesOf(files),
    ruleIds: ruleIdsOf(files.rules),
  });
}

function who({ by, reason }: CaseSwitch): readonly [string, string] {
  return [by ?? "(the policy does not say)", reason ?? ""];
}

function time(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

function limitedCase(text: string): LimitedCase {
  const found = LIMITED_CASES.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`Write one of ${LIMITED_CASES.join(", ")}.`);
  return found;
}

function onOrOff(text: string): boolean {
  if (text !== "on" && text !== "off") throw new InvalidArgumentError("Write on or off.");
  return text === "on";
}
