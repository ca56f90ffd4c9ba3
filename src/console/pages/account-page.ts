import { html } from "hono/html";
import { LEAST_PASSWORD, MOST_PASSWORD } from "../access/directory.js";
import { setSessionCookie } from "../access/cookies.js";
import { formOf, requirePermission } from "../access/guard.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import { ask } from "../desk-access.js";
import { Problem } from "../problem.js";
import type { Html } from "./layout.js";
import { csrfField, page } from "./layout.js";
import { moment } from "./marks.js";

/** Who is signed in, and a new password for the console's own users. */
export function addAccountPages(app: ConsoleApp, parts: ConsoleParts): void {
  const { directory, sessions, signInLimit, audit } = parts;

  app.get("/account", (context) => {
    requirePermission(context, "transfers:read");
    return context.html(accountPage(context, parts));
  });

  app.post("/account/password", async (context) => {
    requirePermission(context, "transfers:read");
    const session = context.get("session");
    if (session?.by !== "password") throw new Problem("forbidden", "Your password is kept by your identity provider.");
    const form = await formOf(context);
    const from = context.get("client").address;
    const wait = signInLimit.begin(session.name, from);
    if (wait > 0) throw new Problem("too-many-requests", undefined, { headers: { "Retry-After": String(wait) } });
    if ((await directory.verify(session.name, form.get("old") ?? "")) === undefined) {
      return context.html(accountPage(context, parts, "The old password is wrong."), 403);
    }
    signInLimit.succeeded(session.name, from);
    if (form.get("new") !== form.get("again")) return context.html(accountPage(context, parts, "The new passwords differ."), 400);
    const set = await directory.setPassword(session.name, form.get("new") ?? "");
    if (!set.ok) return context.html(accountPage(context, parts, set.why), 400);
    audit.note({ who: session.name, from, what: "changed their password" });
    const version = directory.user(session.name)?.version ?? 0;
    setSessionCookie(context, await ask(() => sessions.open({ name: session.name, role: session.role, by: "password", version })));
    return context.redirect("/", 303);
  });
}

function accountPage(context: ConsoleContext, parts: ConsoleParts, fault?: string): Html {
  const session = context.get("session");
  const change = html`<form method="post" action="/account/password" class="card stack">
    <h2>New password</h2>
    <p class="muted">Your other sessions end with it.</p>
    ${csrfField(context)}
    <label>Old password <input name="old" type="password" autocomplete="current-password" required /></label>
    <label>New password, ${LEAST_PASSWORD} characters or more <input name="new" type="password" autocomplete="new-password" required minlength="${LEAST_PASSWORD}" maxlength="${MOST_PASSWORD}" /></label>
    <label>Once more <input name="again" type="password" autocomplete="new-password" required /></label>
    <button class="primary">Change it</button>
  </form>`;
  return page(context, parts, {
    title: "Account",
    section: "account",
    body: html`<h1>${session?.name ?? ""}</h1>
      ${fault === undefined ? "" : html`<p class="notice bad" role="alert">${fault}</p>`}
      <dl class="facts card">
        <div><dt>Role</dt><dd>${session?.role ?? ""}</dd></div>
        <div><dt>Signed in by</dt><dd>${session?.by === "oidc" ? "identity provider" : "password"}</dd></div>
        <div><dt>Since</dt><dd>${session === undefined ? "" : moment(new Date(session.since).toISOString())}</dd></div>
      </dl>
      ${session?.by === "password" ? change : ""}`,
  });
}
