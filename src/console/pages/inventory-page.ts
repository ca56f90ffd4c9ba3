import { html } from "hono/html";
import type { InventoryItem } from "../../model/console-ports.js";
import type { ConsoleContext } from "../console-parts.js";
import type { Html } from "./layout.js";
import { csrfField, emptyState } from "./layout.js";
import { caseLabel, moment, number, shown } from "./marks.js";

/** What has left the building: paths and types of allowed traffic, never a value. */
export function inventoryPage(
  context: ConsoleContext,
  found: { readonly items: readonly InventoryItem[]; readonly next: string | undefined },
  changesOnly: boolean,
): Html {
  const more = new URLSearchParams({ ...(changesOnly ? { changes: "true" } : {}), cursor: found.next ?? "" });
  const permitted = context.get("principal")?.permissions.includes("inventory:write") === true;
  return html`<div class="title-row">
      <h1>Inventory</h1>
      <ul class="tabs">
        <li><a href="/inventory" ${changesOnly ? "" : html`aria-current="true"`}>All</a></li>
        <li><a href="/inventory?changes=true" ${changesOnly ? html`aria-current="true"` : ""}>Material changes</a></li>
      </ul>
    </div>
    <p class="muted">What allowed traffic holds: each path with its type and length class. No values are kept.</p>
    ${changesOnly && found.items.length > 0 && permitted ? acceptForm(context) : ""}
    ${
      found.items.length === 0
        ? emptyState(
            changesOnly ? "No material change" : "Nothing has left yet",
            changesOnly
              ? "No path, event or destination was seen for the first time."
              : "Once allowed traffic goes out, its paths stand here.",
          )
        : html`<table class="list">
          <thead>
            <tr><th scope="col">Path</th><th scope="col">Type</th><th scope="col">Where to</th><th scope="col" class="number">Seen</th><th scope="col">Last seen</th></tr>
          </thead>
          <tbody>
            ${found.items.map(
              (item) => html`<tr data-row>
                <th scope="row"><code>${shown(item.path)}</code> ${item.materialChange ? html`<span class="mark state-limited">new</span>` : ""}</th>
                <td data-label="Type">${item.type}<span class="sub">${item.lengthClass}</span></td>
                <td data-label="Where to">${shown(item.destination)}<span class="sub">${caseLabel(item.case)}</span></td>
                <td data-label="Seen" class="number">${number(item.count)}</td>
                <td data-label="Last seen">${moment(item.lastSeen)}<span class="sub">since ${moment(item.firstSeen)}</span></td>
              </tr>`,
            )}
          </tbody>
        </table>`
    }
    ${found.next === undefined ? "" : html`<p class="pages"><a class="button" rel="next" href="/inventory?${more.toString()}">Next page</a></p>`}`;
}

function acceptForm(context: ConsoleContext): Html {
  return html`<form method="post" action="/inventory/accept" class="card row">
    ${csrfField(context)}
    <p class="grow">Looked at, and as it should be? Then these stand in the inventory as known, with your name and the time.</p>
    <button class="primary">Accept all changes</button>
  </form>`;
}
