import type { Forwarder } from "./forward/forwarder.js";
import { forwardedHeaders } from "./http/forwarded-headers.js";
import { parseHead } from "./http/head.js";
import { problemBody, problemHeaders } from "./http/problem.js";
import type { InspectionPool } from "./inspection-pool.js";
import { newExchangeId } from "./listen/exchange-id.js";
import type { AnswerSink } from "./model/answer.js";
import { type Exchange, header, type RequestHead } from "./model/exchange.js";
import type { BodySource, ConnectionContext, ExchangeHandler } from "./model/exchange-handler.js";
import { type Finding, MASK } from "./model/finding.js";
import type { Inspection } from "./model/inspection.js";
import type { CaseName } from "./model/limited-case.js";
import type { Destination, Route } from "./model/policy.js";
import type { Clock, Logger, Metrics, Pseudonyms } from "./model/ports.js";
import { isUnexpectedTransfer, type Reason } from "./model/reasons.js";
import { isRefusal, type Refusal, refusal } from "./model/refusal.js";
import type { Target } from "./model/target.js";
import type { TenantPins } from "./model/tenant-pins.js";
import type { TransferLog } from "./model/transfer.js";
import type { Verdict } from "./model/verdict.js";
import { draftTransfer } from "./record/transfer-draft.js";
import { decide } from "./verdict/decision.js";
import { matchDestination } from "./verdict/destination-match.js";
import { caseOf, namesHost, type PolicyIndex } from "./verdict/policy-index.js";
import { matchRoute } from "./verdict/route-match.js";

/** The policy and the rules compiled from one reading of the rules folder; swapped as a whole at a reload. */
export interface RulesInForce {
  readonly index: PolicyIndex;
  readonly inspections: InspectionPool;
}

export interface PipelineParts {
  readonly rulesInForce: () => RulesInForce;
  readonly transfers: TransferLog;
  readonly forwarder: Forwarder;
  /** The operator's `--connect-to`, by canonical host and port. */
  readonly connectTo: (target: Target) => { readonly host: string; readonly port: number } | undefined;
  readonly pseudonyms: Pseudonyms;
  readonly pins: TenantPins;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What is known of an exchange so far; each step adds to it, and the record is made of it. */
interface Known {
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
}

/**
 * The story of one exchange. A stage that refuses ends it; nothing is passed on that did not come through every stage in order.
 *
 *  1. destination   does a case of the policy name host and port, and is it on?
 *  2. route         does it name method, path, query and content type?
 *  3. capture       the whole body, bounded
 *  4. read          codings, charset, format: to views, or to a fault
 *  5. inspect       schema, rules: to findings
 *  6. decide        allow, redact or block, and why
 *  7. record        on disk, before anything is answered or sent
 *  8. forward       the inspected bytes, or the refusal
 */
export class Pipeline implements ExchangeHandler {
  readonly parseHead = parseHead;
  readonly #parts: PipelineParts;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  async handle(exchange: Exchange, body: BodySource, answer: AnswerSink): Promise<void> {
    const { head } = exchange;
    const rules = this.#parts.rulesInForce();
    const { policy } = rules.index;
    const known = this.#know(exchange.id, { client: exchange.client, entry: exchange.entry, target: head.target }, head, policy.digest);

    const place = matchDestination(rules.index, head.target);
    known.destination = place.destination;
    known.caseName = place.ok ? place.destination.caseName : place.caseName;
    if (!place.ok) return this.#refuse(known, place.reason, undefined, [], answer);

    const routed = matchRoute(place.destination, questionOf(head, body));
    if (!routed.ok) return this.#refuse(known, routed.reason, undefined, [], answer);

    const captured = await body.capture(policy.limits.bodyBytes);
    if (isRefusal(captured)) return this.#refuse(known, captured.refused, captured.detail, [], answer);
    known.body = captured;
    this.#parts.metrics.bodyBytes("in", captured.length);

    const inspection = await this.#inspect(rules, head, captured, routed.route, place.destination);
    if (isRefusal(inspection)) return this.#refuse(known, inspection.refused, inspection.detail, [], answer);
    known.inspection = inspection;

    const casePolicy = caseOf(policy, place.destination);
    const findings = [...inspection.findings, ...this.#foreignTenant(inspection)];
    const { moreFindings } = inspection;
    const verdict = decide({ caseName: known.caseName, casePolicy, findings, moreFindings, now: this.#parts.clock.now() });
    return this.#carryOut(verdict, known, head, captured, place.destination, answer);
  }

  /** A host that a case names is tunnelled even if it will be refused, so that the client reads the refusal inside TLS. */
  connect(head: { readonly target: Target }, _context: ConnectionContext): Refusal | undefined {
    const { index } = this.#parts.rulesInForce();
    if (namesHost(index, head.target.host)) return undefined;
    return refusal("destination-not-allowed", "No case of the policy names the host that the tunnel is for.");
  }

  async refuse(refused: Refusal, context: ConnectionContext, answer: AnswerSink): Promise<void> {
    const { index } = this.#parts.rulesInForce();
    const known = this.#know(newExchangeId(this.#parts.clock.now()), context, undefined, index.policy.digest);
    const place = context.target === undefined ? undefined : matchDestination(index, context.target);
    known.destination = place?.destination;
    known.caseName = place?.destination?.caseName ?? "none";
    await this.#refuse(known, refused.refused, refused.detail, [], answer);
  }

  #know(id: string, context: ConnectionContext, head: RequestHead | undefined, policyDigest: string): Known {
    const target = head?.target ?? context.target;
    const unknown = { caseName: "none" as const, destination: undefined, body: undefined, inspection: undefined };
    return { id, at: this.#parts.clock.now(), context, head, target, policyDigest, ...unknown };
  }

  async #inspect(rules: RulesInForce, head: RequestHead, body: Buffer, route: Route, destination: Destination): Promise<Inspection | Refusal> {
    const started = performance.now();
    try {
      return await rules.inspections.inspect({
        body,
        head: { contentType: header(head.headers, "content-type"), contentEncoding: header(head.headers, "content-encoding") },
        context: {
          schema: route.schema,
          querySchema: route.querySchema,
          path: head.path,
          query: head.query,
          headers: head.headers,
          namedHeaders: destination.headers,
          now: this.#parts.clock.now(),
        },
      });
    } catch (error) {
      // Its message may quote the body, so only its name is told.
      this.#parts.logger.error("An inspection failed; the exchange is refused.", { fault: error instanceof Error ? error.name : "unknown" });
      return refusal("inspection-failed", "The inspection ended by a fault of its own.");
    } finally {
      this.#parts.metrics.inspectionSeconds((performance.now() - started) / 1_000);
    }
  }

  /** A value that names another account than this installation's (invariant 10). */
  #foreignTenant(inspection: Inspection | undefined): Finding[] {
    const seen = inspection?.pins ?? [];
    const names = this.#parts.pins.mismatches(seen);
    return names.map((name) => ({
      rule: "integrity/foreign-tenant",
      pointer: `pin:${name}`,
      view: "pin",
      action: "block",
      mask: MASK,
      hmac: seen.find((pin) => pin.name === name)?.hmac ?? "",
      why: `The value of ${name} differs from the one that this installation is pinned to.`,
      reason: "foreign-tenant",
    }));
  }

  async #carryOut(verdict: Verdict, known: Known, head: RequestHead, body: Buffer, destination: Destination, answer: AnswerSink): Promise<void> {
    if (verdict.kind === "block") return this.#refuse(known, verdict.reason, verdict.detail, verdict.findings, answer);
    if (verdict.kind === "redact") {
      return this.#refuse(known, "unexpected-data-transfer", "The finding can't be redacted here.", verdict.findings, answer);
    }
    if (verdict.findings.length > 0) {
      const written = await this.#record(known, "allow", undefined, verdict.findings, true);
      if (written === undefined) return this.#answerRefusal(known, "record-unavailable", undefined, verdict.findings, undefined, answer);
    }
    // Two first values at once: the second one meets the pin of the first here.
    const foreign = this.#foreignTenant(known.inspection);
    if (foreign.length > 0) return this.#refuse(known, "foreign-tenant", undefined, [...verdict.findings, ...foreign], answer);
    this.#learnPins(known);
    this.#count(known, "allow", verdict.findings, true);
    return this.#forward(known, head, body, destination, answer);
  }

  /** The first value of a pin is learned as it goes out. */
  #learnPins(known: Known): void {
    const { pins, logger } = this.#parts;
    const { names, durable } = pins.learn(known.inspection?.pins ?? []);
    if (names.length === 0) return;
    logger.warn("Tenant pins were learned; confirm them by `egress-proxy pins confirm`.", { pins: names.join(","), durable, exchange: known.id });
  }

  async #forward(known: Known, head: RequestHead, body: Buffer, destination: Destination, answer: AnswerSink): Promise<void> {
    const { forwarder, metrics, logger, connectTo } = this.#parts;
    const outcome = await forwarder.forward(
      {
        target: head.target,
        method: head.method,
        pathAndQuery: head.query === undefined ? head.path : `${head.path}?${head.query}`,
        headers: forwardedHeaders(head, destination.headers),
        body: body.length === 0 && head.framing.kind === "none" ? undefined : body,
        connectTo: connectTo(head.target) ?? destination.connect,
      },
      answer,
    );
    metrics.requestSeconds((this.#parts.clock.now() - known.at) / 1_000);
    switch (outcome.kind) {
      case "answered":
        metrics.bodyBytes("out", body.length);
        metrics.bodyBytes("answer", outcome.bytes);
        logger.debug("Let out.", { exchange: known.id, case: known.caseName, destination: destination.name, status: outcome.status, bytes: body.length });
        return;
      case "address-refused":
        return this.#refuse(known, "address-refused", outcome.detail, [], answer);
      case "failed":
        metrics.upstreamError(destination.name, outcome.error);
        logger.warn("The destination failed.", { exchange: known.id, destination: destination.name, kind: outcome.error, detail: outcome.detail });
        if (!outcome.answerStarted) answerUpstreamFault(outcome.error === "timeout", outcome.detail, known.caseName, answer);
        return;
      case "client-left":
        logger.debug("The client left before the answer.", { exchange: known.id, destination: destination.name });
    }
  }

  /** Records, counts and answers a refusal, in that order. */
  async #refuse(known: Known, reason: Reason, detail: string | undefined, findings: readonly Finding[], answer: AnswerSink): Promise<void> {
    const record = await this.#record(known, "block", reason, findings, false);
    const told = record === undefined ? "record-unavailable" : reason;
    this.#count(known, "block", findings, false, reason);
    await this.#answerRefusal(known, told, record === undefined ? undefined : detail, findings, record, answer);
    this.#parts.metrics.requestSeconds((this.#parts.clock.now() - known.at) / 1_000);
  }

  async #answerRefusal(
    known: Known,
    reason: Reason,
    detail: string | undefined,
    findings: readonly Finding[],
    record: string | undefined,
    answer: AnswerSink,
  ): Promise<void> {
    const { metrics, logger } = this.#parts;
    metrics.blocked(known.caseName, reason);
    logger.warn("Refused.", {
      exchange: known.id,
      record,
      case: known.caseName,
      destination: known.destination?.name ?? "none",
      reason,
      detail,
      rules: [...new Set(findings.map((finding) => finding.rule))].join(","),
      client: known.context.client.address,
    });
    sendProblem({ status: 403, reason, detail, record, caseName: known.caseName, findings }, answer);
  }

  /** @returns the record's id once it is on disk; undefined where it could not be put there */
  async #record(known: Known, verdict: "allow" | "block", reason: Reason | undefined, findings: readonly Finding[], transferred: boolean): Promise<string | undefined> {
    const { context, ...facts } = known;
    const moreFindings = known.inspection?.moreFindings ?? 0;
    const transfer = draftTransfer({ ...facts, ...context, target: known.target, verdict, reason, findings, moreFindings, transferred }, this.#parts.pseudonyms);
    const { durability, record } = await this.#parts.transfers.write(transfer);
    return durability === "failed" ? undefined : record;
  }

  #count(known: Known, verdict: "allow" | "block", findings: readonly Finding[], transferred: boolean, reason?: Reason): void {
    const { metrics } = this.#parts;
    metrics.request(known.caseName, known.destination?.name ?? "", verdict);
    for (const finding of findings) metrics.finding(finding.rule, finding.action);
    if (reason === "case-limited") metrics.limited(known.caseName);
    if (reason === undefined ? findings.length > 0 : isUnexpectedTransfer(reason)) metrics.unexpectedTransfer(known.caseName, transferred);
  }
}

function questionOf(head: RequestHead, body: BodySource): Parameters<typeof matchRoute>[1] {
  const stated = header(head.headers, "content-type");
  const mediaType = stated?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return {
    method: head.method,
    path: head.path,
    hasQuery: head.query !== undefined && head.query !== "",
    contentType: body.present ? mediaType : undefined,
  };
}

function sendProblem(problem: Parameters<typeof problemBody>[0], answer: AnswerSink): void {
  const body = problemBody(problem);
  answer.head(problem.status, [...problemHeaders(), ["Content-Length", String(body.length)]]);
  answer.data(body);
  answer.end();
}

function answerUpstreamFault(late: boolean, detail: string, caseName: CaseName, answer: AnswerSink): void {
  const reason = late ? "upstream-timeout" : "upstream-unreachable";
  sendProblem({ status: late ? 504 : 502, reason, detail, record: undefined, caseName, findings: [] }, answer);
}
