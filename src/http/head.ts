import { header, type ConnectHead, type Head, type HeaderField, type Origin, type RequestHead } from "../model/exchange.js";
import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import { parsePath } from "./path.js";
import { parseAbsoluteForm, parseAuthority, parseHostField, sameTarget, spellsOut } from "./target.js";

/**
 * The strict reader of request heads (RFC 9112). It works on values, knows no socket, and refuses whatever two readers could take
 * differently; what it lets through is rewritten for the upstream, never copied.
 */

export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Everything a head may not hold: control characters (bare CR and LF too), DEL, and octets over 0x7f. HTAB may stand in a value. */
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
export const FORBIDDEN = /[^\t\u0020-\u007e]/;
const CONTENT_LENGTH = /^[0-9]{1,15}$/;
export const MAX_FIELDS = 100;
/** Fields that mean one thing only when they stand once; a second is where request smuggling starts. */
export const SINGLE = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "content-encoding",
  "authorization",
  "proxy-authorization",
  "expect",
  "user-agent",
  "content-range",
  "referer",
  "origin",
]);

/**
 * @param bytes request line and fields with CRLF between them, without the last one's and without the empty line
 */
export function parseHead(bytes: Buffer, origin: Origin): Head | Refusal {
  const lines = bytes.toString("latin1").split("\r\n");
  const requestLine = parseRequestLine(lines[0] ?? "");
  if (isRefusal(requestLine)) return requestLine;
  const headers = parseFields(lines);
  if (isRefusal(headers)) return headers;
  if (requestLine.method === "CONNECT") return connectHead(requestLine.target, headers, origin);
  const located = locate(requestLine, headers, origin);
  if (isRefusal(located)) return located;
  const pathAndQuery = parsePath(located.originForm);
  if (isRefusal(pathAndQuery)) return pathAndQuery;
  const framing = parseFraming(headers, requestLine.minor);
  if (isRefusal(framing)) return framing;
  const expectContinue = parseExpect(headers, requestLine.minor);
  if (typeof expectContinue !== "boolean") return expectContinue;
  if (header(headers, "upgrade") !== undefined) return refusal("upgrade-refused", "The request asks to upgrade the connection.");
  return {
    method: requestLine.method,
    target: located.target,
    path: pathAndQuery.path,
    query: pathAndQuery.query,
    headers,
    keepAlive: keepsAlive(headers, requestLine.minor),
    minor: requestLine.minor,
    framing,
    expectContinue,
  };
}

interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
}

function parseRequestLine(line: string): RequestLine | Refusal {
  if (line.startsWith("PRI * HTTP/2")) return refusal("protocol-not-allowed", "The client speaks HTTP/2 without having agreed on it.");
  if (FORBIDDEN.test(line) || line.includes("\t"))
    return refusal("message-malformed", "The request line holds a control character or an octet that is not ASCII.");
  const parts = line.split(" ");
  const [method, target, version] = parts;
  if (parts.length !== 3 || method === undefined || target === undefined || target === "") {
    return refusal("message-malformed", "The request line is not `METHOD target HTTP/1.1` with single spaces.");
  }
  if (!TOKEN.test(method)) return refusal("message-malformed", "The method is not a token.");
  if (version === "HTTP/1.1") return { method, target, minor: 1 };
  if (version === "HTTP/1.0") return { method, target, minor: 0 };
  return refusal("protocol-not-allowed", "The request's version is neither HTTP/1.1 nor HTTP/1.0.");
}

function parseFields(lines: readonly string[]): HeaderField[] | Refusal {
  if (lines.length - 1 > MAX_FIELDS) return refusal("headers-too-large", `The request has more than ${MAX_FIELDS} header fields.`);
  const headers: HeaderField[] = [];
  const seen = new Set<string>();
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (FORBIDDEN.test(line))
      return refusal("message-malformed", "A header field holds a control character or an octet that is not ASCII.");
    if (line.startsWith(" ") || line.startsWith("\t")) {
      return refusal("message-malformed", "A header field is folded over two lines (obs-fold, RFC 9112, section 5.2).");
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? "" : line.slice(0, colon);
    if (!TOKEN.test(name)) return refusal("message-malformed", "A header line does not start with a name and a colon.");
    const lower = name.toLowerCase();
    if (SINGLE.has(lower)) {
      if (seen.has(lower)) return refusal("message-ambiguous", `The request has two ${lower} fields.`);
      seen.add(lower);
    }
    headers.push([name, trimBlanks(line, colon + 1)]);
  }
  return headers;
}

/** Without optional white space, which is SP and HTAB and no other (RFC 9110, section 5.6.3); `trim` would take more. */
function trimBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function connectHead(text: string, headers: readonly HeaderField[], origin: Origin): ConnectHead | Refusal {
  if (origin.kind !== "proxy") return refusal("target-mismatch", "A CONNECT inside a connection that already has its target.");
  const target = parseAuthority(text, "https", undefined);
  if (isRefusal(target)) return target;
  const host = header(headers, "host");
  if (host !== undefined) {
    // The authority of a CONNECT always has a port, its Host field often has none.
    const named = parseAuthority(host, "https", target.port);
    if (isRefusal(named)) return named;
    if (!sameTarget(named, target)) return refusal("target-mismatch", "CONNECT and its Host field name different targets.");
  }
  if (header(headers, "transfer-encoding") !== undefined || (header(headers, "content-length") ?? "0") !== "0") {
    return refusal("message-ambiguous", "A CONNECT with a body: what follows it could be body or tunnel.");
  }
  return { method: "CONNECT", target, headers };
}

interface Located {
  readonly target: Target;
  readonly originForm: string;
}

function locate(line: RequestLine, headers: readonly HeaderField[], origin: Origin): Located | Refusal {
  const hostField = header(headers, "host");
  if (hostField === undefined && line.minor === 1)
    return refusal("message-malformed", "An HTTP/1.1 request without a Host field (RFC 9112, section 3.2).");
  const asked = line.target.startsWith("/") ? undefined : parseAbsoluteForm(line.target);
  if (asked !== undefined && isRefusal(asked)) return asked;
  const target = expectedTarget(asked?.target, hostField, origin);
  if (isRefusal(target)) return target;
  if (asked !== undefined && !sameTarget(asked.target, target)) {
    return refusal("target-mismatch", "The request line names another target than the connection.");
  }
  // Word for word the target's own spelling, as nearly all are, it needs no reading.
  if (hostField !== undefined && !spellsOut(hostField, target)) {
    const named = parseHostField(hostField, target.scheme);
    if (isRefusal(named)) return named;
    if (!sameTarget(named, target))
      return refusal("target-mismatch", "The Host field names another target than the connection or the request line.");
  }
  return { target, originForm: asked?.originForm ?? line.target };
}

function expectedTarget(asked: Target | undefined, hostField: string | undefined, origin: Origin): Target | Refusal {
  switch (origin.kind) {
    case "target":
      return origin.target;
    case "proxy":
      return asked ?? refusal("target-invalid", "A request to a forward proxy names its target in full (RFC 9112, section 3.2.2).");
    case "host": {
      if (hostField === undefined) return refusal("target-invalid", "A redirected request without a Host field names no target.");
      return parseAuthority(hostField, "http", origin.port);
    }
  }
}

export function parseFraming(headers: readonly HeaderField[], minor: 0 | 1): RequestHead["framing"] | Refusal {
  const coding = header(headers, "transfer-encoding");
  const length = header(headers, "content-length");
  if (coding !== undefined && length !== undefined) {
    return refusal("message-ambiguous", "The request has both Transfer-Encoding and Content-Length (RFC 9112, section 6.1).");
  }
  if (coding !== undefined) {
    if (minor === 0) return refusal("message-ambiguous", "An HTTP/1.0 request with a Transfer-Encoding.");
    if (coding.toLowerCase() !== "chunked") return refusal("message-ambiguous", "The Transfer-Encoding is not exactly `chunked`.");
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  if (!CONTENT_LENGTH.test(length)) return refusal("message-ambiguous", "The Content-Length is not a plain number.");
  const bytes = Number(length);
  return bytes === 0 ? { kind: "none" } : { kind: "length", length: bytes };
}

export function parseExpect(headers: readonly HeaderField[], minor: 0 | 1): boolean | Refusal {
  const expect = header(headers, "expect");
  if (expect === undefined) return false;
  if (expect.toLowerCase() !== "100-continue")
    return refusal("expect-refused", "The Expect field holds something other than 100-continue.");
  return minor === 1;
}

function keepsAlive(headers: readonly HeaderField[], minor: 0 | 1): boolean {
  const options = connectionOptions(headers);
  return minor === 1 ? !options.has("close") : false;
}

const NO_OPTIONS: ReadonlySet<string> = new Set();

/** The options of every Connection and Proxy-Connection field, lower case (RFC 9110, section 7.6.1). */
export function connectionOptions(headers: readonly HeaderField[]): ReadonlySet<string> {
  let options: Set<string> | undefined;
  for (const [name, value] of headers) {
    const length = name.length;
    if (length !== 10 && length !== 16) continue;
    const lower = name.toLowerCase();
    if (lower !== "connection" && lower !== "proxy-connection") continue;
    options ??= new Set();
    for (const option of value.toLowerCase().split(",")) options.add(option.trim());
  }
  return options ?? NO_OPTIONS;
}
