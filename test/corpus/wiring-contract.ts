import type { Finding } from "../../src/model/finding.js";
import type { VerdictLabel } from "../../src/model/ports.js";
import type { LabelledCase } from "./labelled-case.js";

/** What the product says about one case. */
export interface CaseOutcome {
  readonly verdict: VerdictLabel;
  readonly findings: readonly Pick<Finding, "rule" | "pointer" | "view">[];
}

/**
 * The one door between corpus and product: `test/corpus/wiring.ts` exports a function of this type as `inspectCase`.
 * `now`: milliseconds since the epoch, the same that the corpus was made with.
 */
export type InspectCase = (labelledCase: LabelledCase, now: number) => CaseOutcome | Promise<CaseOutcome>;

/** Loads the wiring beside this file. Throws with the mend where there is none. */
export async function loadWiring(): Promise<InspectCase> {
  const at = new URL("./wiring.js", import.meta.url).href;
  let loaded: unknown;
  try {
    loaded = await import(at);
  } catch (cause) {
    throw new Error(
      `test/corpus/wiring.ts could not be loaded (${at}). It must export inspectCase(case, now): see test/corpus/wiring-contract.ts.`,
      { cause },
    );
  }
  if (!hasInspectCase(loaded)) throw new Error(`${at} exports no function inspectCase(case, now): see test/corpus/wiring-contract.ts.`);
  return loaded.inspectCase;
}

function hasInspectCase(loaded: unknown): loaded is { readonly inspectCase: InspectCase } {
  return typeof loaded === "object" && loaded !== null && "inspectCase" in loaded && typeof loaded.inspectCase === "function";
}
