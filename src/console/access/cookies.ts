import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { ConsoleContext } from "../console-parts.js";

/** With TLS a cookie carries `__Host-`: no other host of the domain, and nothing in the clear, can have set it (RFC 6265bis). */
function named(context: ConsoleContext, name: string): string {
  return context.get("client").secure ? `__Host-${name}` : name;
}

function attributes(context: ConsoleContext, sameSite: "Strict" | "Lax") {
  return { httpOnly: true, secure: context.get("client").secure, sameSite, path: "/" } as const;
}

export function sessionCookie(context: ConsoleContext): string | undefined {
  return getCookie(context, named(context, "egress-session"));
}

export function setSessionCookie(context: ConsoleContext, id: string): void {
  setCookie(context, named(context, "egress-session"), id, attributes(context, "Strict"));
}

export function clearSessionCookie(context: ConsoleContext): void {
  deleteCookie(context, named(context, "egress-session"), attributes(context, "Strict"));
}

/** The browser that a sign-in form was given to. */
export function formCookie(context: ConsoleContext): string | undefined {
  return getCookie(context, named(context, "egress-form"));
}

export function setFormCookie(context: ConsoleContext, value: string): void {
  setCookie(context, named(context, "egress-form"), value, attributes(context, "Strict"));
}

/** Lax, since the browser comes back from the provider's site with it. */
export function oidcCookie(context: ConsoleContext): string | undefined {
  return getCookie(context, named(context, "egress-oidc"));
}

export function setOidcCookie(context: ConsoleContext, value: string): void {
  setCookie(context, named(context, "egress-oidc"), value, { ...attributes(context, "Lax"), maxAge: 600 });
}

export function clearOidcCookie(context: ConsoleContext): void {
  deleteCookie(context, named(context, "egress-oidc"), attributes(context, "Lax"));
}
