import { createHash } from "node:crypto";
import type { Fault } from "../model/fault.js";
import { FaultsError } from "../model/fault.js";
import type { SourceFile } from "../model/inspection.js";
import { LIMITED_CASES } from "../model/limited-case.js";
import type { LimitedCase } from "../model/limited-case.js";
import type { CasePolicy, Destination, ParentProxy, Policy } from "../model/policy.js";
import { deepFreeze } from "./frozen.js";
import { writeHostPort } from "./host-spelling.js";
import { readCase } from "./policy-cases.js";
import type { PolicyContext } from "./policy-cases.js";
import { faultDuplicates, readDestinations } from "./policy-destinations.js";
import type { PlacedDestination } from "./policy-destinations.js";
import { readLimits } from "./policy-limits.js";
import { readValues } from "./policy-values.js";
import { layOver } from "./policy-overlay.js";
import type { RulesDirectory } from "./rules-directory.js";
import type { ConnectTo } from "./settings-values.js";
import { readMembers } from "./tree-reader.js";
import type { FaultSink, Members } from "./tree-reader.js";
import { readYamlTree } from "./yaml-tree.js";
import type { Tree } from "./yaml-tree.js";

export interface LoadPolicyOptions extends PolicyContext {
  /** The operator's word where to dial instead (`--connect-to`); permits nothing by itself. */
  readonly connectTo: readonly ConnectTo[];
  /** Who dials the destinations that say nothing of their way, and are connected nowhere else; undefined: this proxy. */
  readonly parent?: ParentProxy | undefined;
}

/** The policy in force, and what is worth saying about it though it is no fault. */
export interface LoadedPolicy {
  readonly policy: Policy;
  readonly warnings: readonly Fault[];
}

/**
 * Reads, completes, validates and freezes the policy with its overlays.
 *
 * @throws FaultsError with every fault of every file at once.
 */
export function loadPolicy(files: RulesDirectory, options: LoadPolicyOptions): LoadedPolicy {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const tree = readLayers(files, faults);
  const policy = tree === undefined ? undefined : readPolicy(tree, files, options, faults, warnings);
  if (policy === undefined || faults.length > 0) throw new FaultsError(`The policy in ${files.policy.path} can't be used:`, faults);
  return { policy: deepFreeze(policy), warnings: deepFreeze(warnings) };
}

function readLayers(files: RulesDirectory, faults: FaultSink): Tree | undefined {
  let tree = readYamlTree(files.policy, faults);
  for (const overlay of files.overlays) {
    const above = readYamlTree(overlay, faults);
    if (tree !== undefined && above !== undefined) tree = layOver(tree, above);
  }
  return tree;
}

function readPolicy(
  tree: Tree,
  files: RulesDirectory,
  options: LoadPolicyOptions,
  faults: FaultSink,
  warnings: Fault[],
): Policy | undefined {
  const members = readMembers(tree, ["version", "limits", "values", "cases", "destinations"], "The policy", faults);
  if (members === undefined) return undefined;
  faultVersion(members, tree, faults);
  const limits = readLimits(members.get("limits")?.value, faults);
  const values = readValues(members.get("values")?.value, faults);
  const { cases, placed } = readCases(members, tree, options, faults, warnings);
  placed.push(...readDestinations(members.get("destinations")?.value, "operator", "destinations", options.schemaNames, faults));
  faultDuplicates(placed, faults);
  const destinations = connectDestinations(placed, options, warnings);
  return isComplete(cases) ? { digest: digestOf(files), cases, destinations, limits, values } : undefined;
}

function faultVersion(members: Members, tree: Tree, faults: FaultSink): void {
  const version = members.get("version")?.value;
  if (version?.kind === "scalar" && version.value === 1) return;
  faults.push({ where: version?.where ?? tree.where, what: "The policy does not say that it is of version 1.", mend: "Write version: 1." });
}

/** All four must be named: a case that is left out by mistake would otherwise look like a decision. */
function readCases(members: Members, tree: Tree, context: PolicyContext, faults: FaultSink, warnings: Fault[]) {
  const cases: Partial<Record<LimitedCase, CasePolicy>> = {};
  const placed: PlacedDestination[] = [];
  const casesEntry = members.get("cases");
  const named = casesEntry === undefined ? undefined : readMembers(casesEntry.value, LIMITED_CASES, "cases", faults);
  for (const name of LIMITED_CASES) {
    const entry = named?.get(name);
    if (entry === undefined) {
      faults.push({
        where: casesEntry?.where ?? tree.where,
        what: `cases does not name ${name}.`,
        mend: `Add ${name}: all four Limited Cases must be named.`,
      });
      continue;
    }
    const reading = readCase(entry, name, context, faults, warnings);
    if (reading === undefined) continue;
    cases[name] = reading.casePolicy;
    placed.push(...reading.destinations);
  }
  return { cases, placed };
}

function isComplete(cases: Partial<Record<LimitedCase, CasePolicy>>): cases is Record<LimitedCase, CasePolicy> {
  return LIMITED_CASES.every((name) => cases[name] !== undefined);
}

/** The way to each destination: `--connect-to`, else its own `connect` or `parent`, else the parent of the settings, else none of them. */
function connectDestinations(placed: readonly PlacedDestination[], options: LoadPolicyOptions, warnings: Fault[]): Destination[] {
  const { connectTo } = options;
  for (const entry of connectTo) {
    if (placed.some(({ destination: { host, port } }) => host === entry.host && port === entry.port)) continue;
    warnings.push({
      where: "upstream.connect_to",
      what: `No case names ${writeHostPort(entry)}, so connecting it elsewhere permits nothing.`,
      mend: "Name it in the policy first.",
    });
  }
  return placed.map(({ destination, parent = options.parent }) => {
    const entry = connectTo.find(({ host, port }) => host === destination.host && port === destination.port);
    if (entry !== undefined) return { ...destination, connect: entry.to };
    if (destination.connect !== undefined || parent === undefined || parent === "direct") return destination;
    return { ...destination, parent };
  });
}

/** SHA-256 over every file with its path inside the folder, in a fixed order, hex: the same rules elsewhere have the same digest. */
function digestOf(files: RulesDirectory): string {
  const hash = createHash("sha256");
  const root = files.policy.path.slice(0, -"policy.yaml".length);
  const inside = ({ path }: SourceFile): string => path.slice(root.length).replaceAll("\\", "/");
  // Lengths keep two files from being read as one; overlays keep their order, since it decides.
  for (const file of [files.policy, ...files.overlays, ...files.rules, ...files.schemas]) {
    hash.update(`${inside(file)}\n${Buffer.byteLength(file.text)}\n`).update(file.text);
  }
  return hash.digest("hex");
}
