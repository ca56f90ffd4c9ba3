import { header, type HeaderField, type RequestHead } from "../model/exchange.js";
import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import { FORBIDDEN, MAX_FIELDS, parseExpect, parseFraming, SINGLE, TOKEN } from "./head.js";
import { parsePath } from "./path.js";
import { parseHostField, sameTarget } from "./target.js";

const PSEUDO = new Set([":method", ":scheme", ":authority", ":path"]);
/** Fields of a connection, which a stream has none of (RFC 9113, section 8.2.2). */
const OF_A_CONNECTION = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"]);

/**
 * The head of an HTTP/2 request (RFC 9113, section 8.3), held to the rules of an HTTP/1.1 head: the same one target, the same normal path,
 * the same fields that may stand once.
 *
 * @param fields names and values as they came, pseudo-header fields too
 * @param ended whether the stream ends with its head, so that it has no body
 */
export function parseStreamHead(fields: readonly HeaderField[], target: Target, ended: boolean): RequestHead | Refusal {
  const parted = partFields(fields);
  if (isRefusal(parted)) return parted;
  const { pseudo, headers } = parted;
  const method = pseudo.get(":method");
  if (method === "CONNECT") return refusal("upgrade-refused", "A CONNECT inside a connection that already has its target.");
  if (method === undefined || !TOKEN.test(method)) return refusal("message-malformed", "The method is missing or is not a token.");
  if (pseudo.get(":scheme") !== target.scheme) return refusal("target-mismatch", "The stream's scheme is not its connection's.");
  const elsewhere = judgeAuthority([pseudo.get(":authority"), header(headers, "host")], target);
  if (elsewhere !== undefined) return elsewhere;
  const pathAndQuery = parsePath(pseudo.get(":path") ?? "");
  if (isRefusal(pathAndQuery)) return pathAndQuery;
  const framing = streamFraming(headers, ended);
  if (isRefusal(framing)) return framing;
  const expectContinue = parseExpect(headers, 1);
  if (typeof expectContinue !== "boolean") return expectContinue;
  const { path, query } = pathAndQuery;
  return { method, target, path, query, headers, keepAlive: true, minor: 1, framing, expectContinue };
}

function partFields(fields: readonly HeaderField[]): { pseudo: ReadonlyMap<string, string>; headers: readonly HeaderField[] } | Refusal {
  if (fields.length > MAX_FIELDS) return refusal("headers-too-large", `The request has more than ${MAX_FIELDS} header fields.`);
  const pseudo = new Map<string, string>();
  const headers: HeaderField[] = [];
  const seen = new Set<string>();
  for (const [name, value] of fields) {
    if (FORBIDDEN.test(value))
      return refusal("message-malformed", "A header field holds a control character or an octet that is not ASCII.");
    if (name.startsWith(":")) {
      if (name === ":protocol") return refusal("upgrade-refused", "The stream asks for another protocol (RFC 8441).");
      if (!PSEUDO.has(name) || pseudo.has(name) || headers.length > 0) {
        return refusal("message-malformed", "A pseudo-header field is unknown, there twice, or behind the others.");
      }
      pseudo.set(name, value);
      continue;
    }
    if (!TOKEN.test(name) || name !== name.toLowerCase())
      return refusal("message-malformed", "A header field's name is no token in lower case.");
    if (OF_A_CONNECTION.has(name) || (name === "te" && value !== "trailers")) {
      return refusal("message-malformed", "The stream has a field that belongs to a connection (RFC 9113, section 8.2.2).");
    }
    if (SINGLE.has(name) && seen.has(name)) return refusal("message-ambiguous", `The request has two ${name} fields.`);
    seen.add(name);
    headers.push([name, value.replaceAll(/^[ \t]+|[ \t]+$/g, "")]);
  }
  return { pseudo, headers };
}

/** Each that is there must name the connection's target, and one must be there. */
function judgeAuthority(named: readonly (string | undefined)[], target: Target): Refusal | undefined {
  const written = named.filter((authority) => authority !== undefined);
  if (written.length === 0) return refusal("message-malformed", "The stream names no authority.");
  for (const authority of written) {
    const read = parseHostField(authority, target.scheme);
    if (isRefusal(read)) return read;
    if (!sameTarget(read, target)) return refusal("target-mismatch", "The stream's authority names another target than its connection.");
  }
  return undefined;
}

/** A stream ends by a flag; a length that is stated must agree. `chunked` stands for a body of unknown length. */
function streamFraming(headers: readonly HeaderField[], ended: boolean): RequestHead["framing"] | Refusal {
  const stated = parseFraming(headers, 1);
  if (isRefusal(stated)) return stated;
  if (!ended) return stated.kind === "length" ? stated : { kind: "chunked" };
  return stated.kind === "length"
    ? refusal("message-malformed", "The stream ends without the body whose length it states.")
    : { kind: "none" };
}
