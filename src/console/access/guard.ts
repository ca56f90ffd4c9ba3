import type { MiddlewareHandler } from "hono";
import { clientFacts, knowsHost } from "../client-facts.js";
import type { ConsoleContext, ConsoleEnv, ConsoleParts } from "../console-parts.js";
import { ask } from "../desk-access.js";
import { Problem } from "../problem.js";
import { sessionCookie } from "./cookies.js";
import type { Permission, Principal } from "./roles.js";
import { person, tokenPrincipal } from "./roles.js";
import type { Session } from "./session-store.js";
import { sameText } from "./session-store.js";

/** No inline code, no third party, no frame: a script that slipped into a page would not run, and have nowhere to send anything. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** Sets the headers that hold for every answer, and refuses requests that must not be answered at all. */
export function frontDoor({ binding }: ConsoleParts): MiddlewareHandler<ConsoleEnv> {
  return async (context, next) => {
    const client = clientFacts(context.env.incoming, binding);
    context.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Referrer-Policy", "same-origin");
    context.header("Cross-Origin-Opener-Policy", "same-origin");
    context.header("Cross-Origin-Resource-Policy", "same-origin");
    context.header("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
    context.header("Cache-Control", "no-store");
    if (client?.secure === true) context.header("Strict-Transport-Security", "max-age=31536000");
    if (client === undefined) throw new Problem("forbidden", "This console is reached through its proxy, or over TLS.");
    context.set("client", client);
    context.set("principal", undefined);
    context.set("session", undefined);
    if (!knowsHost(context.env.incoming.headers.host, binding)) throw new Problem("wrong-host");
    await next();
  };
}

/** Finds out who asks: by an API token, or by the session's cookie. A bad token is refused, never taken for nobody. */
export function whoAsks(parts: ConsoleParts): MiddlewareHandler<ConsoleEnv> {
  return async (context, next) => {
    const authorization = context.req.header("authorization");
    if (authorization === undefined) {
      const session = await liveSession(parts, sessionCookie(context));
      if (session !== undefined) {
        context.set("session", session);
        context.set("principal", person(session.name, session.role));
      }
    } else {
      const secret = /^Bearer (\S+)$/i.exec(authorization)?.[1];
      const token = secret === undefined ? undefined : parts.directory.token(secret);
      if (token === undefined) throw unauthenticated("The token is unknown, revoked or past its date.");
      context.set("principal", tokenPrincipal(token.name, token.scopes));
    }
    await next();
  };
}

/** A session, unless its user was removed or changed since. */
async function liveSession({ sessions, directory, localUsers }: ConsoleParts, id: string | undefined): Promise<Session | undefined> {
  const session = id === undefined ? undefined : await ask(() => sessions.find(id));
  if (session?.by !== "password") return session;
  return localUsers && directory.user(session.name)?.version === session.version ? session : undefined;
}

/**
 * Refuses a change that a page of another site asked a browser to make (CSRF): it has to come from this origin, and bring the session's
 * token along. A request with an API token needs neither, since no browser adds one by itself.
 */
export function refuseCrossSite(): MiddlewareHandler<ConsoleEnv> {
  return async (context, next) => {
    if (isSafe(context.req.method) || context.get("principal")?.kind === "token") return next();
    if (!fromThisOrigin(context)) throw new Problem("cross-site");
    const session = context.get("session");
    if (session !== undefined) {
      const given = context.req.header("x-csrf-token") ?? (await formOf(context)).get("csrf") ?? "";
      if (!sameText(given, session.csrf)) throw new Problem("cross-site", "The form is from another session. Load the page again.");
    }
    return next();
  };
}

function fromThisOrigin(context: ConsoleContext): boolean {
  const site = context.req.header("sec-fetch-site");
  const origin = context.req.header("origin");
  if (site !== undefined && site !== "same-origin") return false;
  if (origin !== undefined) return origin === context.get("client").origin;
  return site === "same-origin";
}

export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** @throws Problem where nobody is signed in, or who is may not do it. */
export function requirePermission(context: ConsoleContext, permission: Permission): Principal {
  const principal = context.get("principal");
  if (principal === undefined) throw unauthenticated("Sign in, or send an API token.");
  if (principal.permissions.includes(permission)) return principal;
  throw new Problem("forbidden", principal.kind === "token" ? `The token lacks the scope ${permission}.` : undefined);
}

function unauthenticated(detail: string): Problem {
  return new Problem("unauthenticated", detail, { headers: { "WWW-Authenticate": 'Bearer realm="egress-proxy console"' } });
}

/** A form's fields. @throws Problem where the body is something else. */
export async function formOf(context: ConsoleContext): Promise<URLSearchParams> {
  const type = context.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") throw new Problem("unsupported-media-type");
  return new URLSearchParams(await context.req.text());
}
