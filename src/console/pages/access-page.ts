import { html } from "hono/html";
import { z } from "zod";
import { USER_NAME } from "../access/access-file.js";
import type { Changed } from "../access/directory.js";
import { formOf, requirePermission } from "../access/guard.js";
import { ROLES, SCOPES } from "../access/roles.js";
import { judged } from "../api/request.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import { Problem } from "../problem.js";
import type { Html } from "./layout.js";
import { csrfField, page } from "./layout.js";
import { moment, shown } from "./marks.js";

const NAME = z.string().regex(USER_NAME, "A name starts with a letter or digit, and holds letters, digits and . _ @ + - only.");
const NEW_USER = z.object({ name: NAME, role: z.enum(ROLES) });
const NEW_TOKEN = z.object({
  name: NAME,
  scopes: z.array(z.enum(SCOPES)).min(1, "Choose at least one scope."),
  days: z.coerce.number().int().min(1).max(366),
});

/** A secret that is shown this once. */
interface Secret {
  readonly what: string;
  readonly value: string;
}

/** Users, API tokens and the audit trail, for admins. */
export function addAccessPages(app: ConsoleApp, parts: ConsoleParts): void {
  const { directory, audit } = parts;
  const note = (context: ConsoleContext, what: string, on: string): void => {
    audit.note({ who: context.get("principal")?.name ?? "nobody", from: context.get("client").address, what, on });
  };

  app.get("/access", (context) => {
    requirePermission(context, "access:manage");
    return context.html(accessPage(context, parts));
  });

  app.post("/access/users", async (context) => {
    requirePermission(context, "access:manage");
    const form = await formOf(context);
    const { name, role } = judged(NEW_USER.safeParse({ name: form.get("name"), role: form.get("role") }));
    note(context, `added a user as ${role}`, name);
    const value = done(await directory.addUser(name, role));
    return context.html(accessPage(context, parts, { what: `The password of ${name}`, value }));
  });

  app.post("/access/users/:name/:act", async (context) => {
    requirePermission(context, "access:manage");
    const form = await formOf(context);
    const { name, act } = context.req.param();
    if (act === "password") {
      note(context, "reset a password", name);
      return context.html(
        accessPage(context, parts, { what: `The new password of ${name}`, value: done(await directory.resetPassword(name)) }),
      );
    }
    if (act === "role") {
      const role = judged(z.enum(ROLES).safeParse(form.get("role")));
      note(context, `changed a role to ${role}`, name);
      done(directory.setRole(name, role));
    } else if (act === "remove") {
      note(context, "removed a user", name);
      done(directory.removeUser(name));
    } else throw new Problem("not-found");
    return context.redirect("/access", 303);
  });

  app.post("/access/tokens", async (context) => {
    const principal = requirePermission(context, "access:manage");
    const form = await formOf(context);
    const { name, scopes, days } = judged(
      NEW_TOKEN.safeParse({ name: form.get("name"), scopes: form.getAll("scope"), days: form.get("days") }),
    );
    note(context, `made a token with ${scopes.join(" ")}`, name);
    const value = done(directory.addToken(name, scopes, principal.name, days));
    return context.html(accessPage(context, parts, { what: `The token ${name}`, value }));
  });

  app.post("/access/tokens/:id/revoke", (context) => {
    requirePermission(context, "access:manage");
    note(context, "revoked a token", context.req.param("id"));
    if (!directory.revokeToken(context.req.param("id"))) throw new Problem("not-found");
    return context.redirect("/access", 303);
  });
}

function done<Result>(changed: Changed<Result>): Result {
  if (changed.ok) return changed.result;
  throw new Problem("conflict", changed.why);
}

function accessPage(context: ConsoleContext, parts: ConsoleParts, secret?: Secret): Html {
  const csrf = csrfField(context);
  const body = html`<h1>Access</h1>
    ${secret === undefined ? "" : html`<div class="notice good" role="status"><p>${secret.what}. It is shown this once and kept nowhere:</p><p><code class="secret">${secret.value}</code></p></div>`}
    ${parts.localUsers ? usersCard(parts, csrf) : html`<p class="muted">Users are kept by the identity provider.</p>`} ${tokensCard(parts, csrf)}
    <section class="card">
      <h2>Audit trail</h2>
      <p class="muted">The newest entries of <code>console-audit.ndjson</code> in the data folder.</p>
      <ol class="history">
        ${parts.audit.newest(50).map((entry) => html`<li><p>${shown(entry.who)} ${shown(entry.what)}${entry.on === undefined ? "" : html` <code>${shown(entry.on)}</code>`}</p><p class="sub">${moment(entry.at)} from ${shown(entry.from)}</p></li>`)}
      </ol>
    </section>`;
  return page(context, parts, { title: "Access", section: "access", body });
}

function usersCard({ directory }: ConsoleParts, csrf: Html): Html {
  const act = (name: string, what: string): string => `/access/users/${encodeURIComponent(name)}/${what}`;
  return html`<section class="card">
    <h2>Users</h2>
    <table class="list">
      <thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">Since</th><th scope="col">Change</th></tr></thead>
      <tbody>
        ${directory.users().map(
          (user) => html`<tr>
            <th scope="row">${user.name}</th>
            <td data-label="Role">
              <form method="post" action="${act(user.name, "role")}" class="inline">${csrf}
                <select name="role" aria-label="Role of ${user.name}">${ROLES.map((role) => html`<option ${role === user.role ? html`selected` : ""}>${role}</option>`)}</select>
                <button>Set</button>
              </form>
            </td>
            <td data-label="Since">${moment(user.created)}</td>
            <td data-label="Change">
              <form method="post" action="${act(user.name, "password")}" class="inline">${csrf}<button aria-label="New password for ${user.name}">New password</button></form>
              <form method="post" action="${act(user.name, "remove")}" class="inline">${csrf}<button class="danger" aria-label="Remove ${user.name}">Remove</button></form>
            </td>
          </tr>`,
        )}
      </tbody>
    </table>
    <form method="post" action="/access/users" class="row add">
      ${csrf}
      <label>Name <input name="name" required maxlength="64" autocomplete="off" /></label>
      <label>Role <select name="role">${ROLES.map((role) => html`<option>${role}</option>`)}</select></label>
      <button class="primary">Add user</button>
    </form>
  </section>`;
}

function tokensCard({ directory }: ConsoleParts, csrf: Html): Html {
  const tokens = directory.tokens();
  return html`<section class="card">
    <h2>API tokens</h2>
    ${
      tokens.length === 0
        ? html`<p class="muted">None. A token lets a program use the API with the scopes you choose.</p>`
        : html`<table class="list">
          <thead><tr><th scope="col">Name</th><th scope="col">Scopes</th><th scope="col">Until</th><th scope="col">Change</th></tr></thead>
          <tbody>
            ${tokens.map(
              (token) => html`<tr>
                <th scope="row">${token.name}<span class="sub">by ${shown(token.by)}</span></th>
                <td data-label="Scopes">${token.scopes.join(", ")}</td>
                <td data-label="Until">${moment(token.expires)}</td>
                <td data-label="Change"><form method="post" action="/access/tokens/${token.id}/revoke" class="inline">${csrf}<button class="danger" aria-label="Revoke ${token.name}">Revoke</button></form></td>
              </tr>`,
            )}
          </tbody>
        </table>`
    }
    <form method="post" action="/access/tokens" class="row add">
      ${csrf}
      <label>Name <input name="name" required maxlength="64" autocomplete="off" /></label>
      <fieldset><legend>Scopes</legend>${SCOPES.map((scope) => html`<label class="check"><input type="checkbox" name="scope" value="${scope}" /> ${scope}</label> `)}</fieldset>
      <label>Days <input name="days" type="number" min="1" max="366" value="90" required /></label>
      <button class="primary">Make token</button>
    </form>
  </section>`;
}
