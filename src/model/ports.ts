import type { Action, RuleId } from "./finding.js";
import type { CaseName } from "./limited-case.js";
import type { Reason } from "./reasons.js";

/** What every stage may be handed, so that none imports another. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Never a value that a rule caught, nor a key or host that no policy names. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export type VerdictLabel = "allow" | "redact" | "block";

/** The counters of docs/metrics.md; labels are bounded by their types. */
export interface Metrics {
  request(caseName: CaseName, destination: string, verdict: VerdictLabel): void;
  blocked(caseName: CaseName, reason: Reason): void;
  finding(rule: RuleId, action: Action): void;
  bodyBytes(direction: "in" | "out" | "answer", bytes: number): void;
  inspectionSeconds(seconds: number): void;
  requestSeconds(seconds: number): void;
  unexpectedTransfer(caseName: CaseName, transferred: boolean): void;
  limited(caseName: CaseName): void;
  upstreamError(destination: string, kind: UpstreamErrorKind): void;
  tlsFailure(side: "client" | "upstream", reason: string): void;
  leafCertificate(): void;
}

export type UpstreamErrorKind = "resolve" | "connect" | "tls" | "timeout" | "reset" | "protocol" | "parent" | "loop";

/** Keyed pseudonyms; the key is one installation's and never leaves its data folder (invariant 7). */
export interface Pseudonyms {
  /** HMAC-SHA-256, 64 hex digits. */
  hmac(value: Uint8Array | string): string;
  /** `{8 hex digits}` of the HMAC: stands for a key, host, path segment or header name that no policy names. */
  short(value: string): string;
}
