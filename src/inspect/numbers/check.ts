import stdnumModule from "stdnum";
import { OWN_CHECKS } from "./own-checks.js";

const { stdnum } = stdnumModule;

/** Whether something is a number of one kind: by its check digits, its parts, or only its form. */
export interface NumberCheck {
  readonly name: string;
  /** Only the form is known, so it counts right after the word alone. */
  readonly isLoose: boolean;
  /** `raw` as it stands, `plain` its letters and digits in capitals. */
  holds(raw: string, plain: string): boolean;
}

/** `NL.bsn` of the stdnum package, or one of ours; undefined for a name that neither knows. */
export function checkNamed(name: string): NumberCheck | undefined {
  const own = OWN_CHECKS.get(name);
  if (own !== undefined) return { name, isLoose: own.isLoose, holds: (raw, plain) => own.holds(plain, raw) };
  const [country = "", kind = ""] = name.split(".");
  const standard = stdnum[country]?.[kind];
  if (standard === undefined) return undefined;
  return { name, isLoose: false, holds: (raw, plain) => standard.validate(plain).isValid || standard.validate(raw).isValid };
}
