import { html } from "hono/html";
import { reasonSentence } from "../../model/reasons.js";
import type { DeskHistoryEntry, DeskRecord, TransferStatus } from "../../model/record-desk.js";
import { NEXT_STATUSES } from "../../model/record-desk.js";
import { codePathOf } from "../code-path.js";
import type { ConsoleContext } from "../console-parts.js";
import { historyList } from "./history-list.js";
import type { Html } from "./layout.js";
import { csrfField } from "./layout.js";
import { caseLabel, moment, number, plural, reachMark, ruleClass, shown, statusMark } from "./marks.js";
import { structureLines } from "./structure-lines.js";

interface TransferContent {
  readonly record: DeskRecord;
  readonly history: readonly DeskHistoryEntry[];
  readonly mayChange: boolean;
}

/** One transfer: what it was, where it showed, what was done about it, and what can be done next. */
export function transferBody(context: ConsoleContext, { record, history, mayChange }: TransferContent): Html {
  return html`<nav aria-label="Where this is" class="crumbs"><a href="/transfers">Transfers</a> › <a href="/transfers?incident=${record.incident}">Incident</a></nav>
    <div class="title-row">
      <h1>${record.method} ${shown(record.host)}</h1>
      <p>${statusMark(record.status)} ${reachMark(record)}</p>
    </div>
    <p class="lead">${summaryOf(record)}</p>
    <div class="detail">
      <div>
        ${findingsCard(record)} ${structureCard(record)}
      </div>
      <div>
        ${actionsCard(context, record, mayChange)} ${factsCard(record)}
        <section class="card"><h2>History</h2>${historyList(history)}</section>
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

/** A sentence whose words in backticks are code. */
function codeText(sentence: string): Html {
  return html`${sentence.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

const STEPS: Readonly<Record<TransferStatus, readonly [string, string]>> = {
  confirmed: ["Confirm", "It is a UDT: why?"],
  reported: ["Mark as reported", "How was the vendor told?"],
  deleted: ["Mark as deleted", "How did the vendor confirm the deletion?"],
  dismissed: ["Dismiss", "Why is it no UDT?"],
  open: ["Open again", "Why?"],
};

function actionsCard(context: ConsoleContext, record: DeskRecord, mayChange: boolean): Html {
  const next = NEXT_STATUSES[record.status];
  return html`<section class="card">
    <h2>What next</h2>
    ${next.length === 0 ? html`<p class="muted">Closed: nothing is left to do.</p>` : ""}
    ${!mayChange && next.length > 0 ? html`<p class="muted">Your role only reads. A reviewer can change the status.</p>` : ""}
    ${mayChange ? next.map((status) => stepForm(context, record, status)) : ""}
    <p><a class="button" href="/transfers/${encodeURIComponent(record.id)}/notice">Notice to the vendor</a></p>
  </section>`;
}

function stepForm(context: ConsoleContext, record: DeskRecord, status: TransferStatus): Html {
  const [label, written] = STEPS[status];
  const question = status === "deleted" && !record.transferred ? "Nothing reached the vendor: how did they answer?" : written;
  const name = status === "deleted" && !record.transferred ? "Close" : label;
  return html`<form method="post" action="/transfers/${encodeURIComponent(record.id)}/status" class="step">
    ${csrfField(context)}
    <input type="hidden" name="status" value="${status}" /><input type="hidden" name="from" value="${record.status}" />
    <label>${question} <textarea name="why" rows="2" required minlength="3" maxlength="2000"></textarea></label>
    <button class="${status === "dismissed" ? "" : "primary"}">${name}</button>
  </form>`;
}

function factsCard(record: DeskRecord): Html {
  const facts: readonly (readonly [string, string | Html])[] = [
    ["Record", html`<code>${record.id}</code>`],
    ["Request", html`<code>${shown(`${record.method} ${record.host}:${record.port}${record.path}`)}</code>`],
    ["Case", caseLabel(record.case)],
    ["Destination", shown(record.destination)],
    ["Event", record.eventKind === null ? "none named" : shown(record.eventKind)],
    ["In the source", codeText(codePathOf(record) ?? "not known")],
    ["Client", shown(record.client)],
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
