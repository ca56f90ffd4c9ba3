import { html } from "hono/html";
import { CATEGORIES } from "../../model/finding.js";
import { CASE_NAMES } from "../../model/limited-case.js";
import type { DeskPage, DeskRecord } from "../../model/record-desk.js";
import { TRANSFER_STATUSES } from "../../model/record-desk.js";
import type { ConsoleContext } from "../console-parts.js";
import type { Html } from "./layout.js";
import { csrfField, emptyState } from "./layout.js";
import { breaking, caseLabel, dueMark, foundMarks, moment, number, plural, reachMark, shown, statusMark } from "./marks.js";

interface ListContent {
  readonly found: DeskPage<DeskRecord>;
  /** The filter as it stands in the address. */
  readonly search: URLSearchParams;
  readonly mayChange: boolean;
  readonly changed: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Every record that matches, newest first; the filter is the address, so a view can be sent to a colleague. */
export function transfersBody(context: ConsoleContext, { found, search, mayChange, changed, now }: ListContent): Html {
  const filtered = [...search.keys()].some((key) => key !== "cursor" && key !== "limit");
  return html`<div class="title-row">
      <h1>Transfers</h1>
      <p class="muted keys"><kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open <kbd>x</kbd> choose</p>
    </div>
    ${changed === undefined ? "" : html`<p class="notice good" role="status">${plural(changed, "transfer")} changed.</p>`}
    ${filterForm(search, filtered)} ${found.items.length === 0 ? nothing(filtered, search.has("cursor")) : list(context, found, { search, mayChange, now })}
    <p class="pages">
      ${search.has("cursor") ? html`<a class="button" href="/transfers?${withCursor(search, undefined)}">First page</a>` : ""}
      ${found.items.length === 0 ? "" : html`<a class="button" href="/transfers.csv?${withCursor(search, undefined)}">All of it as CSV</a>`}
      ${found.next === undefined ? "" : html`<a class="button" rel="next" href="/transfers?${withCursor(search, found.next)}">Next page</a>`}
    </p>`;
}

function filterForm(search: URLSearchParams, filtered: boolean): Html {
  const incident = search.get("incident");
  return html`<form method="get" action="/transfers" class="filters card" role="search" aria-label="Filter transfers">
    <label class="grow">Text <input type="search" name="text" value="${search.get("text") ?? ""}" maxlength="200" placeholder="id, host, path, event, client, place" /></label>
    <label>Case ${choice("case", search, CASE_NAMES, (name) => caseLabel(name as (typeof CASE_NAMES)[number]))}</label>
    <label>Status ${choice("status", search, TRANSFER_STATUSES)}</label>
    <label>Vendor ${choice("transferred", search, ["true", "false"], (value) => (value === "true" ? "reached" : "did not reach"))}</label>
    <label>Answer ${choice("due", search, ["waiting", "overdue"])}</label>
    <label>Rule <input name="rule" value="${search.get("rule") ?? ""}" list="categories" placeholder="pii or pii/email" maxlength="80" /></label>
    <label>Since <input name="since" value="${search.get("since") ?? ""}" placeholder="30d or a date" maxlength="40" size="12" /></label>
    <label>Until <input name="until" value="${search.get("until") ?? ""}" placeholder="now" maxlength="40" size="12" /></label>
    <datalist id="categories">${CATEGORIES.map((category) => html`<option value="${category}"></option>`)}</datalist>
    ${incident === null ? "" : html`<input type="hidden" name="incident" value="${incident}" />`}
    <span class="actions"><button class="primary">Filter</button>${filtered ? html` <a class="button" href="/transfers">Clear</a>` : ""}</span>
    ${incident === null ? "" : html`<p class="within">Within the incident <code>${incident}</code></p>`}
  </form>`;
}

function choice(name: string, search: URLSearchParams, values: readonly string[], label = (value: string): string => value): Html {
  const chosen = search.get(name);
  return html`<select name="${name}">
    <option value="">any</option>
    ${values.map((value) => html`<option value="${value}" ${value === chosen ? html`selected` : ""}>${label(value)}</option>`)}
  </select>`;
}

function nothing(filtered: boolean, later: boolean): Html {
  if (later) return emptyState("No more transfers", "This was the last page.");
  return filtered
    ? emptyState("No transfer matches", html`Take something out of the filter, or <a href="/transfers">show all</a>.`)
    : emptyState("No transfers yet", "Once the proxy refuses, redacts or lets something out with findings, it stands here.");
}

function list(
  context: ConsoleContext,
  { items }: DeskPage<DeskRecord>,
  { search, mayChange, now }: Pick<ListContent, "search" | "mayChange" | "now">,
): Html {
  const table = html`<table class="list">
    <thead>
      <tr>
        ${mayChange ? html`<th scope="col"><input type="checkbox" data-all hidden aria-label="Choose all on this page" /></th>` : ""}
        <th scope="col">What was found</th>
        <th scope="col">Status</th>
        <th scope="col">Vendor</th>
        <th scope="col">Where to</th>
        <th scope="col" class="number">Seen</th>
        <th scope="col">Last seen</th>
      </tr>
    </thead>
    <tbody>
      ${items.map((record) => row(record, mayChange, now))}
    </tbody>
  </table>`;
  if (!mayChange) return table;
  return html`<form method="post" action="/transfers">
    ${csrfField(context)}
    <input type="hidden" name="back" value="/transfers?${withCursor(search, search.get("cursor") ?? undefined)}" />
    ${table}
    <fieldset class="bulk card">
      <legend>Change several at once: <span data-chosen>those that are ticked</span></legend>
      <label>Status <select name="status" required>${["confirmed", "dismissed", "reported", "deleted", "open"].map((status) => html`<option>${status}</option>`)}</select></label>
      <label class="grow">Why <input name="why" required minlength="3" maxlength="2000" /></label>
      <button class="primary">Change</button>
    </fieldset>
  </form>`;
}

function row(record: DeskRecord, mayChange: boolean, now: number): Html {
  const found = record.rules.join(", ") || (record.reason ?? "no finding");
  return html`<tr data-row>
    ${mayChange ? html`<td class="choose"><input type="checkbox" name="id" value="${record.id}" data-one aria-label="Choose ${record.id.slice(0, 13)}" /></td>` : ""}
    <th scope="row">
      <a data-open href="/transfers/${encodeURIComponent(record.id)}" aria-label="Transfer ${record.id.slice(0, 13)}: ${found}">
        ${foundMarks(record)}
      </a>
      <span class="sub">${record.id.slice(0, 13)}</span>
    </th>
    <td data-label="Status">${statusMark(record.status)}${record.spooled ? html` <span class="mark">spooled</span>` : ""} ${dueMark(record, now)}</td>
    <td data-label="Vendor">${reachMark(record)}</td>
    <td data-label="Where to">
      ${shown(record.destination)}<span class="sub">${caseLabel(record.case)}${record.eventKind === null ? "" : html`, ${breaking(record.eventKind)}`}</span>
    </td>
    <td data-label="Seen" class="number">${number(record.occurrences)}</td>
    <td data-label="Last seen">${moment(record.lastSeen)}</td>
  </tr>`;
}

function withCursor(search: URLSearchParams, cursor: string | undefined): string {
  const next = new URLSearchParams(search);
  if (cursor === undefined) next.delete("cursor");
  else next.set("cursor", cursor);
  return next.toString();
}
