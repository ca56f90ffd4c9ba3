import { findNestedViews } from "./body/nested-view.js";
import { loadPolicy } from "./config/policy.js";
import { readLimits } from "./config/policy-limits.js";
import { type RulesDirectory, readRulesDir, schemaNamesOf } from "./config/rules-directory.js";
import type { Settings } from "./config/settings.js";
import { InspectionPool } from "./inspection-pool.js";
import { compileInspector } from "./inspect/inspector.js";
import { ruleIdsOf } from "./inspect/rule-ids.js";
import { type Fault, FaultsError } from "./model/fault.js";
import type { Inspector } from "./model/inspection.js";
import type { Pseudonyms } from "./model/ports.js";
import type { RulesInForce } from "./pipeline-parts.js";
import { compilePolicy, type PolicyIndex } from "./verdict/policy-index.js";

/** Policy, rules and schemas of one reading of the rules folder, compiled. */
export interface LoadedRules {
  readonly index: PolicyIndex;
  readonly inspector: Inspector;
  /** What is worth saying though it is no fault. */
  readonly warnings: readonly Fault[];
  readonly files: RulesDirectory;
}

/**
 * Reads and compiles the rules folder as the settings name it; compiles alone where it has been read.
 *
 * @throws FaultsError with every fault of policy, rules and schemas at once
 */
export function loadRules(
  settings: Settings,
  pseudonyms: Pseudonyms,
  files: RulesDirectory = readRulesDir(settings.rules, settings.overlays),
): LoadedRules {
  const faults: Fault[] = [];
  const ruleIds = ruleIdsOf(files.rules);
  const loaded = collecting(faults, () =>
    loadPolicy(files, {
      now: Date.now(),
      connectTo: settings.upstream.connect_to,
      parent: settings.parent.proxy,
      schemaNames: schemaNamesOf(files),
      ruleIds,
    }),
  );
  const limits = loaded?.policy.limits ?? readLimits(undefined, []);
  const { rules, schemas } = files;
  const operatorEnums = loaded?.policy.values ?? {};
  const inspector = collecting(faults, () =>
    compileInspector({ rules, schemas, limits, pseudonyms, findViews: findNestedViews, operatorEnums }),
  );
  if (loaded === undefined || inspector === undefined || faults.length > 0)
    throw new FaultsError("The proxy does not start with these rules:", faults);
  return { index: compilePolicy(loaded.policy), inspector, warnings: loaded.warnings, files };
}

/** The rules with the threads that judge by them; those of the rules `before` go on where nothing changed for them. */
export function withPool(loaded: LoadedRules, settings: Settings, key: Uint8Array, before?: RulesInForce): LoadedRules & RulesInForce {
  const { rules, schemas } = loaded.files;
  const { limits, values } = loaded.index.policy;
  const inspections = new InspectionPool(
    loaded.inspector,
    { rules, schemas, limits, operatorEnums: values, key },
    settings.inspection_threads,
    before?.inspections,
  );
  return { ...loaded, inspections };
}

/** Runs one reading and keeps its faults, so that the faults of all readings are told at once. */
function collecting<T>(faults: Fault[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}
