import { randomBytes } from "node:crypto";
import { html } from "hono/html";
import {
  clearOidcCookie,
  clearSessionCookie,
  formCookie,
  oidcCookie,
  sessionCookie,
  setFormCookie,
  setOidcCookie,
  setSessionCookie,
} from "../access/cookies.js";
import { formOf } from "../access/guard.js";
import { OidcRefusal } from "../access/oidc.js";
import { BusyError } from "../access/password.js";
import { sameText } from "../access/session-store.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import { ask } from "../desk-access.js";
import { Problem } from "../problem.js";
import type { Html } from "./layout.js";
import { page } from "./layout.js";

/** Signing in, by password or by the identity provider, and out. */
export function addSignInPages(app: ConsoleApp, parts: ConsoleParts): void {
  const { sessions, oidc, audit } = parts;

  app.get("/sign-in", (context) => {
    const next = safeNext(context.req.query("next"));
    if (context.get("session") !== undefined) return context.redirect(next, 303);
    return context.html(signInPage(context, parts, { next }));
  });

  app.post("/sign-in", (context) => signIn(context, parts));

  app.post("/sign-out", async (context) => {
    const id = sessionCookie(context);
    const session = context.get("session");
    if (id !== undefined) await ask(() => sessions.close(id));
    clearSessionCookie(context);
    if (session !== undefined) audit.note({ who: session.name, from: context.get("client").address, what: "signed out" });
    return context.redirect("/sign-in", 303);
  });

  if (oidc === undefined) return;

  app.get("/sign-in/oidc", async (context) => {
    try {
      const { location, browser } = await oidc.begin();
      setOidcCookie(context, browser);
      return context.redirect(location, 303);
    } catch (error) {
      return refusedSignIn(context, parts, error);
    }
  });

  app.get("/sign-in/oidc/callback", async (context) => {
    try {
      const { name, role } = await oidc.finish(new URL(context.req.url).search.slice(1), oidcCookie(context));
      clearOidcCookie(context);
      await replaceSession(context, parts, { name, role, by: "oidc", version: 0 });
      audit.note({ who: name, from: context.get("client").address, what: `signed in by OIDC as ${role}` });
      // A redirect would still count as coming from the provider's site, and the browser would hold back the Strict cookie.
      return await context.html(arrivedPage(context, parts));
    } catch (error) {
      return refusedSignIn(context, parts, error);
    }
  });
}

async function signIn(context: ConsoleContext, parts: ConsoleParts): Promise<Response> {
  const form = await formOf(context);
  const [name, password] = [(form.get("name") ?? "").slice(0, 64), form.get("password") ?? ""];
  const next = safeNext(form.get("next"));
  const browser = formCookie(context);
  if (browser === undefined || !sameText(form.get("form") ?? "", parts.sessions.formToken(browser))) {
    return context.html(signInPage(context, parts, { next, fault: "The page was open for too long. Try again." }), 403);
  }
  const from = context.get("client").address;
  const wait = parts.localUsers ? parts.signInLimit.begin(name, from) : 0;
  if (wait > 0) {
    context.header("Retry-After", String(wait));
    const fault = `Too many tries. Wait ${Math.ceil(wait / 60)} minutes.`;
    return context.html(signInPage(context, parts, { next, fault }), 429);
  }
  try {
    const user = parts.localUsers ? await parts.directory.verify(name, password) : undefined;
    if (user === undefined) {
      parts.audit.note({ who: "nobody", from, what: "failed to sign in" });
      return await context.html(signInPage(context, parts, { next, fault: "The name or the password is wrong." }), 401);
    }
    parts.signInLimit.succeeded(name, from);
    await replaceSession(context, parts, { name: user.name, role: user.role, by: "password", version: user.version });
    parts.audit.note({ who: user.name, from, what: "signed in" });
    return context.redirect(next, 303);
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    throw new Problem("too-many-requests", "Too many people sign in at once. Try again in a moment.", { headers: { "Retry-After": "5" } });
  }
}

async function replaceSession(
  context: ConsoleContext,
  { sessions }: ConsoleParts,
  who: Parameters<typeof sessions.open>[0],
): Promise<void> {
  const before = sessionCookie(context);
  if (before !== undefined) await ask(() => sessions.close(before));
  setSessionCookie(context, await ask(() => sessions.open(who)));
}

/** Only a path of this console: "//host", "/\host" and control characters, which browsers read as another site, are none. */
export function safeNext(next: string | null | undefined): string {
  if (next === null || next === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes("\\")) return "/";
  const here = "http://console.invalid";
  return URL.canParse(next, here) && new URL(next, here).origin === here && !next.startsWith("/sign-") ? next : "/";
}

function refusedSignIn(context: ConsoleContext, parts: ConsoleParts, error: unknown): Response | Promise<Response> {
  if (!(error instanceof OidcRefusal)) throw error;
  clearOidcCookie(context);
  parts.audit.note({ who: "nobody", from: context.get("client").address, what: "failed to sign in by OIDC" });
  return context.html(signInPage(context, parts, { next: "/", fault: error.message }), 403);
}

function signInPage(
  context: ConsoleContext,
  parts: ConsoleParts,
  { next, fault }: { readonly next: string; readonly fault?: string },
): Html {
  let browser = formCookie(context);
  if (browser === undefined) {
    browser = randomBytes(32).toString("base64url");
    setFormCookie(context, browser);
  }
  const password = html`<form method="post" action="/sign-in" class="stack">
    <input type="hidden" name="form" value="${parts.sessions.formToken(browser)}" />
    <input type="hidden" name="next" value="${next}" />
    <label>Name <input name="name" autocomplete="username" required maxlength="64" autocapitalize="none" spellcheck="false" /></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
    <button class="primary">Sign in</button>
  </form>`;
  const provider = html`<p><a class="button wide" href="/sign-in/oidc">Sign in with your identity provider</a></p>`;
  return page(context, parts, {
    title: "Sign in",
    section: "none",
    body: html`<div class="sign-in card">
      <h1>Sign in</h1>
      <p class="muted">The desk for Unexpected Data Transfers of this Diffgram installation.</p>
      ${fault === undefined ? "" : html`<p class="notice bad" role="alert">${fault}</p>`} ${parts.oidc === undefined ? "" : provider}
      ${parts.oidc !== undefined && parts.localUsers ? html`<p class="or">or with a user of the console's own</p>` : ""}
      ${parts.localUsers ? password : ""}
    </div>`,
  });
}

function arrivedPage(context: ConsoleContext, parts: ConsoleParts): Html {
  return page(context, parts, {
    title: "Signed in",
    section: "none",
    body: html`<div class="empty">
      <h1>Signed in</h1>
      <p><a class="button" href="/" id="arrived" data-go>To the overview</a></p>
    </div>`,
  });
}
