import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";
import type { Cidr, ConsoleBinding } from "./console-settings.js";
import { isLoopbackHost } from "./console-settings.js";

/** What is known of a request before anyone signed in. */
export interface ClientFacts {
  /** The browser's address, as far as it can be believed. */
  readonly address: string;
  /** Whether it travelled under TLS up to here, or up to a proxy that is believed. */
  readonly secure: boolean;
  /** Scheme and authority that the browser asked, for comparing with Origin. */
  readonly origin: string;
}

/** Undefined where the request may not be answered at all: it came in the clear past the proxies in front. */
export function clientFacts(request: IncomingMessage, binding: ConsoleBinding): ClientFacts | undefined {
  const peer = normal(request.socket.remoteAddress ?? "");
  const believed = isTrusted(peer, binding.trusted);
  const secure = binding.tls !== undefined || (believed && last(request.headers["x-forwarded-proto"]) === "https");
  if (binding.beyondLoopback && !secure && !isLoopbackHost(peer)) return undefined;
  const scheme = secure ? "https" : "http";
  return {
    address: believed ? forwardedFor(request.headers["x-forwarded-for"], peer, binding.trusted) : peer,
    secure,
    origin: `${scheme}://${request.headers.host ?? ""}`,
  };
}

/**
 * Whether the console answers to this name. On loopback only to its own: a page of another site whose name was pointed at 127.0.0.1 would
 * else read the desk with the browser's help (DNS rebinding).
 */
export function knowsHost(host: string | undefined, binding: ConsoleBinding): boolean {
  if (host === undefined || !URL.canParse(`http://${host}/`)) return false;
  if (binding.publicUrl !== undefined && host.toLowerCase() === binding.publicUrl.host) return true;
  const { hostname, username, pathname } = new URL(`http://${host}/`);
  if (username !== "" || pathname !== "/") return false;
  if (isLoopbackHost(hostname)) return true;
  return binding.beyondLoopback && binding.publicUrl === undefined;
}

/** From the right, the first address that no trusted proxy could have written for itself. */
function forwardedFor(header: string | string[] | undefined, peer: string, trusted: readonly Cidr[]): string {
  const hops = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",").map((hop) => normal(hop.trim()));
  for (const hop of hops.reverse()) {
    if (!ipaddr.isValid(hop)) return peer;
    if (!isTrusted(hop, trusted)) return hop;
  }
  return peer;
}

function isTrusted(address: string, trusted: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return trusted.some(([range, bits]) => parsed.kind() === range.kind() && parsed.match(range, bits));
}

function normal(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}

function last(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header.join(",") : header)?.split(",").at(-1)?.trim().toLowerCase();
}
