import type { Action, Finding, RuleId } from "./finding.js";
import type { CaseSwitch } from "./case-switch.js";
import type { CaseName } from "./limited-case.js";
import type { Policy } from "./policy.js";
import type { VerdictLabel } from "./ports.js";
import type { Reason } from "./reasons.js";
import type { DeskRecord } from "./record-desk.js";

/** A payload as someone pastes it into the inspect page. */
export interface InspectionRequest {
  /** An absolute URL. */
  readonly to: string;
  readonly method: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface InspectionAnswer {
  readonly verdict: VerdictLabel;
  readonly case: CaseName;
  readonly reason: Reason | undefined;
  readonly findings: readonly Finding[];
  /** One sentence: what would be done, and why. */
  readonly explanation: string;
}

/** Judges a payload as the proxy would; sends nothing and stores nothing. Rejects with a FaultsError where the request itself can't be read. */
export type InspectPort = (request: InspectionRequest) => Promise<InspectionAnswer>;

/** A rule as the policy page shows it; its examples are made up. */
export interface RuleInForce {
  readonly id: RuleId;
  readonly action: Action;
  readonly title: string;
  readonly why: string;
  readonly examples: { readonly match: readonly unknown[]; readonly pass: readonly unknown[] };
}

export interface PolicyInForce {
  readonly policy: Policy;
  readonly rules: readonly RuleInForce[];
  /** How the cases' switches came to be what they are, the oldest first; absent where nobody keeps it. */
  readonly switches?: readonly CaseSwitch[] | undefined;
}

/** What would let a dismissed transfer out; a proposal, applied by nobody but whoever keeps the rules folder. */
export interface ExceptionProposal {
  /** A unified diff of the policy's files, for `git apply`; "" where no policy can open it. */
  readonly diff: string;
  /** What it opens beside this transfer, and what it can't open. */
  readonly notes: readonly string[];
}

/** @param dismissal who dismissed it and why; `now` in milliseconds since the epoch */
export type ProposePort = (
  record: DeskRecord,
  dismissal: { readonly author: string; readonly reason: string; readonly now: number },
) => ExceptionProposal;

/** One path of allowed traffic ("what has left the building"); never a value. */
export interface InventoryItem {
  readonly case: CaseName;
  readonly destination: string;
  readonly path: string;
  readonly type: string;
  readonly lengthClass: string;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** True where it was seen for the first time and nobody has acknowledged it: a material change. */
  readonly materialChange: boolean;
}

export interface InventoryPort {
  list(filter: {
    readonly changes?: boolean | undefined;
    readonly cursor?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<{ readonly items: readonly InventoryItem[]; readonly next: string | undefined }>;
  /** Marks the material changes of now, of one case or of all, as seen by somebody. @returns how many */
  accept(by: { readonly by: string; readonly at: number; readonly case?: CaseName | undefined }): Promise<number>;
}

export const REPORT_FORMATS = ["html", "md", "json", "csv"] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** A period's summary for an auditor, written out in one of the formats. Times are milliseconds since the epoch. */
export type ReportPort = (period: { readonly since: number; readonly until: number; readonly format: ReportFormat }) => Promise<string>;

/** What consoles of one store share and a restart must not lose: who is signed in. An id is a hash: a copy of it signs nobody in. */
export interface DeskMemory {
  get(id: string): Promise<string | undefined>;
  /** @param until milliseconds since the epoch; it is forgotten then */
  put(id: string, text: string, until: number): Promise<void>;
  remove(id: string): Promise<void>;
}

/** What the overview says of the proxy. */
export interface ConsoleHealth {
  readonly status: "ok" | "failing" | "stopping";
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}
