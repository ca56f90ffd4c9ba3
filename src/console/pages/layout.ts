import { html } from "hono/html";
import type { ConsoleContext, ConsoleParts } from "../console-parts.js";
import { SCRIPT_PATH, STYLE_PATH } from "../assets/asset-routes.js";

/** A piece of a page. Everything that is put into one is escaped, unless it is a piece itself. */
export type Html = ReturnType<typeof html>;

export type Section =
  | "overview"
  | "incidents"
  | "transfers"
  | "inventory"
  | "policy"
  | "inspect"
  | "report"
  | "support"
  | "access"
  | "account"
  | "none";

const SECTIONS: readonly (readonly [Section, string, string])[] = [
  ["overview", "/", "Overview"],
  ["incidents", "/incidents", "Incidents"],
  ["transfers", "/transfers", "Transfers"],
  ["inventory", "/inventory", "Inventory"],
  ["policy", "/policy", "Policy"],
  ["inspect", "/inspect", "Inspect"],
  ["report", "/report", "Report"],
  ["support", "/support", "Support"],
  ["access", "/access", "Access"],
];

/** One whole page. */
export function page(
  context: ConsoleContext,
  parts: ConsoleParts,
  content: { readonly title: string; readonly section: Section; readonly body: Html },
): Html {
  const session = context.get("session");
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${content.title} · Egress desk</title>
        <link rel="stylesheet" href="${STYLE_PATH}" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <script src="${SCRIPT_PATH}" defer></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
          <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="22" height="22" /> Egress desk</a>
          ${session === undefined ? "" : navigation(context, parts, content.section)}
          ${
            session === undefined
              ? ""
              : html`<div class="who">
                <a href="/account" ${content.section === "account" ? html`aria-current="page"` : ""}>${session.name}</a>
                <span class="role">${session.role}</span>
                <form method="post" action="/sign-out">${csrfField(context)}<button class="quiet">Sign out</button></form>
              </div>`
          }
        </header>
        <main id="content" tabindex="-1">${content.body}</main>
      </body>
    </html>`;
}

function navigation(context: ConsoleContext, { inventory, report, support }: ConsoleParts, section: Section): Html {
  const permitted = context.get("principal")?.permissions.includes("access:manage") === true;
  const shown = SECTIONS.filter(
    ([name]) =>
      (name !== "inventory" || inventory !== undefined) &&
      (name !== "report" || report !== undefined) &&
      (name !== "support" || support !== undefined) &&
      (name !== "access" || permitted),
  );
  return html`<nav aria-label="Main">
    <ul>
      ${shown.map(
        ([name, path, label]) => html`<li><a href="${path}" ${name === section ? html`aria-current="page"` : ""}>${label}</a></li>`,
      )}
    </ul>
  </nav>`;
}

/** Every form that changes something holds this. */
export function csrfField(context: ConsoleContext): Html {
  return html`<input type="hidden" name="csrf" value="${context.get("session")?.csrf ?? ""}" />`;
}

/** Where there is nothing to show: what that means, and what to do about it. */
export function emptyState(title: string, text: string | Html): Html {
  return html`<div class="empty">
    <h2>${title}</h2>
    <p>${text}</p>
  </div>`;
}
