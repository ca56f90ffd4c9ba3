import { html } from "hono/html";
import { z } from "zod";
import { TRANSFER_STATUSES } from "../../model/record-desk.js";
import type { DeskHistoryEntry } from "../../model/record-desk.js";
import type { Html } from "./layout.js";
import { moment, plural, shown, statusMark } from "./marks.js";

const STATUS_DETAIL = z.object({
  from: z.enum(TRANSFER_STATUSES),
  to: z.enum(TRANSFER_STATUSES),
  by: z.string(),
  why: z.string(),
  due: z.number().optional(),
  confirmation: z.string().optional(),
});
const SEALED_DETAIL = z.object({ bytes: z.number(), sealed: z.string() });
const ACCESS_DETAIL = z.object({ by: z.string(), why: z.string(), file: z.array(z.string()) });
const SEEN_DETAIL = z.object({ client: z.string(), verdict: z.string() });

/** Occurrences are shown one by one up to this many in a row. */
const SINGLE = 3;

/** What happened to a record, newest first; many occurrences in a row are one line. */
export function historyList(history: readonly DeskHistoryEntry[]): Html {
  const groups: DeskHistoryEntry[][] = [];
  for (const entry of [...history].reverse()) {
    const last = groups.at(-1);
    if (last?.[0]?.kind === "occurrence" && entry.kind === "occurrence") last.push(entry);
    else groups.push([entry]);
  }
  const items = groups.flatMap((group) => (group.length > SINGLE ? [manyItem(group)] : group.map(entryItem)));
  return items.length === 0
    ? html`<p class="muted">Still in the spool; its history starts once the store took it.</p>`
    : html`<ol class="history">${items}</ol>`;
}

function manyItem(group: readonly DeskHistoryEntry[]): Html {
  const [newest, oldest] = [group[0], group.at(-1)];
  return html`<li>
    <p>Seen again ${plural(group.length, "time")}</p>
    <p class="sub">${newest === undefined ? "" : moment(newest.at)}, since ${oldest === undefined ? "" : moment(oldest.at)}</p>
  </li>`;
}

function entryItem(entry: DeskHistoryEntry): Html {
  const status = STATUS_DETAIL.safeParse(entry.detail);
  if (entry.kind === "status" && status.success) {
    const { to, by, why, due, confirmation } = status.data;
    return html`<li>
      <p>${statusMark(to)} by ${shown(by)}</p>
      <p class="said">${said(why)}</p>
      ${due === undefined ? "" : html`<p class="sub">Answer due ${moment(new Date(due).toISOString())}</p>`}
      ${confirmation === undefined ? "" : html`<details><summary>The vendor's answer</summary><blockquote class="said">${said(confirmation)}</blockquote></details>`}
      <p class="sub">${moment(entry.at)}</p>
    </li>`;
  }
  const sealed = SEALED_DETAIL.safeParse(entry.detail);
  if (entry.kind === "evidence") {
    return html`<li>
      <p>Body sealed and kept${sealed.success ? `: ${plural(sealed.data.bytes, "byte")}` : ""}</p>
      <p class="sub">${moment(entry.at)} by ${entry.replica}</p>
    </li>`;
  }
  const access = ACCESS_DETAIL.safeParse(entry.detail);
  if (entry.kind === "access") {
    return html`<li>
      <p>Sealed body taken out${access.success ? ` by ${shown(access.data.by)}` : ""}</p>
      ${access.success ? html`<p class="said">${said(access.data.why)}</p>` : ""}
      <p class="sub">${moment(entry.at)}</p>
    </li>`;
  }
  const seen = SEEN_DETAIL.safeParse(entry.detail);
  return html`<li>
    <p>${entry.kind === "transfer" ? "Recorded" : "Seen again"}${seen.success ? `: ${shown(seen.data.verdict)}, from ${shown(seen.data.client)}` : ""}</p>
    <p class="sub">${moment(entry.at)} by ${entry.replica}</p>
  </li>`;
}

/** What a person wrote keeps its lines. */
function said(text: string): string {
  return text.replaceAll("\r\n", "\n").split("\n").map(shown).join("\n");
}
