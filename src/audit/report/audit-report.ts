import type { MaterialChange } from "../baseline.js";
import type { AuditFinding } from "../finding.js";

/** What every format renders. */
export interface AuditReport {
  readonly findings: readonly AuditFinding[];
  /** Undefined where no baseline was given. */
  readonly changes: readonly MaterialChange[] | undefined;
  readonly filesRead: number;
  readonly version: string;
  /** The tool's own page; undefined where its package names none. */
  readonly home: string | undefined;
}
