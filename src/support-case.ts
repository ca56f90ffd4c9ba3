import type { SecureContext } from "node:tls";
import { readBody } from "./body/read-body.js";
import type { Settings } from "./config/settings.js";
import { replaceValues } from "./forward/redaction.js";
import type { HeldAnswer } from "./gateway/diffgram-service.js";
import { startSupportGateway, type SupportAccess, type SupportAnswer, type SupportGateway } from "./gateway/support-gateway.js";
import { SupportWindows } from "./gateway/support-window.js";
import { problemBody, problemHeaders, type UpstreamCode } from "./http/problem.js";
import { newExchangeId } from "./listen/exchange-id.js";
import { type Fault, FaultsError } from "./model/fault.js";
import type { Finding } from "./model/finding.js";
import type { Inspection } from "./model/inspection.js";
import type { JsonNode } from "./model/json.js";
import type { SupportRoute } from "./model/policy.js";
import type { Clock, Logger, Metrics, Pseudonyms } from "./model/ports.js";
import { isUnexpectedTransfer, type Reason } from "./model/reasons.js";
import { isRefusal } from "./model/refusal.js";
import type { TrafficLedger } from "./model/traffic-ledger.js";
import type { Transfer, TransferLog } from "./model/transfer.js";
import { listenerIdentity, readClientCas } from "./listener-identity.js";
import type { RulesInForce } from "./pipeline-parts.js";
import type { Leaf } from "./tls/leaf.js";
import { decide } from "./verdict/decision.js";

export interface SupportParts {
  readonly rulesInForce: () => RulesInForce;
  /** Signs with the CA that is in force. */
  readonly mint: (host: string, now: number) => Promise<Leaf>;
  readonly secureContext: SecureContext;
  readonly transfers: TransferLog;
  readonly ledger: TrafficLedger;
  readonly pseudonyms: Pseudonyms;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Destination under which support's accesses stand in records. */
const DESTINATION = "support";
const NOBODY_COMES_IN: Fault = {
  where: "support.client_ca",
  what: "listen.support is on and no CA says who may come in.",
  mend: "Name the PEM file of the CA that signs support's client certificates, or set listen.support to off.",
};
/** For messages whose method and path policy does not name. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * Opens the door for the vendor's support where `listen.support` is set.
 *
 * @throws FaultsError where a file that the settings name can't be used, or none says who may come in
 */
export async function openSupport(settings: Settings, parts: SupportParts): Promise<SupportGateway | undefined> {
  const { listen, support, upstream, data } = settings;
  if (listen.support === undefined) return undefined;
  if (support.client_ca.length === 0) throw new FaultsError("The support listener can't start.", [NOBODY_COMES_IN]);
  const clientCa = readClientCas("support.client_ca", support.client_ca);
  checkUpstream(support.upstream);
  const windows = new SupportWindows(data);
  const answers = new SupportAnswers(parts);
  return startSupportGateway({
    listen: listen.support,
    identity: () => listenerIdentity("support", support, parts.mint, parts.clock.now()),
    clientCa,
    upstream: support.upstream,
    secureContext: parts.secureContext,
    totalMs: upstream.total_ms,
    routes: () => parts.rulesInForce().index.policy.cases.support.supportRoutes ?? [],
    closed(now) {
      if (!parts.rulesInForce().index.policy.cases.support.enabled) return "case-limited";
      return windows.openAt(now) === undefined ? "support-closed" : undefined;
    },
    limit: () => parts.rulesInForce().index.policy.limits.bodyBytes,
    judge: (access, held) => answers.judge(access, held),
    refuse: (access, reason) => answers.refuse(access, reason),
    clock: parts.clock,
    logger: parts.logger,
    metrics: parts.metrics,
  });
}

/** What an access is known by while it is judged. */
interface Judged {
  readonly access: SupportAccess;
  readonly body: Buffer | undefined;
  readonly inspection: Inspection | undefined;
  readonly findings: readonly Finding[];
}

/** Judges what Diffgram answers support with, by the same schemas and rules as everything else that leaves, and records every access. */
class SupportAnswers {
  readonly #parts: SupportParts;

  constructor(parts: SupportParts) {
    this.#parts = parts;
  }

  async judge(access: SupportAccess & { readonly route: SupportRoute }, held: HeldAnswer): Promise<SupportAnswer> {
    if (held.kind === "too-large") return this.refuse(access, "body-too-large");
    if (held.kind !== "answered")
      return this.#upstreamFailed(access, held.kind === "timeout" ? "upstream-timeout" : "upstream-unreachable");
    // Pages of errors hold traces, paths and names: only that it was refused, or failed, is told.
    if (held.status >= 400 && held.status < 500)
      return this.#allow({ access, body: undefined, inspection: undefined, findings: [] }, held.status, "allow");
    if (held.status !== 200) return this.#upstreamFailed(access, "upstream-unreachable");
    const rules = this.#parts.rulesInForce();
    const { policy } = rules.index;
    const view = readBody(held.body, held, policy.limits).views[0];
    if (view?.kind !== "json" || !isUtf8(held.contentType))
      return this.#refuse({ access, body: held.body, inspection: undefined, findings: [] }, "body-not-readable");
    const named = valuesNamed(view.root, new Set(access.route.redact)).map(({ start, end }) => ({
      range: [start, end] as const,
      view: "body",
    }));
    const body = replaceValues(view.bytes, view.root, named);
    if (body === undefined) return this.#refuse({ access, body: held.body, inspection: undefined, findings: [] }, "body-not-readable");
    const inspection = await this.#inspect(rules, access.route, body);
    if (inspection === undefined) return this.#refuse({ access, body, inspection, findings: [] }, "inspection-failed");
    const judged = { access, body, inspection, findings: inspection.findings };
    const verdict = this.#decide(rules, inspection);
    if (verdict.kind === "block") return this.#refuse({ ...judged, findings: verdict.findings }, verdict.reason);
    if (verdict.kind === "allow")
      return this.#allow({ ...judged, findings: verdict.findings }, 200, named.length === 0 ? "allow" : "redact");
    const clean = await this.#redacted(rules, access.route, body, verdict.findings);
    if (clean === undefined) return this.#refuse({ ...judged, findings: verdict.findings }, "unexpected-data-transfer");
    return this.#allow({ access, body: clean.body, inspection: clean.inspection, findings: verdict.findings }, 200, "redact");
  }

  refuse(access: SupportAccess, reason: Reason): Promise<SupportAnswer> {
    return this.#refuse({ access, body: undefined, inspection: undefined, findings: [] }, reason);
  }

  async #inspect(rules: RulesInForce, route: SupportRoute, body: Buffer): Promise<Inspection | undefined> {
    const context = {
      schema: route.answer,
      querySchema: undefined,
      path: route.path,
      query: undefined,
      headers: [],
      namedHeaders: [],
      now: this.#parts.clock.now(),
    };
    try {
      const inspection = await rules.inspections.inspect({
        body,
        head: { contentType: "application/json", contentEncoding: undefined },
        context,
      });
      return isRefusal(inspection) ? undefined : inspection;
    } catch (error) {
      this.#parts.logger.error("An inspection failed; the answer is refused.", { fault: error instanceof Error ? error.name : "unknown" });
      return undefined;
    }
  }

  #decide(rules: RulesInForce, { findings, moreFindings }: Inspection): ReturnType<typeof decide> {
    return decide({
      caseName: "support",
      casePolicy: rules.index.policy.cases.support,
      findings,
      moreFindings,
      now: this.#parts.clock.now(),
    });
  }

  /** What the rules say is to be redacted, taken out and inspected again; undefined where the rest would not be clean. */
  async #redacted(rules: RulesInForce, route: SupportRoute, body: Buffer, findings: readonly Finding[]) {
    const view = readBody(body, { contentType: "application/json", contentEncoding: undefined }, rules.index.policy.limits).views[0];
    if (view?.kind !== "json") return undefined;
    const replaced = replaceValues(
      view.bytes,
      view.root,
      findings.filter((finding) => finding.action === "redact"),
    );
    if (replaced === undefined) return undefined;
    const inspection = await this.#inspect(rules, route, replaced);
    return inspection !== undefined && this.#decide(rules, inspection).kind === "allow" ? { body: replaced, inspection } : undefined;
  }

  async #allow(judged: Judged, status: number, verdict: "allow" | "redact"): Promise<SupportAnswer> {
    const record = await this.#record(judged, verdict, undefined, true);
    // Access without a trace is none: unlike clean traffic that leaves, this is asked for by someone outside.
    if (record === undefined) return this.#told(judged, "record-unavailable", undefined);
    this.#count(judged, verdict, undefined);
    return { status, contentType: "application/json", body: judged.body ?? Buffer.alloc(0) };
  }

  async #refuse(judged: Judged, reason: Reason): Promise<SupportAnswer> {
    const record = await this.#record(judged, "block", reason, false);
    return this.#told(judged, record === undefined ? "record-unavailable" : reason, record);
  }

  #told(judged: Judged, reason: Reason, record: string | undefined): SupportAnswer {
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

  async #upstreamFailed(access: SupportAccess, reason: UpstreamCode): Promise<SupportAnswer> {
    const { metrics, logger } = this.#parts;
    metrics.upstreamError(DESTINATION, reason === "upstream-timeout" ? "timeout" : "reset");
    logger.warn("Diffgram did not answer support.", { reason });
    const judged = { access, body: undefined, inspection: undefined, findings: [] };
    const record = await this.#record(judged, "allow", undefined, false);
    return problem(reason, record, []);
  }

  #count({ access, inspection, findings }: Judged, verdict: Transfer["verdict"], reason: Reason | undefined): void {
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
    { access, body, inspection, findings }: Judged,
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

/** What a clean answer held, path by path, as type and length: an access says what was told without telling it again. */
function structureOf(outline: readonly string[]): string {
  return JSON.stringify(
    Object.fromEntries(
      outline.map((line) => [
        line.slice(0, line.indexOf("\t")),
        line
          .slice(line.indexOf("\t") + 1)
          .replace("\t", " ")
          .trim(),
      ]),
    ),
  );
}

/** The values of all members with one of the names, at whatever depth; secrets that are told only as set or not stay booleans. */
function valuesNamed(node: JsonNode, names: ReadonlySet<string>): JsonNode[] {
  if (node.kind === "array") return node.items.flatMap((item) => valuesNamed(item, names));
  if (node.kind !== "object") return [];
  return node.members.flatMap(({ key, value }) => {
    if (!names.has(key.text)) return valuesNamed(value, names);
    return value.kind === "boolean" || value.kind === "null" ? [] : [value];
  });
}

/** The views' bytes are UTF-8: an answer in another charset would go out under the wrong name. */
function isUtf8(contentType: string | undefined): boolean {
  return !/charset\s*=\s*"?(?!utf-?8)/i.test(contentType ?? "");
}

function checkUpstream(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "" && url.username === "") return;
  throw new FaultsError("The support listener can't start.", [
    {
      where: "support.upstream",
      what: "It is no http(s)://HOST:PORT.",
      mend: "Write where Diffgram's default service answers, such as http://diffgram-default:8080.",
    },
  ]);
}
