import { existsSync, readFileSync } from "node:fs";
import type { Fault } from "../model/fault.js";
import { mendUnknown } from "./nearest-name.js";
import { SETTING_LEAVES, VARIABLE_PREFIX } from "./settings-leaves.js";
import type { SettingLeaf } from "./settings-leaves.js";
import { placeOf, plainValue, readYamlTree } from "./yaml-tree.js";
import type { Tree } from "./yaml-tree.js";

/** Values of one source on their way to the schema, and where each was written. */
export interface SettingSources {
  readonly values: Record<string, unknown>;
  readonly file: Tree | undefined;
  /** By path joined with dots: the variable or flag that set it last. */
  readonly origins: ReadonlyMap<string, string>;
}

/** What `run` was told on its command line, by setting. */
export interface SettingFlag {
  readonly path: readonly string[];
  readonly flag: string;
  readonly value: unknown;
}

export function readSources(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  flags: readonly SettingFlag[],
  faults: Fault[],
): SettingSources {
  const tree = readFile(file ?? env["EGRESS_PROXY_CONFIG"], faults);
  const plain = tree === undefined ? undefined : plainValue(tree);
  const values: Record<string, unknown> = isRecord(plain) ? plain : {};
  if (tree !== undefined && tree.kind !== "map")
    faults.push({ where: tree.where, what: "The file is no map of settings.", mend: "Write key: value." });
  const origins = new Map<string, string>();
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(VARIABLE_PREFIX) || name === "EGRESS_PROXY_CONFIG") continue;
    const leaf = SETTING_LEAVES.find(({ variable }) => variable === name);
    if (leaf !== undefined) {
      set(values, leaf.path, fromText(leaf, text));
      origins.set(leaf.path.join("."), name);
    } else if (!isServiceLink(name, text)) {
      faults.push({ where: name, what: "No setting has this variable.", mend: mendVariable(name) });
    }
  }
  for (const { path, flag, value } of flags) {
    set(values, path, value);
    origins.set(path.join("."), flag);
  }
  return { values, file: tree, origins };
}

const DEFAULT_FILE = "egress-proxy.yaml";

function readFile(named: string | undefined, faults: Fault[]): Tree | undefined {
  const path = named ?? DEFAULT_FILE;
  if (named === undefined && !existsSync(path)) return undefined;
  try {
    return readYamlTree({ path, text: new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path)) }, faults);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "no UTF-8";
    faults.push({ where: path, what: `The settings file can't be read (${why}).`, mend: "Name one that exists by --config." });
    return undefined;
  }
}

/**
 * Kubernetes gives every pod variables for each Service of its namespace: one called `egress-proxy` sets EGRESS_PROXY_SERVICE_HOST,
 * EGRESS_PROXY_PORT_3128_TCP_ADDR and more. They are no settings, and refusing them would keep the proxy from starting.
 */
function isServiceLink(name: string, text: string): boolean {
  if (/_PORT$/.test(name)) return /^(?:tcp|udp|sctp):\/\//.test(text);
  return /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/.test(name);
}

function mendVariable(name: string): string {
  const known = ["EGRESS_PROXY_CONFIG", ...SETTING_LEAVES.map(({ variable }) => variable)];
  const mend = mendUnknown(name, known);
  return mend.startsWith("Did") ? mend : "`egress-proxy config` lists the settings.";
}

/** A variable's text as the file would have it; what does not fit stays text, for the schema to refuse. */
function fromText({ notes }: SettingLeaf, text: string): unknown {
  if (notes.form === "number") return /^\d{1,15}$/.test(text) ? Number(text) : text;
  if (notes.form === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (notes.form === "list") return text.trim() === "" ? [] : text.split(",").map((item) => item.trim());
  return text;
}

function set(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const held = values[key];
  // A section that is left empty in the file reads as null.
  const section = held === undefined || held === null ? {} : held;
  values[key] = section;
  if (isRecord(section)) set(section, rest, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where the value at a path came from. */
export function originOf(sources: SettingSources, path: readonly PropertyKey[], key: boolean): string {
  const written = path.map(String);
  for (let length = written.length; length > 0; length -= 1) {
    const origin = sources.origins.get(written.slice(0, length).join("."));
    if (origin !== undefined) return origin;
  }
  return sources.file === undefined ? written.join(".") : placeOf(sources.file, path, key);
}
