import {
  type Aggregator,
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
  collectDefaultMetrics,
} from "prom-client";
import type { Action, RuleId } from "../model/finding.js";
import { CASE_NAMES, type CaseName, LIMITED_CASES, type LimitedCase } from "../model/limited-case.js";
import type { CasePolicy } from "../model/policy.js";
import type { Metrics, UpstreamErrorKind, VerdictLabel } from "../model/ports.js";
import { REASONS, type Reason } from "../model/reasons.js";
import { type MetricsSnapshot, parseSnapshot, renderMerged } from "./metrics-merge.js";
import { Tally } from "./tally.js";

/** Where a request goes to a host that no policy names: its name would be an unbounded label, and may itself be a secret. */
const UNNAMED_DESTINATION = "unnamed";

const CASE_STATES = ["on", "limited", "unconfigured"] as const satisfies readonly CasePolicy["state"][];
const VERDICTS = ["allow", "redact", "block"] as const satisfies readonly VerdictLabel[];
const UPSTREAM_ERROR_KINDS = [
  "resolve",
  "connect",
  "tls",
  "timeout",
  "reset",
  "protocol",
  "parent",
  "loop",
] as const satisfies readonly UpstreamErrorKind[];
const DIRECTIONS = ["in", "out", "answer"] as const;
const RELOAD_RESULTS = ["ok", "error"] as const;

/**
 * Upper bounds in seconds. Inspecting a kilobyte takes some 100 us and the default budget is 2 s; a request adds one trip to the vendor,
 * whose clients give up after 3 s (event hub) or 15 s (Segment).
 */
const INSPECTION_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 15, 30];

/** Distinct values that a label fed from outside the types may take; past them it reads `other`. Rules and destinations come from policy. */
const LABEL_VALUES = 500;

export type ReloadResult = (typeof RELOAD_RESULTS)[number];

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Every number that the proxy tells Prometheus (docs/metrics.md): the stages' `Metrics`, and setters for what `main.ts` alone knows.
 * Each has a registry of its own, so that two proxies in one process (tests) don't share counters.
 *
 * Series that an alert uses exist from the start at zero: `increase()` over a series that appears with its first event misses that event.
 */
export class MetricsRegistry implements Metrics {
  readonly #registry = new Registry<PrometheusContentType | OpenMetricsContentType>();
  #rendering: Promise<unknown> = Promise.resolve();
  readonly #names: ReadonlyMap<{ name: string }, string>;
  #others: () => Promise<readonly MetricsSnapshot[]> = () => Promise.resolve([]);
  #soonestLeafEnd: () => number | undefined = () => undefined;

  readonly #requests = this.#counter("egress_requests_total", "Exchanges that were judged.", ["case", "destination", "verdict"]);
  readonly #blocked = this.#counter("egress_blocked_total", "Exchanges that were refused, by the reason that the answer carries.", [
    "case",
    "reason",
  ]);
  readonly #findings = this.#counter("egress_findings_total", "Findings, by rule and by what was done about them.", ["rule", "action"]);
  readonly #bodyBytes = this.#counter(
    "egress_body_bytes_total",
    "Body bytes read from clients (in), sent upstream (out) and answered (answer).",
    ["direction"],
  );
  readonly #unexpected = this.#counter(
    "egress_unexpected_transfers_total",
    "Unexpected Data Transfers, by whether any of it reached the vendor.",
    ["case", "transferred"],
  );
  readonly #limited = this.#counter("egress_limited_total", "Exchanges refused because the operator has limited their case.", ["case"]);
  readonly #changes = this.#counter("egress_material_changes_total", "Paths, event kinds and destinations that left for the first time.", [
    "case",
  ]);
  readonly #reloads = this.#counter(
    "egress_policy_reload_total",
    "Attempts to load the policy; on an error the one before stays in force.",
    ["result"],
  );
  readonly #upstreamErrors = this.#counter("egress_upstream_errors_total", "Exchanges that failed on the upstream's side.", [
    "destination",
    "kind",
  ]);
  readonly #tlsFailures = this.#counter("egress_tls_failures_total", "TLS handshakes that failed.", ["side", "reason"]);
  readonly #leaves = this.#counter("egress_leaf_certificates_total", "Leaf certificates minted.", []);

  readonly #inspectionSeconds = this.#histogram("egress_inspection_seconds", "Time to read and inspect one exchange.", INSPECTION_BUCKETS);
  readonly #requestSeconds = this.#histogram(
    "egress_request_seconds",
    "Time from a request's first byte to its answer's last.",
    REQUEST_BUCKETS,
  );

  readonly #open = this.#gauge(
    "egress_unexpected_transfers_open",
    "Unexpected Data Transfers in the record whose status is open.",
    [],
    "max",
  );
  readonly #caseState = this.#gauge(
    "egress_case_state",
    "1 for the state that a Limited Case is in, 0 for the others.",
    ["case", "state"],
    "max",
  );
  readonly #caExpiry = this.#gauge(
    "egress_ca_expiry_timestamp_seconds",
    "When the CA certificate ends, in seconds since the epoch.",
    [],
    "min",
  );
  readonly #leafExpiry = this.#gauge(
    "egress_leaf_expiry_timestamp_seconds",
    "When the first of the leaf certificates in use ends, in seconds since the epoch; they are renewed long before.",
    [],
    "min",
  );
  readonly #workersWanted = this.#gauge("egress_workers_wanted", "Processes that are to serve clients.", [], "max");
  readonly #workersRunning = this.#gauge("egress_workers_running", "Processes that serve clients.", [], "max");
  readonly #workerRestarts = this.#counter("egress_worker_restarts_total", "Processes that died and were started again.", []);
  readonly #spooled = this.#gauge("egress_records_spooled", "Records that wait in the local spool for the store.", []);
  readonly #policyInfo = this.#gauge("egress_policy_info", "Always 1; its label is the digest of the policy in force.", ["digest"], "max");

  readonly #requestTally = new Tally(this.#requests);
  readonly #byteTally = new Tally(this.#bodyBytes);

  readonly #destinations = new BoundedLabel(LABEL_VALUES);
  readonly #rules = new BoundedLabel(LABEL_VALUES);
  readonly #tlsReasons = new BoundedLabel(50);

  constructor(options: { readonly processMetrics?: boolean } = {}) {
    if (options.processMetrics !== false) collectDefaultMetrics({ register: this.#registry });
    for (const caseName of CASE_NAMES) {
      this.#changes.inc({ case: caseName }, 0);
      for (const reason of REASONS) this.#blocked.inc({ case: caseName, reason }, 0);
      for (const transferred of ["true", "false"]) this.#unexpected.inc({ case: caseName, transferred }, 0);
    }
    for (const caseName of LIMITED_CASES) {
      this.#limited.inc({ case: caseName }, 0);
      for (const state of CASE_STATES) this.#caseState.set({ case: caseName, state }, 0);
    }
    for (const direction of DIRECTIONS) this.#bodyBytes.inc({ direction }, 0);
    for (const result of RELOAD_RESULTS) this.#reloads.inc({ result }, 0);
    for (const side of ["client", "upstream"]) this.#tlsFailures.inc({ side, reason: "other" }, 0);
    this.policyDestinations([]);
    // No leaf yet; zero would be one that ended in 1970.
    this.#leafExpiry.remove();
    this.#names = new Map(this.#registry.getMetricsAsArray().map((metric) => [metric, metric.name]));
  }

  // ---- What stages count

  request(caseName: CaseName, destination: string, verdict: VerdictLabel): void {
    const named = this.#destination(destination);
    this.#requestTally.add(`${caseName} ${verdict} ${named}`, 1, () => ({ case: caseName, destination: named, verdict }));
  }

  blocked(caseName: CaseName, reason: Reason): void {
    this.#blocked.inc({ case: caseName, reason });
  }

  finding(rule: RuleId, action: Action): void {
    this.#findings.inc({ rule: this.#rules.bound(rule), action });
  }

  bodyBytes(direction: "in" | "out" | "answer", bytes: number): void {
    this.#byteTally.add(direction, bytes, () => ({ direction }));
  }

  inspectionSeconds(seconds: number): void {
    this.#inspectionSeconds.observe(seconds);
  }

  requestSeconds(seconds: number): void {
    this.#requestSeconds.observe(seconds);
  }

  unexpectedTransfer(caseName: CaseName, transferred: boolean): void {
    this.#unexpected.inc({ case: caseName, transferred: String(transferred) });
  }

  limited(caseName: CaseName): void {
    this.#limited.inc({ case: caseName });
  }

  upstreamError(destination: string, kind: UpstreamErrorKind): void {
    this.#upstreamErrors.inc({ destination: this.#destination(destination), kind });
  }

  tlsFailure(side: "client" | "upstream", reason: string): void {
    this.#tlsFailures.inc({ side, reason: this.#tlsReasons.bound(reason) });
  }

  leafCertificate(): void {
    this.#leaves.inc();
  }

  // ---- What main.ts sets

  /** The state that each case is in: exactly one of its series is 1. */
  caseState(caseName: LimitedCase, state: CasePolicy["state"]): void {
    for (const each of CASE_STATES) this.#caseState.set({ case: caseName, state: each }, each === state ? 1 : 0);
  }

  /** Gives the policy's destinations their series at zero. Call at start and after each reload, with the names and cases of all of them. */
  policyDestinations(destinations: readonly { readonly name: string; readonly caseName: CaseName }[]): void {
    for (const { name, caseName } of [...destinations, { name: UNNAMED_DESTINATION, caseName: "none" as const }]) {
      const destination = this.#destination(name);
      for (const verdict of VERDICTS) this.#requests.inc({ case: caseName, destination, verdict }, 0);
      for (const kind of UPSTREAM_ERROR_KINDS) this.#upstreamErrors.inc({ destination, kind }, 0);
    }
  }

  /** Gives each rule its series at zero, for the action that the policy names. */
  policyRules(rules: readonly { readonly id: RuleId; readonly action: Action }[]): void {
    for (const rule of rules) this.#findings.inc({ rule: this.#rules.bound(rule.id), action: rule.action }, 0);
  }

  /** The policy in force, by digest; replaces the one before. */
  policyInfo(digest: string): void {
    this.#policyInfo.reset();
    this.#policyInfo.set({ digest }, 1);
  }

  policyReload(result: ReloadResult): void {
    this.#reloads.inc({ result });
  }

  caExpiry(notAfter: Date): void {
    this.#caExpiry.set(notAfter.getTime() / 1000);
  }

  /** Asked at each scrape: when the first of the leaves in use ends, in milliseconds since the epoch; undefined while there is none. */
  leafExpiry(soonest: () => number | undefined): void {
    this.#soonestLeafEnd = soonest;
  }

  /** Processes that serve clients, and how many of them there are to be. */
  workers(running: number, wanted: number): void {
    this.#workersRunning.set(running);
    this.#workersWanted.set(wanted);
  }

  workerRestarted(): void {
    this.#workerRestarts.inc();
  }

  /** Further processes whose numbers this one tells with its own; asked at each scrape. */
  include(others: () => Promise<readonly MetricsSnapshot[]>): void {
    this.#others = others;
  }

  recordsSpooled(count: number): void {
    this.#spooled.set(count);
  }

  /** What left for the first time, once the inventory has it. */
  materialChanges(caseName: CaseName, count: number): void {
    this.#changes.inc({ case: caseName }, count);
  }

  unexpectedTransfersOpen(count: number): void {
    this.#open.set(count);
  }

  /** Everything as text: Prometheus 0.0.4, or OpenMetrics 1.0. */
  async render(format: "prometheus" | "openmetrics"): Promise<Exposition> {
    const contentType = format === "openmetrics" ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
    const others = await this.#others();
    if (others.length > 0) return { contentType, body: await renderMerged([await this.snapshot(), ...others], contentType) };
    return this.#inTurn(async () => {
      this.#registry.setContentType(contentType);
      return { contentType, body: await this.#registry.metrics() };
    });
  }

  /** Everything as values, for the process that tells them. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.#inTurn(async () => parseSnapshot(await this.#registry.getMetricsAsJSON()));
  }

  /** The registry holds its format as state that is read while it renders, so two scrapes of different formats take turns. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#rendering.then(() => {
      // prom-client's OpenMetrics rendering takes `_total` off its counters' names for good; the text format needs it.
      for (const [metric, name] of this.#names) metric.name = name;
      const soonest = this.#soonestLeafEnd();
      if (soonest !== undefined) this.#leafExpiry.set(soonest / 1000);
      this.#requestTally.flush();
      this.#byteTally.flush();
      return work();
    });
    this.#rendering = done.catch(() => undefined);
    return done;
  }

  /** `{8 hex}` stands for a host that no policy names; there are as many as a client cares to invent. */
  #destination(name: string): string {
    return name === "" || name.startsWith("{") ? UNNAMED_DESTINATION : this.#destinations.bound(name);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  /** @param aggregator how the values of several processes make one */
  #gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[], aggregator: Aggregator = "sum"): Gauge<Label> {
    return new Gauge({ name, help, labelNames: [...labelNames], aggregator, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name, help, buckets: [...buckets], registers: [this.#registry] });
  }
}

/** Keeps a label from growing without bound, whatever feeds it. */
class BoundedLabel {
  readonly #seen = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  bound(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= this.#most) return "other";
    this.#seen.add(value);
    return value;
  }
}
