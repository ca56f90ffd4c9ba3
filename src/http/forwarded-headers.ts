import type { HeaderField, RequestHead } from "../model/exchange.js";
import { connectionOptions } from "./head.js";

/** What every destination gets where the client sent it; all else needs a place in the destination's `headers`. */
const PREFERENCES = new Set(["accept", "accept-encoding", "accept-language", "user-agent"]);
/** The same where there is a body: without one they describe nothing, and could say anything. */
const OF_A_BODY = new Set(["content-type", "content-encoding"]);
/** Browsers write some 150 characters. A longer value is a letter to the vendor, not a preference. */
const PREFERENCE_LENGTH = 512;
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
  "http2-settings",
  "alt-svc",
]);

/**
 * The header fields that go upstream, in the client's order and case: an allow-list (invariant 1). Clean fields that nobody listed are
 * dropped here; fields with findings have blocked the exchange before. Framing and Host are written anew by `forward/`.
 *
 * What every destination gets is no place for words of the client's own: one preference of each kind, of a preference's length, and a
 * Content-Type without parameters that no reader needs.
 *
 * @param named lower-case names that the destination's policy adds
 * @param plainType the Content-Type with its needed parameters alone; undefined where it is none. From `body/`.
 */
export function forwardedHeaders(
  { headers, framing }: Pick<RequestHead, "headers" | "framing">,
  named: readonly string[],
  plainType: (field: string) => string | undefined,
): HeaderField[] {
  const forwarded: HeaderField[] = [];
  const seen = new Set<string>();
  for (const field of headers) {
    const [name, value] = field;
    const lower = name.toLowerCase();
    if (NEVER.has(lower)) continue;
    if (OF_A_BODY.has(lower)) {
      const written = lower === "content-type" ? plainType(value) : value;
      if (framing.kind !== "none" && written !== undefined) forwarded.push([name, written]);
    } else if (named.includes(lower)) {
      forwarded.push(field);
    } else if (PREFERENCES.has(lower) && !seen.has(lower) && value.length <= PREFERENCE_LENGTH) {
      seen.add(lower);
      forwarded.push(field);
    }
  }
  return forwarded;
}

/** The fields of an upstream's answer that the client gets: without what belongs to one hop, listed or named by Connection. */
export function answerHeaders(headers: readonly HeaderField[]): HeaderField[] {
  const options = connectionOptions(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !NOT_IN_ANSWERS.has(lower) && !options.has(lower);
  });
}
