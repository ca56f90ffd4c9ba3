import { html } from "hono/html";
import type { DeskIncident, DeskPage } from "../../model/record-desk.js";
import type { Html } from "./layout.js";
import { emptyState } from "./layout.js";
import { breaking, caseLabel, foundMarks, moment, number, plural, shown } from "./marks.js";

/** Transfers of the same cause, so that a thousand alike are one thing to decide on. */
export function incidentsPage(
  { items: incidents, next }: DeskPage<DeskIncident>,
  { openOnly, later }: { readonly openOnly: boolean; readonly later: boolean },
): Html {
  const address = (cursor?: string): string =>
    `/incidents?${new URLSearchParams({ ...(openOnly ? {} : { open: "false" }), ...(cursor === undefined ? {} : { cursor }) }).toString()}`;
  return html`<div class="title-row">
      <h1>Incidents</h1>
      <ul class="tabs">
        <li><a href="/incidents" ${openOnly ? html`aria-current="true"` : ""}>Open</a></li>
        <li><a href="/incidents?open=false" ${openOnly ? "" : html`aria-current="true"`}>All</a></li>
      </ul>
    </div>
    <p class="muted">An incident is every transfer of one cause: case, destination, event, reason, rules and places. Closed ones come back when their cause does.</p>
    ${incidents.length === 0 ? emptyState(openOnly ? "No open incident" : "No incident yet", openOnly ? html`Everything was decided. <a href="/incidents?open=false">Show all</a>` : "Nothing was stopped yet.") : incidentRows(incidents)}
    <p class="pages">
      ${later ? html`<a class="button" href="${address()}">First page</a>` : ""}
      ${next === undefined ? "" : html`<a class="button" rel="next" href="${address(next)}">Next page</a>`}
    </p>`;
}

export function incidentRows(incidents: readonly DeskIncident[]): Html {
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">What was found</th>
        <th scope="col">Where to</th>
        <th scope="col" class="number">Transfers</th>
        <th scope="col" class="number">Seen</th>
        <th scope="col">Vendor</th>
        <th scope="col">Last seen</th>
      </tr>
    </thead>
    <tbody>
      ${incidents.map(
        (incident) => html`<tr data-row>
          <th scope="row">
            <a data-open href="/transfers?incident=${incident.id}" aria-label="Transfers of this incident: ${incident.rules.join(", ") || (incident.reason ?? "no finding")}">
              ${foundMarks(incident)}
            </a>
          </th>
          <td data-label="Where to">
            ${shown(incident.destination)}<span class="sub">${caseLabel(incident.case)}${incident.eventKind === null ? "" : html`, ${breaking(incident.eventKind)}`}</span>
          </td>
          <td data-label="Transfers" class="number">${number(incident.records)}<span class="sub">${number(incident.openRecords)} open</span></td>
          <td data-label="Seen" class="number">${plural(incident.occurrences, "time")}</td>
          <td data-label="Vendor">
            ${incident.transferred > 0 ? html`<span class="mark reached">${number(incident.transferred)} reached</span>` : html`<span class="mark stopped">none reached</span>`}
          </td>
          <td data-label="Last seen">${moment(incident.lastSeen)}<span class="sub when">since ${moment(incident.firstSeen)}</span></td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}
