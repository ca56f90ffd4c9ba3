import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import { canonicalHost } from "./host.js";

type Scheme = Target["scheme"];

const DEFAULT_PORT: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };
/** No sign, no leading zero, at most five digits: `080` and `+80` are read differently by different programs. */
const PORT = /^[1-9][0-9]{0,4}$/;

/**
 * Reads `host` or `host:port` (RFC 3986, section 3.2, without userinfo), as it stands in Host, CONNECT and absolute form.
 *
 * @param defaultPort the port where none is written; undefined: a port must be written (CONNECT, RFC 9112, section 3.2.3)
 */
export function parseAuthority(text: string, scheme: Scheme, defaultPort: number | undefined): Target | Refusal {
  const bracket = text.startsWith("[") ? text.indexOf("]") : -1;
  if (text.startsWith("[") && bracket < 0) return refusal("target-invalid", "The address has no closing bracket.");
  const colon = bracket < 0 ? text.indexOf(":") : text.indexOf(":", bracket);
  if (bracket >= 0 && bracket !== text.length - 1 && colon !== bracket + 1) {
    return refusal("target-invalid", "Something other than a port follows the address.");
  }
  const hostText = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? defaultPort : parsePort(text.slice(colon + 1));
  if (port === undefined) {
    return refusal("target-invalid", colon < 0 ? "The target names no port." : "The port is not a number from 1 to 65535 in plain digits.");
  }
  const host = canonicalHost(hostText);
  return isRefusal(host) ? host : { scheme, host: host.host, port, ip: host.ip };
}

function parsePort(text: string): number | undefined {
  if (!PORT.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

/** An absolute-form target (RFC 9112, section 3.2.2), cut into authority and the rest; the rest is `/` where the URI has no path. */
export interface AbsoluteForm {
  readonly target: Target;
  readonly originForm: string;
}

export function parseAbsoluteForm(text: string): AbsoluteForm | Refusal {
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text);
  const [, schemeText, authorityText, rest] = match ?? [];
  if (schemeText === undefined || authorityText === undefined || rest === undefined) {
    return refusal("target-invalid", "The request's target is neither a path nor an http or https URI.");
  }
  if (authorityText.includes("@")) return refusal("target-invalid", "The target holds user information before the host.");
  const scheme: Scheme = schemeText.toLowerCase() === "https" ? "https" : "http";
  const target = parseAuthority(authorityText, scheme, DEFAULT_PORT[scheme]);
  if (isRefusal(target)) return target;
  return { target, originForm: rest.startsWith("/") ? rest : `/${rest}` };
}

/** Whether two targets are one: the scheme, the host and the port. */
export function sameTarget(a: Target, b: Target): boolean {
  return a.host === b.host && a.port === b.port && a.scheme === b.scheme;
}

/** Whether the text is the target's host in canonical spelling, of the port that its scheme has by default. An IPv6 address stands in brackets there. */
export function spellsOut(text: string, target: Target): boolean {
  return text === target.host && target.port === DEFAULT_PORT[target.scheme] && target.ip !== 6;
}

/** The target that a Host field names, for a message that came by `scheme`. */
export function parseHostField(value: string, scheme: Scheme): Target | Refusal {
  return parseAuthority(value, scheme, DEFAULT_PORT[scheme]);
}
