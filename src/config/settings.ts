import { join } from "node:path";
import type { z } from "zod";
import type { Fault } from "../model/fault.js";
import { FaultsError } from "../model/fault.js";
import { deepFreeze } from "./frozen.js";
import { mendUnknown } from "./nearest-name.js";
import { packageRoot } from "./package-root.js";
import { SETTING_LEAVES } from "./settings-leaves.js";
import { SETTINGS_SCHEMA } from "./settings-schema.js";
import type { Settings } from "./settings-schema.js";
import { originOf, readSources } from "./settings-sources.js";
import type { SettingFlag, SettingSources } from "./settings-sources.js";

export type { Settings } from "./settings-schema.js";

export interface SettingsInput {
  /** `--config`; else EGRESS_PROXY_CONFIG; else ./egress-proxy.yaml where there is one. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly SettingFlag[];
}

/**
 * Reads the settings: file, overridden by variables, overridden by flags; completed with defaults, validated and frozen.
 * `rules` is a folder afterwards, also where it was written as `embedded`.
 *
 * @throws FaultsError with every fault of every source.
 */
export function loadSettings(input: SettingsInput): Settings {
  const faults: Fault[] = [];
  const sources = readSources(input.file, input.env, input.flags, faults);
  const parsed = SETTINGS_SCHEMA.safeParse(withoutEmptySections(sources.values));
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap((issue) => faultsOf(issue, sources)));
  if (!parsed.success || faults.length > 0) throw new FaultsError("The settings can't be used:", faults);
  const settings = parsed.data;
  return deepFreeze({ ...settings, rules: settings.rules === "embedded" ? join(packageRoot(), "rules") : settings.rules });
}

/** `listen:` with nothing below it, all commented out, means its defaults. */
function withoutEmptySections(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sections = new Set(SETTING_LEAVES.filter(({ path }) => path.length > 1).map(({ path }) => path[0]));
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== null || !sections.has(key)));
}

function faultsOf(issue: z.core.$ZodIssue, sources: SettingSources): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const known = keysBelow(path);
    const owner = path.length === 0 ? "The settings have" : `${path.join(".")} has`;
    return issue.keys.map((key) => ({
      where: originOf(sources, [...issue.path, key], true),
      what: `${owner} no "${key}".`,
      mend: mendUnknown(key, known),
    }));
  }
  const leaf = SETTING_LEAVES.find((candidate) => candidate.path.every((step, index) => step === path[index]));
  const mend = leaf?.notes.mend ?? `Write its members below it: ${keysBelow(path).join(", ")}.`;
  return [{ where: originOf(sources, issue.path, false), what: `${path.join(".")} ${issue.message}`, mend }];
}

function keysBelow(path: readonly string[]): string[] {
  const below = SETTING_LEAVES.filter((leaf) => path.every((step, index) => leaf.path[index] === step));
  return [...new Set(below.flatMap((leaf) => leaf.path[path.length] ?? []))];
}
