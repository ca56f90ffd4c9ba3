import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Fault } from "../model/fault.js";
import { FaultsError } from "../model/fault.js";
import { CATEGORIES } from "../model/finding.js";
import type { SourceFile } from "../model/inspection.js";
import { mendUnknown } from "./nearest-name.js";

/** A rules folder as text: read once, so that what was checked is what is used. */
export interface RulesDirectory {
  readonly dir: string;
  readonly policy: SourceFile;
  /** The chosen overlays only, in the order they are laid over the policy. */
  readonly overlays: readonly SourceFile[];
  /** `<category>/*.yaml`, sorted by path. */
  readonly rules: readonly SourceFile[];
  /** `schemas/*.yaml`, sorted by path; a schema's name is its file's name. */
  readonly schemas: readonly SourceFile[];
}

/**
 * Reads `policy.yaml`, the named `overlays/`, the rules of every category and the payload schemas. Paths are shown relative to the working
 * folder where they lie in it. Links are followed, since Kubernetes mounts each file of a ConfigMap as one.
 *
 * @throws FaultsError naming every file that can't be read.
 */
export function readRulesDir(dir: string, overlayNames: readonly string[] = []): RulesDirectory {
  const faults: Fault[] = [];
  const policy = readSource(join(dir, "policy.yaml"), faults);
  const known = listYaml(join(dir, "overlays")).map((file) => file.replace(/\.yaml$/, ""));
  const overlays = overlayNames.flatMap((name) => {
    if (known.includes(name)) return readSource(join(dir, "overlays", `${name}.yaml`), faults) ?? [];
    faults.push({
      where: "overlays",
      what: `There is no overlay "${name}" in ${shown(join(dir, "overlays"))}.`,
      mend: mendUnknown(name, known),
    });
    return [];
  });
  const readAll = (folder: string): SourceFile[] =>
    listYaml(join(dir, folder)).flatMap((file) => readSource(join(dir, folder, file), faults) ?? []);
  const rules = [...CATEGORIES].sort().flatMap(readAll);
  const schemas = readAll("schemas");
  if (policy === undefined || faults.length > 0) throw new FaultsError(`The rules in ${shown(dir)} can't be read:`, faults);
  return { dir, policy, overlays, rules, schemas };
}

/** The names of the schemas that a folder holds. */
export function schemaNamesOf(files: RulesDirectory): Set<string> {
  return new Set(files.schemas.map((file) => file.path.replace(/^.*[\\/]/, "").replace(/\.yaml$/, "")));
}

function listYaml(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".yaml") && !name.startsWith("."));
    return names.filter((name) => statSync(join(folder, name)).isFile()).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function readSource(path: string, faults: Fault[]): SourceFile | undefined {
  try {
    // Fatal decoding: a byte that is no UTF-8 would turn into another character silently.
    return { path: shown(path), text: new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    const why =
      error instanceof TypeError
        ? "is not UTF-8"
        : `can't be read (${error instanceof Error && "code" in error ? String(error.code) : "unknown"})`;
    faults.push({ where: shown(path), what: `The file ${why}.`, mend: "Restore it, or point --rules to a folder that holds it." });
    return undefined;
  }
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near === "" || near.startsWith("..") ? path : near;
}
