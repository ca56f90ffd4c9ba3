import type { CaseName } from "./limited-case.js";
import type { VerdictLabel } from "./ports.js";

/** One judged exchange, for the totals and the inventory. */
export interface TrafficSeen {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly caseName: CaseName;
  /** Policy's name of the destination; "" where it names none. */
  readonly destination: string;
  readonly verdict: VerdictLabel;
  /** Kinds joined by `,`. */
  readonly eventKind: string | undefined;
  /** What went out, as `Inspection.outline`; undefined where nothing did. */
  readonly outline: readonly string[] | undefined;
}

/** Counts what is judged and keeps the inventory of what left. Returns at once, never throws: traffic does not wait for it. */
export interface TrafficLedger {
  note(seen: TrafficSeen): void;
}
