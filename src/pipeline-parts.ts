import type { Forwarder } from "./forward/forwarder.js";
import type { UnreadAnswers } from "./forward/unread-answers.js";
import type { InspectionPool } from "./inspection-pool.js";
import type { EvidenceKeeper } from "./model/evidence.js";
import type { Client, RequestHead, Workload } from "./model/exchange.js";
import type { ConnectionContext } from "./model/exchange-handler.js";
import type { Inspection } from "./model/inspection.js";
import type { CaseName } from "./model/limited-case.js";
import type { OwnConnections } from "./model/own-connections.js";
import type { Destination, Route } from "./model/policy.js";
import type { Clock, Logger, Metrics, Pseudonyms } from "./model/ports.js";
import type { Refusal } from "./model/refusal.js";
import type { Target } from "./model/target.js";
import type { TenantPins } from "./model/tenant-pins.js";
import type { TrafficLedger } from "./model/traffic-ledger.js";
import type { TransferLog } from "./model/transfer.js";
import type { PolicyIndex } from "./verdict/policy-index.js";
import type { Admission } from "./verdict/quota.js";

/** The policy and the rules compiled from one reading of the rules folder; swapped as a whole at a reload. */
export interface RulesInForce {
  readonly index: PolicyIndex;
  readonly inspections: InspectionPool;
}

export interface PipelineParts {
  readonly rulesInForce: () => RulesInForce;
  readonly transfers: TransferLog;
  readonly forwarder: Forwarder;
  readonly own: OwnConnections;
  readonly unread: UnreadAnswers;
  readonly pseudonyms: Pseudonyms;
  readonly pins: TenantPins;
  readonly ledger: TrafficLedger;
  readonly evidence: EvidenceKeeper;
  /** What runs at a client's address in the cluster; waits for nothing. */
  readonly workloadAt?: (address: string) => Workload | undefined;
  /** Whether the client, and the case, are within their quotas. */
  readonly admit: (client: Client, caseName: CaseName) => Admission | Refusal;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What is known of an exchange so far; each step adds to it, and the record is made of it. */
export interface Known {
  readonly id: string;
  readonly at: number;
  readonly context: ConnectionContext;
  readonly head: RequestHead | undefined;
  readonly target: Target | undefined;
  readonly policyDigest: string;
  caseName: CaseName;
  destination: Destination | undefined;
  body: Buffer | undefined;
  inspection: Inspection | undefined;
  /** Whether findings of it are known to go to the vendor. */
  transferred: boolean;
  /** Of the body that goes out: the inspection's, or the redaction's. */
  outline: readonly string[] | undefined;
}

/** A request that has come through every stage. */
export interface Judged {
  readonly head: RequestHead;
  /** As captured, codings and all. */
  readonly body: Buffer;
  readonly destination: Destination;
  readonly route: Route;
  readonly rules: RulesInForce;
}
