import type { LimitedCase } from "./limited-case.js";
import type { CasePolicy } from "./policy.js";

/** One change of a case's switch, as the proxy saw it come into force. */
export interface CaseSwitch {
  readonly case: LimitedCase;
  /** When it came into force here, milliseconds since the epoch. */
  readonly at: number;
  /** Null: the first policy that this installation had. */
  readonly from: CasePolicy["state"] | null;
  readonly to: CasePolicy["state"];
  /** What the policy says under `changed`; null where it says nothing of this change. */
  readonly by: string | null;
  readonly reason: string | null;
  /** The date that the policy gives there, ISO 8601. */
  readonly said: string | null;
  /** Digest of the policy that brought it. */
  readonly policy: string;
}
