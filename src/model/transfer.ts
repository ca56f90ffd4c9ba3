import type { Entry } from "./exchange.js";
import type { Finding } from "./finding.js";
import type { CaseName } from "./limited-case.js";
import type { Reason } from "./reasons.js";

/**
 * One refused, redacted or monitored exchange as it goes to the record. Holds nothing of the value that was caught (invariant 7):
 * hosts, path segments and keys that no policy or schema names stand as `{8 hex}` of their HMAC before they get here.
 */
export interface Transfer {
  /** UUIDv7 of the exchange: the record's id, and what makes a second write of it harmless. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly client: string;
  readonly entry: Entry;
  readonly caseName: CaseName;
  /** Policy's name of the destination, or `{8 hex}`. */
  readonly destination: string;
  readonly host: string;
  readonly port: number;
  /** `host:port` of the parent proxy that resolves the host and dials it (invariant 4); undefined: this proxy does. */
  readonly via?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly verdict: "allow" | "redact" | "block";
  readonly reason: Reason | undefined;
  readonly findings: readonly Finding[];
  /** Findings past the limit, that are counted but not listed. */
  readonly moreFindings: number;
  /** Whether any of it went to the vendor. */
  readonly transferred: boolean;
  /** False for a limited case's refused traffic, which is no Unexpected Data Transfer. */
  readonly unexpected: boolean;
  /** HMAC of destination and identity members, hex: equal for the same UDT sent again ("One UDT", docs/record.md). */
  readonly identity: string;
  /** What kind of event it was, where the schema marks one and names its value; else undefined. */
  readonly eventKind: string | undefined;
  readonly bodyBytes: number;
  /** Keyed HMAC of the body as it came, hex. */
  readonly bodyHmac: string;
  /** The body's structure with each value replaced by type and length, as JSON text; undefined where it could not be read. */
  readonly structure: string | undefined;
  readonly policyDigest: string;
  /** Set where this stands for many exchanges: past a client's quota, or imported. */
  readonly bundle?: TransferBundle;
}

/** How many exchanges one transfer stands for. Times are milliseconds since the epoch. */
export interface TransferBundle {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** Findings by rule. */
  readonly rules: Readonly<Record<string, number>>;
}

/**
 * How a transfer was made durable: in the store, or in the local spool while the store is away. `failed`: nowhere, so it must be refused
 * as `record-unavailable`.
 */
export type Durability = "stored" | "spooled" | "failed";

/** What became of one write. */
export interface WriteOutcome {
  readonly durability: Durability;
  /**
   * The id that `records show` finds: the UDT's own, which is the id of the first exchange that carried it. Where nothing could be made
   * durable, the exchange's own id, which then names no record.
   */
  readonly record: string;
}

/** What the pipeline needs of `record/`. Resolves only after the bytes are synced (invariant 6), and never rejects. */
export interface TransferLog {
  write(transfer: Transfer): Promise<WriteOutcome>;
}
