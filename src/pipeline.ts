import type { Forwarded, Forwarder } from "./forward/forwarder.js";
import type { WatchedAnswer } from "./forward/watched-answer.js";
import { plainMediaType } from "./body/media-type.js";
import { forwardedHeaders } from "./http/forwarded-headers.js";
import { parseHead } from "./http/head.js";
import { newExchangeId } from "./listen/exchange-id.js";
import type { AnswerSink } from "./model/answer.js";
import { type Client, type Exchange, header, type RequestHead } from "./model/exchange.js";
import type { BodySource, ConnectionContext, ExchangeHandler } from "./model/exchange-handler.js";
import type { Finding } from "./model/finding.js";
import { isRefusal, type Refusal, refusal } from "./model/refusal.js";
import type { Target } from "./model/target.js";
import type { Verdict } from "./model/verdict.js";
import { foreignTenant, inspectRequest, mismatchFindings } from "./pipeline-inspection.js";
import { Outcomes } from "./pipeline-outcome.js";
import type { Judged, Known, PipelineParts, RulesInForce } from "./pipeline-parts.js";
import { type Outgoing, outgoingOf, redact } from "./pipeline-redaction.js";
import { askUncoded, judgeScript, watchScript } from "./pipeline-script.js";
import { decide } from "./verdict/decision.js";
import { type DestinationMatch, matchDestination } from "./verdict/destination-match.js";
import { caseOf, namesHost } from "./verdict/policy-index.js";
import type { Admission } from "./verdict/quota.js";
import { matchRoute } from "./verdict/route-match.js";

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
 *
 * What each exchange needs anew is written out member by member: V8 copies an object by `...` and then adds to it some 3 us slower.
 */
export class Pipeline implements ExchangeHandler {
  readonly parseHead = parseHead;
  readonly #parts: PipelineParts;
  readonly #outcomes: Outcomes;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#outcomes = new Outcomes(parts);
  }

  async handle(exchange: Exchange, body: BodySource, answer: AnswerSink): Promise<void> {
    const { head } = exchange;
    const rules = this.#parts.rulesInForce();
    const { policy } = rules.index;
    const known = this.#know(
      exchange.id,
      { client: this.#named(exchange.client), entry: exchange.entry, target: head.target },
      head,
      policy.digest,
    );

    const place = matchDestination(rules.index, head.target);
    known.destination = place.destination;
    known.caseName = place.ok ? place.destination.caseName : place.caseName;
    if (this.#parts.own.leadsBack(exchange.client, head.target.host))
      return this.#outcomes.refuse(known, "proxy-loop", undefined, [], answer);
    const admission = this.#parts.admit(exchange.client, known.caseName);
    if (isRefusal(admission)) return this.#outcomes.turnAway(known, admission, answer);
    try {
      await this.#judge(known, exchange, place, rules, { body, admission }, answer);
    } finally {
      admission.release();
    }
  }

  /** With what the cluster says of it, as far as that is known by now. */
  #named(client: Client): Client {
    const workload = this.#parts.workloadAt?.(client.address);
    return workload === undefined ? client : { ...client, workload };
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
    const refuse = async ({ refused, detail }: Partial<Refusal> & Pick<Refusal, "refused">): Promise<void> =>
      this.#outcomes.refuse(known, refused, detail, [], answer);
    if (!place.ok) return refuse({ refused: place.reason });
    if (clientsOf.get(place.destination)?.(client) === false) return refuse({ refused: "client-not-allowed" });

    const routed = matchRoute(place.destination, questionOf(head, body));
    if (!routed.ok) return refuse({ refused: routed.reason });

    const captured = await body.capture(policy.limits.bodyBytes);
    if (isRefusal(captured)) return refuse(captured);
    known.body = captured;
    const past = admission.charge(captured.length);
    if (past !== undefined) return this.#outcomes.turnAway(known, past, answer);
    this.#parts.metrics.bodyBytes("in", captured.length);

    const request = { head, body: captured, destination: place.destination, route: routed.route, rules };
    const inspection = await inspectRequest(request, this.#parts);
    if (isRefusal(inspection)) return refuse(inspection);
    known.inspection = inspection;
    known.outline = inspection.outline;

    const casePolicy = caseOf(policy, place.destination);
    const findings = [...inspection.findings, ...foreignTenant(inspection, this.#parts.pins)];
    const { moreFindings } = inspection;
    const verdict = decide({ caseName: known.caseName, casePolicy, findings, moreFindings, now: this.#parts.clock.now() });
    return this.#carryOut(verdict, known, request, answer);
  }

  /** A host that a case names is tunnelled even if it will be refused, so that the client reads the refusal inside TLS. */
  connect(head: { readonly target: Target }, { client }: ConnectionContext): Refusal | undefined {
    if (this.#parts.own.leadsBack(client, head.target.host))
      return refusal("proxy-loop", "The tunnel was asked for, or the handshake begun, by this proxy itself.");
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
    await this.#outcomes.refuse(known, refused.refused, refused.detail, [], answer);
  }

  #know(id: string, context: ConnectionContext, head: RequestHead | undefined, policyDigest: string): Known {
    return {
      id,
      at: this.#parts.clock.now(),
      context,
      head,
      target: head?.target ?? context.target,
      policyDigest,
      caseName: "none",
      destination: undefined,
      body: undefined,
      inspection: undefined,
      outline: undefined,
      transferred: false,
    };
  }

  async #carryOut(verdict: Verdict, known: Known, request: Judged, answer: AnswerSink): Promise<void> {
    const outcomes = this.#outcomes;
    const { findings } = verdict;
    if (verdict.kind === "block") return outcomes.refuse(known, verdict.reason, verdict.detail, findings, answer);
    const foreign = foreignTenant(known.inspection, this.#parts.pins);
    // Two first values at once: the second one meets the pin of the first here.
    if (foreign.length > 0) return outcomes.refuse(known, "foreign-tenant", undefined, [...findings, ...foreign], answer);
    const outgoing = verdict.kind === "redact" ? await redact(verdict.ranges, known, request, this.#parts) : outgoingOf(request);
    if (outgoing === undefined) {
      const detail = "What is to be redacted can't be taken out so that the rest is clean.";
      return outcomes.refuse(known, "unexpected-data-transfer", detail, findings, answer);
    }
    if (findings.length > 0) {
      // What can't be reached takes nothing over, and is not to stand in the record as transferred.
      const unreached = verdict.kind === "allow" ? await this.#parts.forwarder.reach(placeOf(request)) : undefined;
      if (unreached?.kind === "address-refused") return outcomes.refuse(known, "address-refused", unreached.detail, findings, answer);
      known.transferred = verdict.kind === "allow" && unreached === undefined;
      const written = await outcomes.record(known, verdict.kind, undefined, findings, known.transferred);
      if (written === undefined) return outcomes.refuseUnrecorded(known, findings, answer);
      if (unreached !== undefined) return this.#conclude(unreached, verdict, known, outgoing, answer);
    }
    const late = this.#learnPins(known);
    if (late.length > 0) return outcomes.refuse(known, "foreign-tenant", undefined, [...findings, ...late], answer);
    const paced = this.#parts.unread.pace(answer, known.context.client.address);
    const watched = watchScript(request, paced);
    const outcome = await this.#forward(request, outgoing, watched ?? paced);
    if (watched !== undefined && outcome.kind === "answered") {
      const refused = await this.#proveScript(watched, known, request);
      if (refused !== undefined) return outcomes.refuse(known, "script-changed", refused.why, [refused], answer);
    }
    return this.#conclude(watched?.holds === true ? unheard(outcome) : outcome, verdict, known, outgoing, answer);
  }

  /** The first value of a pin is learned as it goes out. @returns a finding for each that another worker learned otherwise meanwhile */
  #learnPins(known: Known): Finding[] {
    const { pins, logger } = this.#parts;
    const { names, durable, contradicted } = pins.learn(known.inspection?.pins ?? []);
    if (contradicted.length > 0) return mismatchFindings(known.inspection, contradicted);
    if (names.length === 0) return [];
    logger.warn("Tenant pins were learned; confirm them by `egress-proxy pins confirm`.", {
      pins: names.join(","),
      durable,
      exchange: known.id,
    });
    return [];
  }

  /** What a destination's script says goes to the inventory; one that is pinned and fits is handed on, any other is why it is refused. */
  async #proveScript(watched: WatchedAnswer, known: Known, request: Judged): Promise<Finding | undefined> {
    const { outline, finding } = judgeScript(watched, request, this.#parts.pseudonyms);
    known.outline = [...(known.outline ?? []), ...outline];
    if (finding === undefined) {
      if (watched.holds) await watched.release();
    } else if (known.inspection !== undefined) {
      // Another script is another record.
      known.inspection = { ...known.inspection, identity: finding.hmac };
    }
    return finding;
  }

  async #forward(request: Judged, { body, coded }: Outgoing, answer: AnswerSink): Promise<Forwarded> {
    const { head, destination, route } = request;
    const allowed = forwardedHeaders(head, destination.headers, plainMediaType);
    const headers = route.script === undefined ? allowed : askUncoded(allowed);
    const { target, connectTo, parent } = placeOf(request);
    return this.#parts.forwarder.forward(
      {
        target,
        connectTo,
        parent,
        method: head.method,
        pathAndQuery: head.query === undefined ? head.path : `${head.path}?${head.query}`,
        headers: coded ? headers : headers.filter(([name]) => name.toLowerCase() !== "content-encoding"),
        body: body.length === 0 && head.framing.kind === "none" ? undefined : body,
      },
      answer,
    );
  }

  /** What is counted, told and answered once the destination has had its say. */
  async #conclude(outcome: Forwarded, verdict: Verdict, known: Known, { body }: Outgoing, answer: AnswerSink): Promise<void> {
    const { metrics, logger } = this.#parts;
    if (outcome.kind === "address-refused") return this.#outcomes.refuse(known, "address-refused", outcome.detail, [], answer);
    this.#outcomes.count(known, verdict.kind, verdict.findings, known.transferred);
    this.#outcomes.ended(known);
    const destination = known.destination?.name ?? "";
    const exchange = known.id;
    switch (outcome.kind) {
      case "answered":
        metrics.bodyBytes("out", body.length);
        metrics.bodyBytes("answer", outcome.bytes);
        logger.debug("Let out.", { exchange, destination, case: known.caseName, status: outcome.status, bytes: body.length });
        return;
      case "failed":
        metrics.upstreamError(destination, outcome.error);
        logger.warn("The destination failed.", { exchange, destination, kind: outcome.error, detail: outcome.detail });
        if (!outcome.answerStarted) this.#outcomes.answerUpstreamFault(known, outcome.error === "timeout", outcome.detail, answer);
        return;
      case "client-left":
        logger.debug("The client left before the answer.", { exchange, destination });
    }
  }
}

/** Of an answer that was held nothing has reached the client, however far it came. */
function unheard(outcome: Forwarded): Forwarded {
  return outcome.kind === "failed" ? { ...outcome, answerStarted: false } : outcome;
}

function placeOf({ head, destination }: Judged): Parameters<Forwarder["reach"]>[0] {
  return { target: head.target, connectTo: destination.connect, parent: destination.parent };
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
