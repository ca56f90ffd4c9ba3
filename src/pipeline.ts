import { decodeContent } from "./body/content-coding.js";
import { readBody } from "./body/read-body.js";
import type { Forwarder } from "./forward/forwarder.js";
import { dropItems, replaceValues } from "./forward/redaction.js";
import { answerByEmptyScript } from "./http/empty-script.js";
import { forwardedHeaders } from "./http/forwarded-headers.js";
import { parseHead } from "./http/head.js";
import { problemBody, problemHeaders, refusalStatus } from "./http/problem.js";
import type { InspectionPool } from "./inspection-pool.js";
import { newExchangeId } from "./listen/exchange-id.js";
import type { AnswerSink } from "./model/answer.js";
import type { EvidenceKeeper } from "./model/evidence.js";
import { type Client, type Exchange, header, type RequestHead } from "./model/exchange.js";
import type { BodySource, ConnectionContext, ExchangeHandler } from "./model/exchange-handler.js";
import { type Finding, MASK } from "./model/finding.js";
import type { Inspection } from "./model/inspection.js";
import type { CaseName } from "./model/limited-case.js";
import type { Destination, Route } from "./model/policy.js";
import type { Clock, Logger, Metrics, Pseudonyms, VerdictLabel } from "./model/ports.js";
import { isUnexpectedTransfer, type Reason } from "./model/reasons.js";
import { isRefusal, type Refusal, refusal } from "./model/refusal.js";
import type { Target } from "./model/target.js";
import type { TenantPins } from "./model/tenant-pins.js";
import type { TrafficLedger } from "./model/traffic-ledger.js";
import type { TransferLog } from "./model/transfer.js";
import type { Verdict } from "./model/verdict.js";
import { draftTransfer } from "./record/transfer-draft.js";
import { decide } from "./verdict/decision.js";
import { type DestinationMatch, matchDestination } from "./verdict/destination-match.js";
import { caseOf, namesHost, type PolicyIndex } from "./verdict/policy-index.js";
import type { Admission } from "./verdict/quota.js";
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
  readonly ledger: TrafficLedger;
  readonly evidence: EvidenceKeeper;
  /** Whether the client, and the case, are within their quotas. */
  readonly admit: (client: Client, caseName: CaseName) => Admission | Refusal;
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
  /** Of the body that goes out: the inspection's, or the redaction's. */
  outline: readonly string[] | undefined;
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
    const admission = this.#parts.admit(exchange.client, known.caseName);
    if (isRefusal(admission)) return this.#turnAway(known, admission, answer);
    try {
      await this.#judge(known, exchange, place, rules, { body, admission }, answer);
    } finally {
      admission.release();
    }
  }

  async #judge(
    known: Known,
    { head, client }: Exchange,
    place: DestinationMatch,
    rules: RulesInForce,
    { body, admission }: { readonly body: BodySource; readonly admission: Admission },
    answer: AnswerSink,
  ): Promise<void> {
    const { policy, clientsOf } = rules.index;
    if (!place.ok) return this.#refuse(known, place.reason, undefined, [], answer);
    if (clientsOf.get(place.destination)?.(client) === false) return this.#refuse(known, "client-not-allowed", undefined, [], answer);

    const routed = matchRoute(place.destination, questionOf(head, body));
    if (!routed.ok) return this.#refuse(known, routed.reason, undefined, [], answer);

    const captured = await body.capture(policy.limits.bodyBytes);
    if (isRefusal(captured)) return this.#refuse(known, captured.refused, captured.detail, [], answer);
    known.body = captured;
    admission.charge(captured.length);
    this.#parts.metrics.bodyBytes("in", captured.length);

    const inspection = await this.#inspect(rules, head, captured, routed.route, place.destination);
    if (isRefusal(inspection)) return this.#refuse(known, inspection.refused, inspection.detail, [], answer);
    known.inspection = inspection;
    known.outline = inspection.outline;

    const casePolicy = caseOf(policy, place.destination);
    const findings = [...inspection.findings, ...this.#foreignTenant(inspection)];
    const { moreFindings } = inspection;
    const verdict = decide({ caseName: known.caseName, casePolicy, findings, moreFindings, now: this.#parts.clock.now() });
    return this.#carryOut(verdict, known, { head, body: captured, destination: place.destination, route: routed.route, rules }, answer);
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
    const unknown = { caseName: "none" as const, destination: undefined, body: undefined, inspection: undefined, outline: undefined };
    return { id, at: this.#parts.clock.now(), context, head, target, policyDigest, ...unknown };
  }

  async #inspect(
    rules: RulesInForce,
    head: RequestHead,
    body: Buffer,
    route: Route,
    destination: Destination,
  ): Promise<Inspection | Refusal> {
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
      this.#parts.logger.error("An inspection failed; the exchange is refused.", {
        fault: error instanceof Error ? error.name : "unknown",
      });
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

  async #carryOut(verdict: Verdict, known: Known, request: Judged, answer: AnswerSink): Promise<void> {
    if (verdict.kind === "block") return this.#refuse(known, verdict.reason, verdict.detail, verdict.findings, answer);
    const foreign = this.#foreignTenant(known.inspection);
    // Two first values at once: the second one meets the pin of the first here.
    if (foreign.length > 0) return this.#refuse(known, "foreign-tenant", undefined, [...verdict.findings, ...foreign], answer);
    let outgoing = outgoingOf(request);
    if (verdict.kind === "redact") {
      const redacted = await this.#redact(verdict.findings, known, request);
      if (redacted === undefined) {
        const detail = "What is to be redacted can't be taken out so that the rest is clean.";
        return this.#refuse(known, "unexpected-data-transfer", detail, verdict.findings, answer);
      }
      outgoing = redacted;
    }
    if (verdict.findings.length > 0) {
      const written = await this.#record(known, verdict.kind, undefined, verdict.findings, verdict.kind === "allow");
      if (written === undefined) {
        this.#count(known, "block", verdict.findings, false, "record-unavailable");
        return this.#answerRefusal(known, "record-unavailable", undefined, verdict.findings, undefined, answer);
      }
    }
    this.#learnPins(known);
    return this.#forward(known, request, outgoing, verdict, answer);
  }

  /**
   * Takes out what is to be redacted and judges the result like any other body: first by replacing values, then by dropping the items of a
   * batch that are still not clean.
   *
   * @returns undefined where the result would not be clean
   */
  async #redact(findings: readonly Finding[], known: Known, request: Judged): Promise<Outgoing | undefined> {
    const { head, rules } = request;
    const { limits } = rules.index.policy;
    const contentType = header(head.headers, "content-type");
    // The views' bytes are UTF-8: a body in another charset would go out under the wrong name.
    if (/charset\s*=\s*"?(?!utf-?8)/i.test(contentType ?? "")) return undefined;
    const contentEncoding = header(head.headers, "content-encoding");
    const view = readBody(request.body, { contentType, contentEncoding }, limits).views[0];
    if (view?.kind !== "json") return undefined;
    const toReplace = findings.filter((finding) => finding.action === "redact");
    const replaced = replaceValues(view.bytes, view.root, toReplace);
    if (replaced === undefined) return undefined;
    const left = await this.#judgeAgain(replaced, known, request);
    if (left === undefined) return undefined;
    if (left.length === 0) return { body: replaced, coded: false };
    const unit = known.inspection?.redactionUnit;
    const again = readBody(replaced, { contentType, contentEncoding: undefined }, limits).views[0];
    if (unit === undefined || again?.kind !== "json") return undefined;
    const dropped = dropItems(again.bytes, again.root, unit, left);
    if (dropped === undefined) return undefined;
    return (await this.#judgeAgain(dropped, known, request))?.length === 0 ? { body: dropped, coded: false } : undefined;
  }

  /** What is still to be kept back in a redacted body; undefined where it can't be told. */
  async #judgeAgain(body: Buffer, known: Known, request: Judged): Promise<readonly Finding[] | undefined> {
    const head: RequestHead = {
      ...request.head,
      headers: request.head.headers.filter(([name]) => name.toLowerCase() !== "content-encoding"),
    };
    const inspection = await this.#inspect(request.rules, head, body, request.route, request.destination);
    if (isRefusal(inspection) || inspection.moreFindings > 0) return undefined;
    known.outline = inspection.outline;
    const casePolicy = caseOf(request.rules.index.policy, request.destination);
    const verdict = decide({
      caseName: known.caseName,
      casePolicy,
      findings: inspection.findings,
      moreFindings: 0,
      now: this.#parts.clock.now(),
    });
    return verdict.findings.filter((finding) => finding.action !== "report");
  }

  /** The first value of a pin is learned as it goes out. */
  #learnPins(known: Known): void {
    const { pins, logger } = this.#parts;
    const { names, durable } = pins.learn(known.inspection?.pins ?? []);
    if (names.length === 0) return;
    logger.warn("Tenant pins were learned; confirm them by `egress-proxy pins confirm`.", {
      pins: names.join(","),
      durable,
      exchange: known.id,
    });
  }

  async #forward(known: Known, { head, destination }: Judged, outgoing: Outgoing, verdict: Verdict, answer: AnswerSink): Promise<void> {
    const { forwarder, metrics, logger, connectTo } = this.#parts;
    const { body } = outgoing;
    const headers = forwardedHeaders(head, destination.headers);
    const outcome = await forwarder.forward(
      {
        target: head.target,
        method: head.method,
        pathAndQuery: head.query === undefined ? head.path : `${head.path}?${head.query}`,
        headers: outgoing.coded ? headers : headers.filter(([name]) => name.toLowerCase() !== "content-encoding"),
        body: body.length === 0 && head.framing.kind === "none" ? undefined : body,
        connectTo: connectTo(head.target) ?? destination.connect,
      },
      answer,
    );
    if (outcome.kind === "address-refused") return this.#refuse(known, "address-refused", outcome.detail, [], answer);
    this.#count(known, verdict.kind, verdict.findings, verdict.kind === "allow");
    metrics.requestSeconds((this.#parts.clock.now() - known.at) / 1_000);
    switch (outcome.kind) {
      case "answered":
        metrics.bodyBytes("out", body.length);
        metrics.bodyBytes("answer", outcome.bytes);
        logger.debug("Let out.", {
          exchange: known.id,
          case: known.caseName,
          destination: destination.name,
          status: outcome.status,
          bytes: body.length,
        });
        return;
      case "failed":
        metrics.upstreamError(destination.name, outcome.error);
        logger.warn("The destination failed.", {
          exchange: known.id,
          destination: destination.name,
          kind: outcome.error,
          detail: outcome.detail,
        });
        if (!outcome.answerStarted) answerUpstreamFault(outcome.error === "timeout", outcome.detail, known.caseName, answer);
        return;
      case "client-left":
        logger.debug("The client left before the answer.", { exchange: known.id, destination: destination.name });
    }
  }

  /** Past a quota: counted and answered. Not recorded, or whoever floods would choose how much is written. */
  async #turnAway(known: Known, refused: Refusal, answer: AnswerSink): Promise<void> {
    this.#count(known, "block", [], false, refused.refused);
    await this.#answerRefusal(known, refused.refused, refused.detail, [], undefined, answer);
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
    if (reason === "case-limited" && answerByEmptyScript(known.head, known.destination, answer)) return;
    sendProblem({ status: refusalStatus(reason), reason, detail, record, caseName: known.caseName, findings }, answer);
  }

  /** @returns the record's id once it is on disk; undefined where it could not be put there */
  async #record(
    known: Known,
    verdict: VerdictLabel,
    reason: Reason | undefined,
    findings: readonly Finding[],
    transferred: boolean,
  ): Promise<string | undefined> {
    const { context, ...facts } = known;
    const moreFindings = known.inspection?.moreFindings ?? 0;
    const transfer = draftTransfer(
      { ...facts, ...context, target: known.target, verdict, reason, findings, moreFindings, transferred },
      this.#parts.pseudonyms,
    );
    const { durability, record } = await this.#parts.transfers.write(transfer);
    if (durability === "failed") return undefined;
    // Of the same UDT sent again the first body is enough, unless this one got through.
    if (known.body !== undefined && known.body.length > 0 && (record === known.id || transferred))
      this.#parts.evidence.keep(record, known.id, known.body);
    return record;
  }

  #count(known: Known, verdict: VerdictLabel, findings: readonly Finding[], transferred: boolean, reason?: Reason): void {
    const { metrics, ledger } = this.#parts;
    const destination = known.destination?.name ?? "";
    metrics.request(known.caseName, destination, verdict);
    const outline = verdict === "block" ? undefined : known.outline;
    ledger.note({ at: known.at, caseName: known.caseName, destination, verdict, eventKind: known.inspection?.eventKind, outline });
    for (const finding of findings) metrics.finding(finding.rule, finding.action);
    if (reason === "case-limited") metrics.limited(known.caseName);
    if (reason === undefined ? findings.length > 0 : isUnexpectedTransfer(reason)) metrics.unexpectedTransfer(known.caseName, transferred);
  }
}

/** A request that has come through every stage. */
interface Judged {
  readonly head: RequestHead;
  /** As captured, codings and all. */
  readonly body: Buffer;
  readonly destination: Destination;
  readonly route: Route;
  readonly rules: RulesInForce;
}

/** The bytes that go upstream; `coded`: under the client's own Content-Encoding. */
interface Outgoing {
  readonly body: Buffer;
  readonly coded: boolean;
}

/** Codings whose format has no place for bytes that a decoder skips, as `body/` reads them. */
const TRANSPARENT = new Set(["identity", "gzip", "x-gzip"]);

/**
 * The captured bytes as they are; but Brotli, zstd and deflate have blocks, frames and bits that decoders pass over, which would carry
 * out what nobody read. Their content goes out decoded: what was inspected is what is sent (invariant 2).
 */
function outgoingOf({ head, body, rules }: Judged): Outgoing {
  const codings = header(head.headers, "content-encoding");
  if (codings === undefined || TRANSPARENT.has(codings.trim().toLowerCase())) return { body, coded: true };
  const decoded = decodeContent(body, codings, rules.index.policy.limits);
  if (!decoded.ok) throw new Error("A body that was read can't be decoded again.");
  return { body: Buffer.from(decoded.value), coded: false };
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
  answer.head(problem.status, [...problemHeaders(problem.status), ["Content-Length", String(body.length)]]);
  answer.data(body);
  answer.end();
}

function answerUpstreamFault(late: boolean, detail: string, caseName: CaseName, answer: AnswerSink): void {
  const reason = late ? "upstream-timeout" : "upstream-unreachable";
  sendProblem({ status: late ? 504 : 502, reason, detail, record: undefined, caseName, findings: [] }, answer);
}
