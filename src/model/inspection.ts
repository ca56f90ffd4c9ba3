import type { BodyReading } from "./body-view.js";
import type { HeaderField } from "./exchange.js";
import type { Action, Finding, RuleId } from "./finding.js";

/** What `inspect/` is told of an exchange beside its body. */
export interface InspectionContext {
  /** Payload schema by name; undefined where the route takes no body. */
  readonly schema: string | undefined;
  readonly querySchema: string | undefined;
  readonly path: string;
  readonly query: string | undefined;
  readonly headers: readonly HeaderField[];
  /** Header names, lower case, whose values policy names as belonging there (Segment's `authorization`). */
  readonly namedHeaders: readonly string[];
  /** Milliseconds since the epoch: dates must lie near it. */
  readonly now: number;
  /** Milliseconds for this inspection where that is less than `limits.inspectionMs`: past it, `integrity/deadline`. */
  readonly budgetMs?: number;
}

/** What an inspection knows afterwards. An inspector's own makes `identity` when it is read; what crosses a worker's boundary is plain data. */
export interface Inspection {
  readonly findings: readonly Finding[];
  /** Found past `limits.findings`, counted only. */
  readonly moreFindings: number;
  /** HMAC over the members that the schema marks as identity, hex; undefined where it marks none or none could be read. Made when first read. */
  readonly identity: string | undefined;
  /** The event's kind where the schema names its value; several joined by `,` for a batch (distinct, sorted, at most 8). */
  readonly eventKind: string | undefined;
  /** The tenant pins that were seen: name and HMAC of the value. */
  readonly pins: readonly { readonly name: string; readonly hmac: string }[];
  /** The root's member whose array holds items that may be dropped one by one (`batch` of Segment), where the schema marks one. */
  readonly redactionUnit?: string | undefined;
  /** For the inventory: distinct `path TAB type TAB length class`, never a value; bounded. Empty where the inspection ran out of time. */
  readonly outline: readonly string[];
  /** The body's structure with every value replaced by type and length, JSON text, bounded to 64 KiB; undefined where unreadable. */
  readonly structure: string | undefined;
}

/** Compiled rules and schemas, ready to judge readings. Pure: no socket, no file, no clock of its own. */
export interface Inspector {
  inspect(reading: BodyReading, context: InspectionContext): Inspection;
  /** How many rules it holds, for health and `check`. */
  readonly ruleCount: number;
  /** What each rule of the rule files does where no case says otherwise. */
  readonly actions: ReadonlyMap<RuleId, Action>;
}

/** A text file that was read for a stage that touches no file. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}
