import type { InspectionContext } from "../model/inspection.js";
import type { Pseudonyms } from "../model/ports.js";
import type { Collected, Frame } from "./collector.js";

/** Names that may stand in a pointer: those of RFC 9110 and what clients of these destinations send. */
const KNOWN_HEADERS: ReadonlySet<string> = new Set(
  (
    "accept accept-charset accept-encoding accept-language authorization cache-control connection content-encoding content-language content-length " +
    "content-type cookie date dnt etag expect from host if-match if-modified-since if-none-match keep-alive origin pragma range referer " +
    "sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site te traceparent tracestate trailer transfer-encoding " +
    "upgrade upgrade-insecure-requests user-agent via x-forwarded-for x-real-ip x-request-id forwarded"
  ).split(" "),
);

/**
 * Header values and path segments go to the text rules. A named header that pins the tenant (Segment's `authorization`) is no secret to
 * be found: its user part goes to the pins instead. Credentials with a password are left to the rules.
 */
export function collectHead(
  context: InspectionContext,
  headerPins: ReadonlyMap<string, string>,
  pseudonyms: Pseudonyms,
  into: Collected,
): void {
  for (const [name, value] of context.headers) {
    const lower = name.toLowerCase();
    const pin = headerPins.get(lower);
    if (pin !== undefined && context.namedHeaders.includes(lower)) {
      const user = basicUser(value);
      if (user !== undefined) {
        into.pins.push({ name: pin, value: user });
        continue;
      }
    }
    const shown = KNOWN_HEADERS.has(lower) || context.namedHeaders.includes(lower) ? lower : pseudonyms.short(lower);
    if (value !== "")
      into.texts.push({
        text: value,
        frame: outside("header", `header:${shown}`),
        place: undefined,
        range: undefined,
        kind: "header",
        name: lower,
        typed: false,
        number: false,
      });
  }
  const frame = outside("path", "path");
  for (const segment of context.path.split("/")) {
    if (segment !== "")
      into.texts.push({ text: segment, frame, place: undefined, range: undefined, kind: "path", typed: false, number: false });
  }
}

export function outside(view: string, base: string): Frame {
  return { view, base, bytes: undefined, anchor: undefined };
}

/** The user of Basic credentials whose password is empty, as Segment's client sends its write key (RFC 7617). */
function basicUser(value: string): string | undefined {
  const coded = /^Basic ([A-Za-z0-9+/]{1,128}={0,2})$/i.exec(value)?.[1];
  if (coded === undefined) return undefined;
  return /^([A-Za-z0-9_-]{8,64}):$/.exec(Buffer.from(coded, "base64").toString("latin1"))?.[1];
}
