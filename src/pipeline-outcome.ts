import { LRUCache } from "lru-cache";
import { answerByEmptyScript } from "./http/empty-script.js";
import { type Problem, problemBody, problemHeaders, refusalStatus } from "./http/problem.js";
import type { AnswerSink } from "./model/answer.js";
import type { Finding } from "./model/finding.js";
import type { VerdictLabel } from "./model/ports.js";
import { isUnexpectedTransfer, type Reason } from "./model/reasons.js";
import type { Refusal } from "./model/refusal.js";
import type { Known, PipelineParts } from "./pipeline-parts.js";
import { draftTransfer } from "./record/transfer-draft.js";

/** A client past its quota is told of once in this time. */
const SILENT_MS = 60_000;
/** Clients that are remembered for it. */
const CLIENTS = 2_000;

/** How an exchange ends, as record, counters, log and client are told of it. */
export class Outcomes {
  readonly #parts: PipelineParts;
  /** Clients whose quota's end is told in the log. */
  readonly #turnedAway = new LRUCache<string, true>({ max: CLIENTS, ttl: SILENT_MS });

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Past a quota: counted and answered. Not recorded, and logged once a minute, or whoever floods would choose how much is written. */
  turnAway(known: Known, { refused, detail }: Refusal, answer: AnswerSink): void {
    this.count(known, "block", [], false, refused);
    const { address } = known.context.client;
    const wasTold = this.#turnedAway.has(address);
    if (!wasTold) this.#turnedAway.set(address, true);
    this.#answerRefusal(known, { reason: refused, detail, findings: [], record: undefined }, answer, wasTold);
  }

  /** Records, counts and answers a refusal, in that order. */
  async refuse(known: Known, reason: Reason, detail: string | undefined, findings: readonly Finding[], answer: AnswerSink): Promise<void> {
    const record = await this.record(known, "block", reason, findings, false);
    this.count(known, "block", findings, false, reason);
    if (record === undefined) this.#answerRefusal(known, { reason: "record-unavailable", detail: undefined, findings, record }, answer);
    else this.#answerRefusal(known, { reason, detail, findings, record }, answer);
    this.ended(known);
  }

  /** What was to go out with findings can't be written down, so it doesn't (invariant 6). */
  refuseUnrecorded(known: Known, findings: readonly Finding[], answer: AnswerSink): void {
    const reason = "record-unavailable";
    this.count(known, "block", findings, false, reason);
    this.#answerRefusal(known, { reason, detail: undefined, findings, record: undefined }, answer);
  }

  /** The destination failed, or the way to it: no refusal of the proxy's, so no 403. */
  answerUpstreamFault(known: Known, late: boolean, detail: string, answer: AnswerSink): void {
    const reason = late ? "upstream-timeout" : "upstream-unreachable";
    sendProblem({ status: late ? 504 : 502, reason, detail, record: undefined, caseName: known.caseName, findings: [] }, answer);
  }

  /** @returns the record's id once it is on disk; undefined where it could not be put there */
  async record(
    known: Known,
    verdict: VerdictLabel,
    reason: Reason | undefined,
    findings: readonly Finding[],
    transferred: boolean,
  ): Promise<string | undefined> {
    const transfer = draftTransfer(
      {
        id: known.id,
        at: known.at,
        client: known.context.client,
        entry: known.context.entry,
        head: known.head,
        target: known.target,
        caseName: known.caseName,
        destination: known.destination,
        verdict,
        reason,
        findings,
        moreFindings: known.inspection?.moreFindings ?? 0,
        transferred,
        body: known.body,
        inspection: known.inspection,
        policyDigest: known.policyDigest,
      },
      this.#parts.pseudonyms,
    );
    const { durability, record } = await this.#parts.transfers.write(transfer);
    if (durability === "failed") return undefined;
    // Of the same UDT sent again the first body is enough, unless this one got through.
    if (known.body !== undefined && known.body.length > 0 && (record === known.id || transferred))
      this.#parts.evidence.keep(record, known.id, known.body);
    return record;
  }

  count(known: Known, verdict: VerdictLabel, findings: readonly Finding[], transferred: boolean, reason?: Reason): void {
    const { metrics, ledger } = this.#parts;
    const destination = known.destination?.name ?? "";
    metrics.request(known.caseName, destination, verdict);
    const outline = verdict === "block" ? undefined : known.outline;
    ledger.note({ at: known.at, caseName: known.caseName, destination, verdict, eventKind: known.inspection?.eventKind, outline });
    for (const finding of findings) metrics.finding(finding.rule, finding.action);
    if (reason === "case-limited") metrics.limited(known.caseName);
    if (reason === undefined ? findings.length > 0 : isUnexpectedTransfer(reason)) metrics.unexpectedTransfer(known.caseName, transferred);
  }

  ended(known: Known): void {
    this.#parts.metrics.requestSeconds((this.#parts.clock.now() - known.at) / 1_000);
  }

  #answerRefusal(known: Known, told: Told, answer: AnswerSink, wasTold = false): void {
    const { reason, detail, record, findings } = told;
    const { caseName } = known;
    this.#parts.metrics.blocked(caseName, reason);
    if (!wasTold) this.#log(known, told);
    if (reason === "case-limited" && answerByEmptyScript(known.head, known.destination, answer)) return;
    sendProblem({ status: refusalStatus(reason), caseName, reason, detail, findings, record }, answer);
  }

  #log(known: Known, { reason, detail, record, findings }: Told): void {
    this.#parts.logger.warn("Refused.", {
      exchange: known.id,
      record,
      case: known.caseName,
      destination: known.destination?.name ?? "none",
      reason,
      detail,
      rules: [...new Set(findings.map((finding) => finding.rule))].join(","),
      client: known.context.client.address,
    });
  }
}

/** What a refused client is told. */
interface Told {
  readonly reason: Reason;
  readonly detail: string | undefined;
  readonly findings: readonly Finding[];
  /** The record's id. */
  readonly record: string | undefined;
}

function sendProblem(problem: Problem, answer: AnswerSink): void {
  const body = problemBody(problem);
  answer.head(problem.status, [...problemHeaders(problem.status), ["Content-Length", String(body.length)]]);
  answer.data(body);
  answer.end();
}
