import { STATUS_CODES } from "node:http";
import type { Finding } from "../model/finding.js";
import type { CaseName } from "../model/limited-case.js";
import { reasonSentence, type Reason } from "../model/reasons.js";
import type { HeaderField } from "../model/exchange.js";

/** What a refusal says to the client. Holds rule and pointer of each finding, never a value (invariant 7). */
export interface Problem {
  readonly status: number;
  readonly reason: Reason | UpstreamCode;
  readonly detail: string | undefined;
  readonly record: string | undefined;
  readonly caseName: CaseName;
  readonly findings: readonly Finding[];
}

/** Faults of the upstream, which are no refusals: 502 and 504. */
export type UpstreamCode = "upstream-unreachable" | "upstream-timeout";

const UPSTREAM_SENTENCES: Readonly<Record<UpstreamCode, string>> = {
  "upstream-unreachable": "The destination could not be reached, or its answer could not be read.",
  "upstream-timeout": "The destination did not answer in time.",
};

const TYPE = "urn:diffgram-egress-proxy:refusal:";
const LISTED_FINDINGS = 20;

/**
 * The answer as `application/problem+json` (RFC 9457). `code` and `message` are what Segment's client reads: an answer that lacks either
 * counts for it as a network fault, and is sent again up to ten times.
 */
export function problemBody(problem: Problem): Buffer {
  const title = isUpstream(problem.reason) ? UPSTREAM_SENTENCES[problem.reason] : reasonSentence(problem.reason);
  return Buffer.from(
    JSON.stringify({
      type: TYPE + problem.reason,
      title,
      status: problem.status,
      detail: problem.detail ?? title,
      instance: problem.record === undefined ? undefined : `urn:uuid:${problem.record}`,
      code: problem.reason,
      message: messageOf(problem, title),
      record: problem.record ?? null,
      case: problem.caseName,
      findings: problem.findings.slice(0, LISTED_FINDINGS).map(({ rule, pointer }) => ({ rule, pointer })),
    }),
  );
}

function messageOf(problem: Problem, title: string): string {
  const rules = [...new Set(problem.findings.map((finding) => finding.rule))];
  const found = rules.length === 0 ? "" : ` Found: ${rules.slice(0, 5).join(", ")}${rules.length > 5 ? " and more" : ""}.`;
  const record = problem.record === undefined ? "" : ` Record ${problem.record}.`;
  return `diffgram-egress-proxy: ${title}${found}${record}`;
}

/** Seconds after which a client past its quota may try again: by then a tenth of any quota a minute has come back. */
const RETRY_AFTER = "6";

/** 403, less where HTTP has a status of its own that clients act on (RFC 9110, section 15.5.8; RFC 6585, section 4). */
export function refusalStatus(reason: Reason): 403 | 407 | 429 {
  if (reason === "proxy-authentication-required") return 407;
  return reason === "quota-exceeded" ? 429 : 403;
}

export function problemHeaders(status: number): HeaderField[] {
  const headers: HeaderField[] = [
    ["Content-Type", "application/problem+json"],
    ["Cache-Control", "no-store"],
  ];
  if (status === 407) headers.push(["Proxy-Authenticate", 'Basic realm="diffgram-egress-proxy", charset="UTF-8"']);
  if (status === 429) headers.push(["Retry-After", RETRY_AFTER]);
  return headers;
}

/** A whole HTTP/1.1 answer, for a connection that is turned away before anything of it is read. */
export function problemAnswer(reason: Reason, detail: string): Buffer {
  const status = refusalStatus(reason);
  const body = problemBody({ status, reason, detail, record: undefined, caseName: "none", findings: [] });
  const fields = [...problemHeaders(status), ["Content-Length", String(body.length)], ["Connection", "close"]];
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

function isUpstream(reason: Reason | UpstreamCode): reason is UpstreamCode {
  return reason in UPSTREAM_SENTENCES;
}
