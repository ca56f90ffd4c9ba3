import { stringify } from "yaml";
import { writeParentProxy } from "./parent-spelling.js";
import { writeHostPort } from "./host-spelling.js";
import { SETTING_LEAVES } from "./settings-leaves.js";
import type { Settings } from "./settings-schema.js";
import { isPostgresUrl } from "./settings-values.js";

/** The schema as a settings file with every default, a comment above each setting: may be saved and used as it is. */
export function schemaText(): string {
  return yamlText((leaf) => leaf.fallback);
}

/** The settings in force in the same form; what holds a password is masked. */
export function effectiveText(settings: Settings): string {
  return yamlText((leaf) => shownValue(settings, leaf.path, leaf.notes.secret === true));
}

/** The schema as JSON: a list of settings with path, variable, default and meaning. */
export function schemaJson(): string {
  const rows = SETTING_LEAVES.map(({ path, variable, fallback, notes }) => ({
    path: path.join("."),
    variable,
    default: fallback,
    description: notes.description,
    form: notes.form,
  }));
  return `${JSON.stringify(rows, null, 2)}\n`;
}

export function effectiveJson(settings: Settings): string {
  const rows = SETTING_LEAVES.map(({ path, notes }) => [path.join("."), shownValue(settings, path, notes.secret === true)]);
  return `${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`;
}

function yamlText(valueOf: (leaf: (typeof SETTING_LEAVES)[number]) => unknown): string {
  const lines: string[] = [];
  let section: string | undefined;
  for (const leaf of SETTING_LEAVES) {
    const [first, second] = leaf.path;
    const indent = second === undefined ? "" : "  ";
    if (second !== undefined && first !== section) lines.push(`${first ?? ""}:`);
    section = second === undefined ? undefined : first;
    lines.push(`${indent}# ${leaf.notes.description} (${leaf.variable})`);
    const value = stringify(valueOf(leaf), {
      collectionStyle: "flow",
      defaultStringType: "QUOTE_DOUBLE",
      defaultKeyType: "PLAIN",
      lineWidth: 0,
    }).trim();
    lines.push(`${indent}${second ?? first ?? ""}: ${value}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A parsed setting as it would be written. */
function shownValue(settings: Settings, path: readonly string[], secret: boolean): unknown {
  let value: unknown = settings;
  for (const step of path)
    value = typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === step)?.[1] : undefined;
  if (path[0] === "listen") {
    const address = Object.entries(settings.listen).find(([key]) => key === path[1])?.[1];
    if (address === undefined) return "off";
    return address.host === undefined ? `:${address.port}` : writeHostPort({ host: address.host, port: address.port });
  }
  if (path.join(".") === "parent.proxy") return settings.parent.proxy === undefined ? "off" : writeParentProxy(settings.parent.proxy);
  if (path.join(".") === "upstream.connect_to")
    return settings.upstream.connect_to.map((entry) => `${writeHostPort(entry)}:${writeHostPort(entry.to)}`);
  return secret && typeof value === "string" ? masked(value) : value;
}

/** PostgreSQL's URL without its user part and parameters, since it takes a password in either; anything else is hidden whole. */
function masked(value: string): string {
  if (value === "off" || value === "sqlite") return value;
  if (!isPostgresUrl(value)) return "********";
  const url = new URL(value);
  const user = url.username === "" && url.password === "" ? "" : "********@";
  return `${url.protocol}//${user}${url.host}${url.pathname}${url.search === "" ? "" : "?********"}`;
}
