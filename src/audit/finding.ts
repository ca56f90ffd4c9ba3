/** What the audit can say about one place of a checkout. docs/audit.md explains each. */
export const AUDIT_KINDS = [
  "event-field",
  "event-call",
  "segment-track",
  "segment-identify",
  "outbound-call",
  "internal-call",
  "tag-manager",
  "front-end-host",
  "page-visit",
  "support-route",
  "agent",
  "udt-risk",
  "drift",
  "skipped",
] as const;

export type AuditKind = (typeof AUDIT_KINDS)[number];

/** One line of the report; flat, so that `jq` and a spreadsheet read it as it is. */
export interface AuditFinding {
  readonly kind: AuditKind;
  /** Relative to the checkout, with `/`. */
  readonly file: string;
  /** From 1; 1 where the whole file is meant. */
  readonly line: number;
  /** What it is called: a field, a kind of event, a host, a route, an agent, a risk. */
  readonly name: string;
  /** One sentence: what flows where. */
  readonly detail: string;
  readonly link: string;
}

/** A finding before its link is known. */
export type Observation = Omit<AuditFinding, "link">;

/** A file that was not read, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** A place in the checkout. */
export interface Place {
  readonly file: string;
  readonly line: number;
}
