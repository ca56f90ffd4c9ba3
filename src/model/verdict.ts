import type { ByteRange, Finding } from "./finding.js";
import type { CaseName } from "./limited-case.js";
import type { Reason } from "./reasons.js";

/**
 * What is to happen to an exchange and why.
 * - `allow`: goes out. `findings` is not empty only in monitor mode or for rules whose action is `report`; then it is recorded as transferred.
 * - `redact`: goes out with the named members replaced, after the result was inspected again.
 * - `block`: stays here.
 */
export type Verdict =
  | { readonly kind: "allow"; readonly caseName: CaseName; readonly findings: readonly Finding[] }
  | {
      readonly kind: "redact";
      readonly caseName: CaseName;
      readonly findings: readonly Finding[];
      /** Where in the body what is to be replaced stands. */
      readonly ranges: readonly ByteRange[];
    }
  | {
      readonly kind: "block";
      readonly caseName: CaseName;
      readonly reason: Reason;
      readonly findings: readonly Finding[];
      readonly detail?: string;
    };
