import { refusal, type Refusal } from "../model/refusal.js";

/** A request's path and query in the one form that policy is written in. */
export interface PathAndQuery {
  readonly path: string;
  /** Without `?`; undefined where the target has none. An empty query (`/x?`) is the empty string. */
  readonly query: string | undefined;
}

/** RFC 3986 pchar and `/`, less `%`, `;` and `\`: what needs no thought. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9\-_~!$&'()*+,=:@][A-Za-z0-9\-._~!$&'()*+,=:@]*)+$/;
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,=:@/%]*$/;
const QUERY_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]|{}^"`<>\\]*$/;
const TRIPLET = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * Brings an origin-form target (RFC 9112, section 3.2.1) to its one normal form, or refuses it.
 *
 * Servers differ about dot segments, encoded slashes and dots, `;` parameters, double slashes and backslashes; each has let a request pass
 * one program's path rule and reach another path on the next. So they are refused rather than resolved. The one thing that is normalised
 * is a percent-encoded unreserved character, which RFC 3986, section 6.2.2.2, calls equal to the plain one; the upstream gets the plain one.
 */
export function parsePath(originForm: string): PathAndQuery | Refusal {
  if (originForm.includes("#")) return refusal("message-malformed", "The target holds a fragment, which is never sent.");
  const mark = originForm.indexOf("?");
  const rawPath = mark < 0 ? originForm : originForm.slice(0, mark);
  const query = mark < 0 ? undefined : originForm.slice(mark + 1);
  if (query !== undefined && !QUERY_CHARACTERS.test(query))
    return refusal("message-malformed", "The query holds a character that must be encoded.");
  if (query !== undefined && !validTriplets(query))
    return refusal("message-malformed", "The query holds a percent sign without two hex digits.");
  if (PLAIN_PATH.test(rawPath) || rawPath === "/") return { path: rawPath, query };
  const path = normalPath(rawPath);
  return typeof path === "string" ? { path, query } : path;
}

function normalPath(raw: string): string | Refusal {
  if (!raw.startsWith("/")) return refusal("message-malformed", "The path does not start with a slash.");
  if (raw.includes("\\")) return refusal("message-ambiguous", "The path holds a backslash, which some servers take for a slash.");
  if (raw.includes(";")) return refusal("message-ambiguous", "The path holds a `;` parameter, which servers read differently.");
  if (!PATH_CHARACTERS.test(raw)) return refusal("message-malformed", "The path holds a character that must be encoded.");
  if (!validTriplets(raw)) return refusal("message-malformed", "The path holds a percent sign without two hex digits.");
  const decoded = raw.replace(TRIPLET, (triplet, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : triplet.toUpperCase();
  });
  if (/%(?:2F|5C|25|3B|00|2E)/.test(decoded)) {
    return refusal("message-ambiguous", "The path holds an encoded slash, backslash, percent sign, semicolon or NUL.");
  }
  if (decoded.includes("//")) return refusal("message-ambiguous", "The path holds an empty segment, which some servers leave out.");
  if (/\/\.{1,2}(?:\/|$)/.test(decoded)) return refusal("message-ambiguous", "The path holds a dot segment.");
  return decoded;
}

function validTriplets(text: string): boolean {
  return !text.includes("%") || !/%(?![0-9A-Fa-f]{2})/.test(text);
}
