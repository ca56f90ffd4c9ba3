import { html } from "hono/html";
import { z } from "zod";
import type { AccessWindow, SupportDesk } from "../../model/support-desk.js";
import { formOf, requirePermission } from "../access/guard.js";
import { judged } from "../api/request.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import type { Html } from "./layout.js";
import { csrfField, page } from "./layout.js";
import { moment, shown } from "./marks.js";

const MINUTES = [30, 60, 120, 240, 480, 1_440] as const;
const WISH = z.object({
  minutes: z.coerce
    .number()
    .int()
    .refine((minutes) => MINUTES.some((known) => known === minutes), "Choose one of the times."),
  reason: z.string().trim().min(3, "Say what support is to look at, and its ticket.").max(500),
});
const SHOWN = 30;

/** Windows of access for the vendor's support: everyone sees them, an admin opens and closes them. */
export function addSupportPage(app: ConsoleApp, parts: ConsoleParts): void {
  const { support, audit, clock } = parts;
  if (support === undefined) return;
  const note = (context: ConsoleContext, what: string, on: string): string => {
    const who = context.get("principal")?.name ?? "nobody";
    audit.note({ who, from: context.get("client").address, what, on });
    return who;
  };

  app.get("/support", (context) => {
    requirePermission(context, "transfers:read");
    const mayChange = context.get("principal")?.permissions.includes("access:manage") === true;
    const body = supportBody(support, clock.now(), mayChange ? csrfField(context) : undefined);
    return context.html(page(context, parts, { title: "Support", section: "support", body }));
  });

  app.post("/support/open", async (context) => {
    requirePermission(context, "access:manage");
    const form = await formOf(context);
    const { minutes, reason } = judged(WISH.safeParse({ minutes: form.get("minutes"), reason: form.get("reason") }));
    const by = note(context, "let the vendor's support in", `for ${minutes} minutes: ${reason}`);
    support.open({ now: clock.now(), forMs: minutes * 60_000, by, reason });
    return context.redirect("/support", 303);
  });

  app.post("/support/close", async (context) => {
    requirePermission(context, "access:manage");
    await formOf(context);
    const by = note(context, "closed the door to the vendor's support", "");
    support.close(clock.now(), by);
    return context.redirect("/support", 303);
  });
}

/** @param csrf undefined for whoever may only look */
function supportBody(support: SupportDesk, now: number, csrf: Html | undefined): Html {
  const open = support.openAt(now);
  const windows = support.list();
  return html`<div class="title-row">
      <h1>Support</h1>
      <span class="mark state-${open === undefined ? "on" : "limited"}">${open === undefined ? "closed" : "open"}</span>
    </div>
    <p class="muted">
      The vendor's support may ask the policy's named routes in a window of access, with a client certificate that you trust. Each access is a
      record under <a href="/transfers?case=support">transfers</a>. A window closes by itself.
    </p>
    ${open === undefined ? "" : openCard(open, csrf)} ${csrf === undefined ? "" : openForm(open !== undefined, csrf)}
    <h2>Windows</h2>
    ${
      windows.length === 0
        ? html`<p class="muted">None was ever opened here.</p>`
        : html`<table class="list">
          <thead><tr><th scope="col">Opened</th><th scope="col">Ended</th><th scope="col">By</th><th scope="col">Why</th></tr></thead>
          <tbody>
            ${windows
              .slice(-SHOWN)
              .toReversed()
              .map((window) => windowRow(window, now))}
          </tbody>
        </table>`
    }`;
}

function openCard({ until, by, reason }: AccessWindow, csrf: Html | undefined): Html {
  return html`<section class="card">
    <p>Support may ask until ${moment(iso(until))}: ${shown(reason)} (${shown(by)})</p>
    ${csrf === undefined ? "" : html`<form method="post" action="/support/close">${csrf}<button class="danger">Close now</button></form>`}
  </section>`;
}

function openForm(another: boolean, csrf: Html): Html {
  return html`<form method="post" action="/support/open" class="row add card">
    ${csrf}
    <label>For <select name="minutes">${MINUTES.map((minutes) => html`<option value="${minutes}">${minutes < 60 ? `${minutes} minutes` : `${minutes / 60} h`}</option>`)}</select></label>
    <label>Why <input name="reason" required minlength="3" maxlength="500" placeholder="ticket, and what support is to look at" autocomplete="off" /></label>
    <button class="primary">${another ? "Open anew" : "Open a window"}</button>
  </form>`;
}

function windowRow({ opened, until, by, reason, closed }: AccessWindow, now: number): Html {
  const end =
    closed === undefined
      ? html`${until > now ? "open until " : ""}${moment(iso(until))}`
      : html`${moment(iso(closed.at))}<span class="sub">by ${shown(closed.by)}</span>`;
  return html`<tr>
    <th scope="row">${moment(iso(opened))}</th>
    <td data-label="Ended">${end}</td>
    <td data-label="By">${shown(by)}</td>
    <td data-label="Why">${shown(reason)}</td>
  </tr>`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
