import { html } from "hono/html";
import type { DeskRecord, TransferStatus } from "../../model/record-desk.js";
import { NEXT_STATUSES } from "../../model/record-desk.js";
import type { ConsoleContext } from "../console-parts.js";
import { ANSWER_MS } from "../desk-access.js";
import type { Html } from "./layout.js";
import { csrfField } from "./layout.js";
import { moment } from "./marks.js";

const STEPS: Readonly<Record<TransferStatus, readonly [string, string]>> = {
  confirmed: ["Confirm", "It is a UDT: why?"],
  reported: ["Mark as reported", "How was the vendor told?"],
  deleted: ["Mark as deleted", "How did the vendor confirm the deletion?"],
  dismissed: ["Dismiss", "Why is it no UDT?"],
  open: ["Open again", "Why?"],
};

/** The button's words and the question, where the record says more than its status. */
function stepWords(record: DeskRecord, status: TransferStatus): readonly [string, string] {
  if (status === "deleted" && !record.transferred) return ["Close", "Nothing reached the vendor: how did they answer?"];
  if (status === "reported" && record.status === "reported") return ["Remind again", "How was the vendor reminded?"];
  return STEPS[status];
}

interface StepContent {
  readonly record: DeskRecord;
  readonly mayChange: boolean;
  readonly exceptions: boolean;
  readonly now: number;
}

/** What can be done with a transfer now, the likely step first. */
export function actionsCard(context: ConsoleContext, { record, mayChange, exceptions, now }: StepContent): Html {
  const next = NEXT_STATUSES[record.status];
  const path = `/transfers/${encodeURIComponent(record.id)}`;
  return html`<section class="card">
    <h2>What next</h2>
    ${next.length === 0 ? html`<p class="muted">Closed: nothing is left to do.</p>` : ""}
    ${record.due === null ? "" : waitingNotice(record.due, now)}
    ${!mayChange && next.length > 0 ? html`<p class="muted">Your role only reads. A reviewer can change the status.</p>` : ""}
    ${mayChange ? next.map((status) => stepForm(context, record, status, now)) : ""}
    <p>
      <a class="button" href="${path}/notice">Notice to the vendor</a>
      ${exceptions && record.status === "dismissed" ? html`<a class="button" href="${path}/exception">Propose a policy exception</a>` : ""}
    </p>
  </section>`;
}

function waitingNotice(due: string, now: number): Html {
  return Date.parse(due) < now
    ? html`<p class="notice bad">Overdue: the vendor's answer was due ${moment(due)}. Remind them and set a new date, or close it once they answered.</p>`
    : html`<p class="notice info">The vendor's answer is due ${moment(due)}.</p>`;
}

function stepForm(context: ConsoleContext, record: DeskRecord, status: TransferStatus, now: number): Html {
  const [name, question] = stepWords(record, status);
  return html`<form method="post" action="/transfers/${encodeURIComponent(record.id)}/status" class="step">
    ${csrfField(context)}
    <input type="hidden" name="status" value="${status}" /><input type="hidden" name="from" value="${record.status}" />
    <label>${question} <textarea name="why" rows="2" required minlength="3" maxlength="2000"></textarea></label>
    ${status === "reported" ? html`<label>Until when are they to answer? <input type="date" name="due" required value="${new Date(now + ANSWER_MS).toISOString().slice(0, 10)}" min="${new Date(now).toISOString().slice(0, 10)}" /></label>` : ""}
    ${status === "deleted" ? html`<label>Their answer, word for word <textarea name="confirmation" rows="4" maxlength="20000" placeholder="Kept in the record's chain"></textarea></label>` : ""}
    <button class="${status === "dismissed" || status === record.status ? "" : "primary"}">${name}</button>
  </form>`;
}
