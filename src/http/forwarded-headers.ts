import type { HeaderField, RequestHead } from "../model/exchange.js";
import { connectionOptions } from "./head.js";

/** What every destination gets where the client sent it; all else needs a place in the destination's `headers`. */
const ALWAYS = new Set(["accept", "accept-encoding", "accept-language", "content-type", "content-encoding", "user-agent"]);
/** Belongs to one hop (RFC 9110, section 7.6.1), or is written anew by us; policy can't list it. */
const NEVER = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "content-length",
  "proxy-authorization",
  "proxy-authenticate",
  "http2-settings",
]);
/** Answers lose these: hop-by-hop fields (RFC 9110, section 7.6.1), and Alt-Svc, which would invite a browser to go around by QUIC. */
const NOT_IN_ANSWERS = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "proxy-authenticate",
  "proxy-authentication-info",
  "alt-svc",
]);

/**
 * The header fields that go upstream, in the client's order and case: an allow-list (invariant 1). Clean fields that nobody listed are
 * dropped here; fields with findings have blocked the exchange before. Framing and Host are written anew by `forward/`.
 *
 * @param named lower-case names that the destination's policy adds
 */
export function forwardedHeaders(head: RequestHead, named: readonly string[]): HeaderField[] {
  return head.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return (ALWAYS.has(lower) || named.includes(lower)) && !NEVER.has(lower);
  });
}

/** The fields of an upstream's answer that the client gets: without what belongs to one hop, listed or named by Connection. */
export function answerHeaders(headers: readonly HeaderField[]): HeaderField[] {
  const options = connectionOptions(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !NOT_IN_ANSWERS.has(lower) && !options.has(lower);
  });
}
