import { html } from "hono/html";
import type { ConsoleHealth } from "../../model/console-ports.js";
import { CASE_NAMES, LIMITED_CASES } from "../../model/limited-case.js";
import type { Policy } from "../../model/policy.js";
import type { DeskIncident } from "../../model/record-desk.js";
import { TRANSFER_STATUSES } from "../../model/record-desk.js";
import type { Summary } from "../summary.js";
import { total } from "../summary.js";
import { dayChart } from "./day-chart.js";
import { incidentRows } from "./incidents-page.js";
import type { Html } from "./layout.js";
import { emptyState } from "./layout.js";
import { caseLabel, dueMark, foundMarks, moment, number, plural, reachMark, shown } from "./marks.js";

/** What there is to do, what came when, and whether all of it works. */
export function overviewBody(
  summary: Summary,
  incidents: readonly DeskIncident[],
  health: ConsoleHealth | undefined,
  policy: Policy,
): Html {
  const open = [...summary.byCase.values()].reduce((sum, counts) => sum + counts.open, 0);
  return html`<div class="title-row">
      <h1>Overview</h1>
      <p class="muted">Counted ${moment(new Date(summary.at).toISOString())}</p>
    </div>
    <ul class="tiles">
      ${tile("Open", open, "/transfers?status=open", open > 0 ? "warn" : "calm")}
      ${tile("Reached the vendor, not closed", summary.reachedOpen, "/transfers?transferred=true", summary.reachedOpen > 0 ? "bad" : "calm")}
      ${tile("Overdue answers of the vendor", summary.overdue, "/transfers?due=overdue", summary.overdue > 0 ? "bad" : "calm")}
      ${tile("Records", summary.records, "/transfers", "calm")} ${healthTile(health)}
    </ul>
    ${
      summary.records === 0
        ? emptyState("Nothing was stopped yet", "Once the proxy refuses, redacts or lets something out with findings, it stands here.")
        : html`<div class="columns">
          ${chartCard(summary)} ${agesCard(summary)} ${casesCard(summary)} ${rulesCard(summary)}
        </div>`
    }
    ${summary.due === 0 ? "" : waitingCard(summary)}
    <section class="card">
      <div class="title-row"><h2>Open incidents, newest first</h2><a href="/incidents">All incidents</a></div>
      ${incidents.length === 0 ? html`<p class="muted">No incident waits for anyone.</p>` : incidentRows(incidents)}
    </section>
    <section class="card">
      <div class="title-row"><h2>The four Limited Cases</h2><a href="/policy">Policy in force</a></div>
      <ul class="plain cases">
        ${LIMITED_CASES.map((name) => {
          const { state, consequence } = policy.cases[name];
          return html`<li>
            <strong>${caseLabel(name)}</strong> <span class="mark state-${state}">${state}</span>
            ${state === "limited" ? html`<span class="muted">${consequence}</span>` : ""}
          </li>`;
        })}
      </ul>
    </section>`;
}

/** Who was told and has not answered, the first to fall due at the head. */
function waitingCard({ due, waiting, at }: Summary): Html {
  return html`<section class="card">
    <div class="title-row"><h2>Waiting for the vendor</h2><a href="/transfers?due=waiting">All ${number(due)}</a></div>
    <ul class="plain cases">
      ${waiting.map(
        (record) => html`<li>
          ${dueMark(record, at)} <a href="/transfers/${encodeURIComponent(record.id)}">${foundMarks(record)}</a>
          <span>${shown(record.destination)}</span> ${reachMark(record)} <span class="muted">due ${record.due === null ? "" : moment(record.due)}</span>
        </li>`,
      )}
    </ul>
  </section>`;
}

function tile(label: string, count: number, href: string, tone: "calm" | "warn" | "bad"): Html {
  return html`<li class="tile ${tone}"><a href="${href}"><span class="count">${number(count)}</span> <span>${label}</span></a></li>`;
}

function healthTile(health: ConsoleHealth | undefined): Html {
  if (health === undefined)
    return html`<li class="tile calm"><div><span class="count">apart</span> <span>No proxy in this process</span></div></li>`;
  const failing = Object.entries(health.checks).filter(([, check]) => !check.ok);
  return html`<li class="tile ${health.status === "ok" ? "calm" : "bad"}">
    <div>
      <span class="count">${health.status}</span>
      <span>${
        failing.length === 0
          ? `Health: ${Object.keys(health.checks).join(", ") || "no checks"}`
          : failing.map(([name, { detail }]) => `${name}: ${detail ?? "failing"}`).join("; ")
      }</span>
    </div>
  </li>`;
}

function chartCard(summary: Summary): Html {
  return html`<section class="card wide">
    <h2>New records, last 14 days</h2>
    ${dayChart(summary.days)}
  </section>`;
}

function casesCard({ byCase }: Summary): Html {
  const rows = CASE_NAMES.flatMap((name) => {
    const counts = byCase.get(name);
    return counts === undefined ? [] : [{ name, counts }];
  });
  return html`<section class="card wide">
    <h2>By case and status</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Records by case and status">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Case</th>
            ${TRANSFER_STATUSES.map((status) => html`<th scope="col" class="number">${status}</th>`)}
            <th scope="col" class="number">all</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, counts }) =>
              html`<tr>
                <th scope="row"><a href="/transfers?case=${name}">${caseLabel(name)}</a></th>
                ${TRANSFER_STATUSES.map(
                  (status) =>
                    html`<td class="number">
                      ${counts[status] === 0 ? html`<span class="muted">0</span>` : html`<a href="/transfers?case=${name}&amp;status=${status}">${number(counts[status])}</a>`}
                    </td>`,
                )}
                <td class="number">${number(total(counts))}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function rulesCard({ rules }: Summary): Html {
  return html`<section class="card">
    <h2>Top rules</h2>
    ${bars(rules.map(([rule, count]) => ({ label: html`<a href="/transfers?rule=${rule}"><code>${rule}</code></a>`, count })))}
  </section>`;
}

function agesCard({ openAges }: Summary): Html {
  return html`<section class="card">
    <h2>Open by age</h2>
    ${bars(openAges.map(([age, count]) => ({ label: html`${age}`, count })))}
  </section>`;
}

function bars(rows: readonly { readonly label: Html; readonly count: number }[]): Html {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return html`<ul class="bars">
    ${rows.map(
      ({ label, count }) => html`<li>
        <span>${label}</span>
        <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect class="track" width="100" height="8" rx="1" /><rect class="bar" width="${((100 * count) / most).toFixed(1)}" height="8" rx="1" />
        </svg>
        <span class="number" title="${plural(count, "record")}">${number(count)}</span>
      </li>`,
    )}
  </ul>`;
}
