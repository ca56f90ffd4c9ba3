import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { REASONS } from "../../src/model/reasons.js";
import { frameStep } from "./frames.js";

const text = z.string();
const texts = z.union([text, z.array(text)]).transform((value) => (typeof value === "string" ? [value] : value));
const reason = z.enum([...REASONS, "upstream-unreachable", "upstream-timeout"]);
const reasons = z.union([reason, z.array(reason)]).transform((value) => (typeof value === "string" ? [value] : value));

/** What one request, or one message that is none, sends and what becomes of it. */
const REQUEST = {
  /** Request line and fields, a line each; written with CRLF and an empty line behind. */
  send: text.optional(),
  /** What differs from the usual head of the tunnel's destination, where `send` doesn't write it out: request line, Host, Content-Type (null: none), more fields. */
  start: text.optional(),
  host: z.union([text, z.null()]).optional(),
  type: z.union([text, z.null()]).optional(),
  fields: texts.optional(),
  /** An HTTP/2 request with these fields laid over the usual ones; null takes one away, a list stands for as many fields. */
  h2: z.record(text, z.union([text, z.array(text), z.null()])).optional(),
  /** Trailers of the HTTP/2 request. */
  h2_trailers: z.record(text, text).optional(),
  /** An HTTP/2 stream whose frames are written by hand; see `frames.ts`. */
  frames: z.array(frameStep).optional(),
  /** The request is sent so often, each with the same outcome. */
  times: z.number().optional(),
  /** Sent as it stands, in place of `send` and `body`. */
  raw: text.optional(),
  body: text.optional(),
  /** Members laid over a clean event of a user; becomes the body. */
  event: z.record(text, z.unknown()).optional(),
  /** Members laid over a clean event of the system. */
  system: z.record(text, z.unknown()).optional(),
  /** Encoders of `bytes.ts` over the body, in order. */
  as: z.array(text).optional(),
  /** 403 with one of these codes. */
  refused: reasons.optional(),
  /** Beside `refused`, in HTTP/2: newer versions of Node's own nghttp2 reset such a stream before its head is seen (RFC 9113, section 8.1.1). */
  or_reset: z.literal(true).optional(),
  /** Rules of which one must be among the findings. */
  finding: texts.optional(),
  /** So many findings are told, and no more. */
  findings: z.number().optional(),
  /** 200, and one message at the vendor, whose body is the one that was sent. */
  delivered: z.literal(true).optional(),
  /** The message at the vendor holds the content without the codings that could carry more than it. */
  arrives_decoded: z.literal(true).optional(),
  /** The body at the vendor, where it is not the one that was sent. */
  arrives: text.optional(),
  /** No answer: the connection ends. */
  closed: z.literal(true).optional(),
  /** The vendor was asked and its answer broke off: the client has no answer, or can tell that it has a part. */
  breaks_off: z.literal(true).optional(),
  /** The client hangs up once the vendor has its request; among others that are in flight together, once all are sent. */
  leaves: z.literal(true).optional(),
  /** Another status than 200 and 403, and nothing said about delivery. */
  status: z.number().optional(),
  /** Of a delivered message: the path with query, substrings that its head must and must not hold. */
  path: text.optional(),
  holds: texts.optional(),
  lacks: texts.optional(),
  /** Substrings that the head of the client's answer must and must not hold, and that its body must. */
  answer_holds: texts.optional(),
  answer_lacks: texts.optional(),
  says: texts.optional(),
  /** Part of the sentence that tells which check refused, where several would give the same reason. */
  detail: text.optional(),
  /** The body, which is awaited, comes so many minutes later by the proxy's clock. */
  minutes_later: z.number().optional(),
  /** With a status: nothing may reach the vendor all the same. */
  kept: z.literal(true).optional(),
} as const;

const requestCase = z.strictObject(REQUEST);
export type RequestCase = z.output<typeof requestCase>;

const attackCase = z.strictObject({
  name: text,
  /** Where the idea comes from: an RFC's section, a class of CVEs, published research. */
  idea: text,
  /** `HOST:PORT` of the CONNECT; default the event hub. */
  tunnel: text.optional(),
  /** The Host field of the CONNECT, where it differs. */
  tunnel_host: text.optional(),
  /** Lines of the CONNECT's head, in place of the usual ones. */
  connect: text.optional(),
  /** What the CONNECT itself is answered with, where no tunnel opens. */
  connect_refused: reasons.optional(),
  /** A redirected connection: no CONNECT; TLS with `sni`, or plain HTTP with `plain`. */
  transparent: z.literal(true).optional(),
  /** How the proxy is set up; see `rig.ts`. */
  world: z.enum(["usual", "quotas", "limited", "sla", "monitored", "crowded", "brief", "lives"]).optional(),
  /** To the listener for browsers on Diffgram's own domain. */
  first_party: z.literal(true).optional(),
  /** So many exchanges of the same client are in flight meanwhile, their bodies awaited. */
  held: z.number().optional(),
  /** Each of those by a client of its own, from an address that nobody else has. */
  held_apart: z.literal(true).optional(),
  /** So many bytes of each of their bodies have come; the last one never does. */
  held_bytes: z.number().optional(),
  /** Each request on a connection of its own. */
  reconnects: z.literal(true).optional(),
  /** Another address of this machine to come from, or `fresh`: one of no other case; 127.0.0.5 is trusted to introduce clients by a PROXY header. */
  from: text.optional(),
  /** Bytes before all others on the connection. */
  introduced: text.optional(),
  /** To listen.proxy-tls, with the client's certificate and credentials (NAME:PASSWORD) for the CONNECT. */
  door: z.literal(true).optional(),
  certificate: z.enum(["walrus", "seal", "stranger", "expired", "quoted", "joined", "two-named"]).optional(),
  credentials: text.optional(),
  /** No tunnel: to the proxy's plain listener. */
  plain: z.literal(true).optional(),
  /** The handshake's server name; null: none. Default the tunnel's host. */
  sni: z.union([text, z.null()]).optional(),
  alpn: z.array(text).optional(),
  tls_version: z.enum(["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]).optional(),
  /** The client asks for a second handshake in that session, which must not come about. */
  renegotiates: z.enum(["tunnel", "door"]).optional(),
  /** Bytes in the tunnel, or to `door`, are sent as they are. */
  tls: z.literal(false).optional(),
  /** Bytes sent in the same write as the CONNECT, before its answer. */
  ahead: text.optional(),
  /** What the name resolves to, a list per look-up; the last one stands for all that follow. Makes a destination of its own. */
  resolves: z.array(z.array(text)).optional(),
  /** How often the name may be looked up in the whole case. */
  look_ups: z.number().optional(),
  /** Milliseconds that each look-up takes. */
  look_up_ms: z.number().optional(),
  /** An address that the policy names as a destination; makes a destination of its own. */
  literal: text.optional(),
  /** The destination's `connect`, in a case that makes a destination. */
  operator_connects: z.literal(true).optional(),
  /** Piece by piece: bytes of each write, so that nothing is seen whole; those of `introduced` too. */
  write_size: z.number().optional(),
  /** The client stops sending in the middle and waits. */
  stalls: z.literal(true).optional(),
  /** The client ends its side after the last byte. */
  ends: z.literal(true).optional(),
  /** Series of /metrics that count more behind the case than before it, where no answer says why the connection ended. */
  rises: texts.optional(),
  /** By how much others may count more meanwhile. */
  rises_at_most: z.record(text, z.number()).optional(),
  /** So many connections at the vendor are made meanwhile at most. */
  connections: z.number().optional(),
  /** So many answers of the destination, asked for on one HTTP/2 connection, are not read; and so many of them are cut, while the others wait on. */
  unread: z.strictObject({ path: text, answers: z.number(), cut: z.number() }).optional(),
  /** The same by exactly so much. */
  rises_by: z.record(text, z.number()).optional(),
  /** Parts of lines of which the log has exactly one more behind the case. */
  logs: texts.optional(),
  /** The client resets its connection in the middle of the TLS handshake: in the same moment as its first bytes have come, or once it is answered. */
  resets: z.enum(["at-once", "answered"]).optional(),
  /** `HOST:PORT` of a tunnel, TLS and all, that the client opens and leaves before. */
  first_tunnel: text.optional(),
  /** Days that the proxy's clock has gone on since the world started. */
  days_later: z.number().optional(),
  /** With it: the proxy's own TLS shows another certificate then than before. */
  renews: z.literal(true).optional(),
  /** So many more connections at once, whose clients never close; some are to be told why there is no room, not all. */
  floods: z.number().optional(),
  /** In the moment of the case's own CONNECT, so many others at the proxy's own TLS guess NAME's password, by the same address or each by its own. */
  guesses: z.strictObject({ name: text, count: z.number(), apart: z.literal(true).optional() }).optional(),
  /** The client sends its request so many times and reads nothing until no more of them reach the vendor, which not all do; then it reads all answers. */
  asks_unread: z.number().optional(),
  /** A proxy of its own drains while the last byte of the case's body is missing. A connection and an HTTP/2 session that rest are ended at once. */
  drains: z.literal(true).optional(),
  /** Lines of a proxy's file of credentials with which it must not start; parts of what it says then, and what it must not say. */
  credential_lines: z.array(text).optional(),
  start_refused: texts.optional(),
  start_lacks: texts.optional(),
  requests: z.array(requestCase).optional(),
  /** Each request on a connection of its own, a moment after the one before, and all in flight at once. */
  together: z.literal(true).optional(),
  /** All requests in one write. */
  pipelined: z.literal(true).optional(),
  ...REQUEST,
});
export type AttackCase = z.output<typeof attackCase>;

const caseFile = z.strictObject({
  /** The numbered class of docs/threat-model.md. */
  class: z.number(),
  title: text,
  cases: z.array(attackCase),
});

export interface NamedFile {
  readonly name: string;
  readonly title: string;
  readonly number: number;
  readonly cases: readonly AttackCase[];
}

/** @throws Error naming the file and the place where a case is not one */
export function readCaseFiles(folder: string): NamedFile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return files.sort().map((name) => {
    const parsed = caseFile.safeParse(parse(readFileSync(join(folder, name), "utf8")));
    if (!parsed.success) throw new Error(`${name}: ${parsed.error.message}`);
    return { name, title: parsed.data.title, number: parsed.data.class, cases: parsed.data.cases };
  });
}

/** The requests of a case; a case with one request is written without a list. */
export function requestsOf(attack: AttackCase): readonly RequestCase[] {
  if (attack.requests !== undefined) return attack.requests;
  return [requestCase.parse(Object.fromEntries(Object.keys(REQUEST).flatMap((key) => (key in attack && attack[key as keyof AttackCase] !== undefined ? [[key, attack[key as keyof AttackCase]]] : []))))];
}
