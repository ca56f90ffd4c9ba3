import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { CaseSwitch } from "../model/case-switch.js";
import { FaultsError } from "../model/fault.js";
import { LIMITED_CASES } from "../model/limited-case.js";
import type { Policy } from "../model/policy.js";
import { replaceFile } from "./whole-file.js";

const STATE = z.enum(["on", "limited", "unconfigured"]);
const SWITCH = z.strictObject({
  case: z.enum(LIMITED_CASES),
  at: z.int(),
  from: STATE.nullable(),
  to: STATE,
  by: z.string().nullable(),
  reason: z.string().nullable(),
  said: z.string().nullable(),
  policy: z.string(),
});
const FILE = z.strictObject({ switches: z.array(SWITCH) });

/** Changes that are remembered. */
const KEPT = 1_000;

/**
 * When each case's switch was changed, in `case-switches.json` of the data folder: the policy says what is, this says since when. Written by the
 * proxy as a policy comes into force, so it also holds what somebody changed with an editor.
 */
export class CaseSwitchFile {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, "case-switches.json");
  }

  /** The oldest first. @throws FaultsError where the file holds something else */
  list(): readonly CaseSwitch[] {
    if (!existsSync(this.#path)) return [];
    try {
      return FILE.parse(JSON.parse(readFileSync(this.#path, "utf8"))).switches;
    } catch {
      throw new FaultsError("The history of the cases' switches can't be read:", [
        { where: this.#path, what: "The file holds no such history.", mend: "Restore it from a backup, or remove it to begin anew." },
      ]);
    }
  }

  /**
   * A policy came into force: remembers each switch that it changed.
   *
   * @returns the changes, without those of the first policy ever
   * @throws FaultsError where the history can't be read; Error where it can't be written
   */
  note({ cases, digest }: Pick<Policy, "cases" | "digest">, now: number): readonly CaseSwitch[] {
    const before = this.list();
    const changes = LIMITED_CASES.flatMap((name): CaseSwitch[] => {
      const last = before.findLast((entry) => entry.case === name);
      const { state, changed } = cases[name];
      if (last?.to === state) return [];
      const said = changed?.at.toISOString() ?? null;
      // What was said of an older change and left there says nothing of this one.
      const says = before.some((entry) => entry.case === name && entry.said === said) ? undefined : changed;
      const who = says === undefined ? { by: null, reason: null, said: null } : { by: says.by, reason: says.reason, said };
      return [{ case: name, at: now, from: last?.to ?? null, to: state, ...who, policy: digest }];
    });
    if (changes.length > 0) replaceFile(this.#path, `${JSON.stringify({ switches: [...before, ...changes].slice(-KEPT) }, null, 2)}\n`);
    return changes.filter(({ from }) => from !== null);
  }
}
