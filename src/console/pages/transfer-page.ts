import { html } from "hono/html";
import { reasonSentence } from "../../model/reasons.js";
import type { DeskEvidence, DeskHistoryEntry, DeskRecord } from "../../model/record-desk.js";
import { codePathOf } from "../code-path.js";
import type { ConsoleContext } from "../console-parts.js";
import { evidenceCard } from "./evidence-pages.js";
import { historyList } from "./history-list.js";
import type { Html } from "./layout.js";
import { breaking, caseLabel, codeText, dueMark, moment, number, plural, reachMark, ruleClass, shown, statusMark } from "./marks.js";
import { structureLines } from "./structure-lines.js";
import { actionsCard } from "./transfer-steps.js";

interface TransferContent {
  readonly record: DeskRecord;
  readonly history: readonly DeskHistoryEntry[];
  readonly evidence: readonly DeskEvidence[];
  readonly mayChange: boolean;
  /** Whether a dismissal can propose a policy exception here. */
  readonly exceptions: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One transfer: what it was, where it showed, what was done about it, and what can be done next. */
export function transferBody(context: ConsoleContext, { record, history, evidence, mayChange, exceptions, now }: TransferContent): Html {
  return html`<nav aria-label="Where this is" class="crumbs"><a href="/transfers">Transfers</a> › <a href="/transfers?incident=${record.incident}">Incident</a></nav>
    <div class="title-row">
      <h1>${record.method} ${shown(record.host)}</h1>
      <p>${statusMark(record.status)} ${dueMark(record, now)} ${reachMark(record)}</p>
    </div>
    <p class="lead">${summaryOf(record)}</p>
    <div class="detail">
      <div>
        ${findingsCard(record)} ${structureCard(record)}
        <section class="card"><h2>History</h2>${historyList(history)}</section>
      </div>
      <div>
        ${actionsCard(context, { record, mayChange, exceptions, now })} ${evidenceCard(context, record, evidence)} ${factsCard(record)}
      </div>
    </div>`;
}

function summaryOf(record: DeskRecord): string {
  const reason = record.reason === null ? "" : ` ${reasonSentence(record.reason)}`;
  if (record.transferred) return "It reached the vendor: it was let out with these findings.";
  if (record.verdict === "redact") return "It went out redacted: what was found stayed here.";
  return `It was stopped here; nothing of it reached the vendor.${reason}`;
}

function findingsCard(record: DeskRecord): Html {
  return html`<section class="card">
    <h2>Findings</h2>
    ${record.findings.length === 0 ? html`<p class="muted">None: the request itself was refused.</p>` : ""}
    <ol class="findings">
      ${record.findings.map(
        (finding, index) => html`<li id="finding-${index + 1}">
          <p>
            <code class="rule ${ruleClass(finding.rule)}">${finding.rule}</code> at
            ${finding.pointer.startsWith("/") && record.structure !== null ? html`<a href="#at-${index + 1}"><code>${shown(finding.pointer)}</code></a>` : html`<code>${finding.pointer === "" ? "the whole body" : shown(finding.pointer)}</code>`}
          </p>
          <p>${shown(finding.why)}</p>
          <p class="sub">
            ${finding.action}; seen as ${shown(finding.view)}${finding.range === undefined ? "" : `, bytes ${finding.range[0]} to ${finding.range[1]}`}; repeats carry
            <code title="${finding.hmac}">${finding.hmac.slice(0, 12)}</code>
          </p>
        </li>`,
      )}
    </ol>
    ${record.moreFindings > 0 ? html`<p class="muted">And ${plural(record.moreFindings, "more finding")} that were only counted.</p>` : ""}
  </section>`;
}

function structureCard({ structure, findings }: DeskRecord): Html {
  if (structure === null)
    return html`<section class="card"><h2>Structure</h2><p class="muted">The body could not be read, or had none.</p></section>`;
  const { lines, whole } = structureLines(structure, findings);
  return html`<section class="card">
    <h2>Structure</h2>
    <p class="muted">Every value is replaced by its type and length; keys that no schema names by eight digits.</p>
    <div class="structure" tabindex="0" role="region" aria-label="Structure of the body">
      <ol>
        ${lines.map(
          (line) =>
            html`<li class="depth-${Math.min(line.depth, 12)}${line.findings.length > 0 ? " hit" : ""}">${line.findings.map((index) => html`<a id="at-${index + 1}"></a>`)}<code>${line.key === undefined ? "" : html`<b>${shown(line.key)}</b>: `}${shown(line.text)}</code>${line.findings
              .slice(0, 4)
              .map(
                (index) =>
                  html` <a class="rule ${ruleClass(findings[index]?.rule ?? "")}" href="#finding-${index + 1}">${findings[index]?.rule ?? ""}</a>`,
              )}${line.findings.length > 4 ? html` <span class="muted">+${line.findings.length - 4}</span>` : ""}</li>`,
        )}
      </ol>
    </div>
    ${whole ? "" : html`<p class="muted">The rest is not shown; the API has it whole.</p>`}
  </section>`;
}

function factsCard(record: DeskRecord): Html {
  const facts: readonly (readonly [string, string | Html])[] = [
    ["Record", html`<code>${record.id}</code>`],
    ["Request", html`<code>${breaking(`${record.method} ${record.host}:${record.port}${record.path}`)}</code>`],
    ...(record.via === null ? [] : [["Dialled by", `the parent proxy ${shown(record.via)}, which resolves the name`] as const]),
    ["Case", caseLabel(record.case)],
    ["Destination", shown(record.destination)],
    ...(record.host.startsWith("{")
      ? [
          [
            "Which host",
            html`No policy names it, so records don't either. Names can be tried: <code>egress-proxy pseudonym NAME</code>`,
          ] as const,
        ]
      : []),
    ["Event", record.eventKind === null ? "none named" : breaking(record.eventKind)],
    ["In the source", codeText(codePathOf(record) ?? "not known")],
    ["Client", shown(record.client)],
    ...(record.due === null ? [] : [["Answer due", moment(record.due)] as const]),
    ["Seen", plural(record.occurrences, "time")],
    ["First seen", moment(record.firstSeen)],
    ["Last seen", moment(record.lastSeen)],
    ["Body", `${number(record.bodyBytes)} bytes`],
    ["Body's keyed digest", html`<code title="${record.bodyHmac}">${record.bodyHmac.slice(0, 16)}</code>`],
    ["Policy", html`<code title="${record.policyDigest}">${record.policyDigest.slice(0, 16)}</code>`],
    ["Replica", record.replica === "" ? "in the spool" : record.replica],
  ];
  return html`<section class="card">
    <h2>Facts</h2>
    <dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </section>`;
}
