import { structureOf } from "./gateway/held-json.js";
import type { SupportAccess, SupportAnswer } from "./gateway/support-gateway.js";
import { problemBody, problemHeaders, type UpstreamCode } from "./http/problem.js";
import { newExchangeId } from "./listen/exchange-id.js";
import type { Finding } from "./model/finding.js";
import type { Inspection } from "./model/inspection.js";
import type { Clock, Logger, Metrics, Pseudonyms } from "./model/ports.js";
import { isUnexpectedTransfer, type Reason } from "./model/reasons.js";
import type { TrafficLedger } from "./model/traffic-ledger.js";
import type { Transfer, TransferLog } from "./model/transfer.js";
import type { RulesInForce } from "./pipeline-parts.js";

/** Whom accesses of support are told to. */
export interface SupportOutcomeParts {
  readonly rulesInForce: () => RulesInForce;
  readonly transfers: TransferLog;
  readonly ledger: TrafficLedger;
  readonly pseudonyms: Pseudonyms;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Destination under which support's accesses stand in records. */
const DESTINATION = "support";
/** For messages whose method and path policy does not name. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** What an access is known by while it is judged. */
export interface JudgedAccess {
  readonly access: SupportAccess;
  readonly body: Buffer | undefined;
  readonly inspection: Inspection | undefined;
  readonly findings: readonly Finding[];
}

/** How an access ends, as record, counters, log and support are told of it. */
export class SupportOutcomes {
  readonly #parts: SupportOutcomeParts;

  constructor(parts: SupportOutcomeParts) {
    this.#parts = parts;
  }

  async allow(judged: JudgedAccess, status: number, verdict: "allow" | "redact"): Promise<SupportAnswer> {
    const record = await this.#record(judged, verdict, undefined, true);
    // Access without a trace is none: unlike clean traffic that leaves, this is asked for by someone outside.
    if (record === undefined) return this.#told(judged, "record-unavailable", undefined);
    this.#count(judged, verdict, undefined);
    return { status, contentType: "application/json", body: judged.body ?? Buffer.alloc(0) };
  }

  async refuse(judged: JudgedAccess, reason: Reason): Promise<SupportAnswer> {
    const record = await this.#record(judged, "block", reason, false);
    return this.#told(judged, record === undefined ? "record-unavailable" : reason, record);
  }

  #told(judged: JudgedAccess, reason: Reason, record: string | undefined): SupportAnswer {
    const { metrics, logger } = this.#parts;
    this.#count(judged, "block", reason);
    metrics.blocked("support", reason);
    if (reason === "case-limited") metrics.limited("support");
    logger.warn("Support was refused.", {
      record,
      reason,
      who: judged.access.visitor.subject,
      rules: judged.findings.map(({ rule }) => rule).join(","),
    });
    return problem(reason, record, judged.findings);
  }

  async upstreamFailed(access: SupportAccess, reason: UpstreamCode): Promise<SupportAnswer> {
    const { metrics, logger } = this.#parts;
    metrics.upstreamError(DESTINATION, reason === "upstream-timeout" ? "timeout" : "reset");
    logger.warn("Diffgram did not answer support.", { reason });
    const judged = { access, body: undefined, inspection: undefined, findings: [] };
    const record = await this.#record(judged, "allow", undefined, false);
    return problem(reason, record, []);
  }

  #count({ access, inspection, findings }: JudgedAccess, verdict: Transfer["verdict"], reason: Reason | undefined): void {
    const { metrics, ledger } = this.#parts;
    metrics.request("support", DESTINATION, verdict);
    const outline = verdict === "block" ? undefined : inspection?.outline;
    ledger.note({ at: access.at, caseName: "support", destination: DESTINATION, verdict, eventKind: undefined, outline });
    for (const finding of findings) metrics.finding(finding.rule, finding.action);
    if (reason === undefined ? findings.length > 0 : isUnexpectedTransfer(reason))
      metrics.unexpectedTransfer("support", reason === undefined && verdict === "allow");
  }

  /** @returns the record's id once it is on disk */
  async #record(
    { access, body, inspection, findings }: JudgedAccess,
    verdict: Transfer["verdict"],
    reason: Reason | undefined,
    answered: boolean,
  ): Promise<string | undefined> {
    const { pseudonyms, transfers, clock } = this.#parts;
    const { policy } = this.#parts.rulesInForce().index;
    const id = newExchangeId(clock.now());
    const named = (policy.cases.support.supportRoutes ?? []).some((route) => route.path === access.path);
    const { durability, record } = await transfers.write({
      id,
      at: access.at,
      client: access.visitor.subject === "" ? access.visitor.address : `${access.visitor.subject} (${access.visitor.address})`,
      entry: "support",
      caseName: "support",
      destination: DESTINATION,
      host: DESTINATION,
      port: 0,
      method: METHODS.has(access.method) ? access.method : pseudonyms.short(access.method),
      path: named ? access.path : pseudonyms.short(access.path),
      verdict,
      reason,
      findings,
      moreFindings: inspection?.moreFindings ?? 0,
      transferred: answered && verdict !== "block",
      unexpected: findings.length > 0 || (reason !== undefined && isUnexpectedTransfer(reason)),
      // Each access is a record of its own: who looked, and when, is the point of it.
      identity: pseudonyms.hmac(`support ${id}`),
      eventKind: undefined,
      bodyBytes: body?.length ?? 0,
      bodyHmac: pseudonyms.hmac(body ?? ""),
      structure: inspection === undefined ? undefined : (inspection.structure ?? structureOf(inspection.outline)),
      policyDigest: policy.digest,
    });
    return durability === "failed" ? undefined : record;
  }
}

function problem(reason: Reason | UpstreamCode, record: string | undefined, findings: readonly Finding[]): SupportAnswer {
  const status = reason === "upstream-timeout" ? 504 : reason === "upstream-unreachable" ? 502 : 403;
  const contentType = problemHeaders(status).find(([name]) => name === "Content-Type")?.[1] ?? "application/problem+json";
  return { status, contentType, body: problemBody({ status, reason, detail: undefined, record, caseName: "support", findings }) };
}
