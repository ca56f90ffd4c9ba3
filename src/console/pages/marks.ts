import { html } from "hono/html";
import type { CaseName } from "../../model/limited-case.js";
import type { DeskRecord, TransferStatus } from "../../model/record-desk.js";
import type { Html } from "./layout.js";

const CASES: Readonly<Record<CaseName, string>> = {
  "event-collection": "Event collection",
  "js-error-collection": "JS error collection",
  support: "Support",
  licensing: "Licensing",
  operator: "Operator's own",
  none: "No case",
};

export function caseLabel(name: CaseName): string {
  return CASES[name];
}

export function statusMark(status: TransferStatus): Html {
  return html`<span class="mark status-${status}">${status}</span>`;
}

/** Whether the vendor has it: the first thing that an analyst needs to know. */
export function reachMark(record: Pick<DeskRecord, "transferred" | "verdict">): Html {
  if (record.transferred) return html`<span class="mark reached">reached vendor</span>`;
  if (record.verdict === "redact") return html`<span class="mark redacted">redacted</span>`;
  return html`<span class="mark stopped">stopped</span>`;
}

/** How long the vendor still has to answer, or for how long it has not. */
export function dueMark({ due }: Pick<DeskRecord, "due">, now: number): Html {
  if (due === null) return html``;
  const days = Math.ceil((Date.parse(due) - now) / 86_400_000);
  if (Date.parse(due) < now) return html`<span class="mark overdue">overdue</span>`;
  return html`<span class="mark" title="${due}">due in ${plural(days, "day")}</span>`;
}

function ruleMarks(rules: readonly string[], most = 3): Html {
  if (rules.length === 0) return html`<span class="muted">no rule</span>`;
  const shown = rules.slice(0, most);
  return html`<span class="rules"
    >${shown.map((rule) => html`<code class="rule ${ruleClass(rule)}">${rule}</code> `)}${
      rules.length > most ? html`<span class="muted">+${rules.length - most}</span>` : ""
    }</span
  >`;
}

/** What was found, or why a request was refused in which nothing was. */
export function foundMarks({ rules, reason }: { readonly rules: readonly string[]; readonly reason: string | null }): Html {
  return rules.length === 0 ? html`<code class="rule other">${reason ?? "no finding"}</code>` : ruleMarks(rules);
}

/** Only known words become part of a class. */
export function ruleClass(rule: string): string {
  return /^(pii|secret|blob|annotation|schema|integrity)\//.exec(rule)?.[1] ?? "other";
}

/** A time: UTC in the page, the reader's own zone once the script ran, UTC on hover. */
export function moment(iso: string): Html {
  const utc = `${iso.slice(0, 19).replace("T", " ")} UTC`;
  return html`<time datetime="${iso}" title="${utc}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}

/** Text of the traffic: what would be invisible, or turn the reading direction, is shown as what it is. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

/** Text of the traffic that may break behind its own marks and not in the middle of a word. */
export function breaking(text: string): Html {
  return html`${shown(text)
    .split(/(?<=[/_.:-])/)
    .map((piece, index) => (index === 0 ? piece : html`<wbr />${piece}`))}`;
}

export function number(value: number): string {
  return value.toLocaleString("en-GB");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** A sentence whose words in backticks are code. */
export function codeText(sentence: string): Html {
  return html`${sentence.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${breaking(part)}</code>` : part))}`;
}
