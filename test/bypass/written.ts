import { bytesOf, encode } from "./bytes.js";
import type { AttackCase, RequestCase } from "./case-file.js";
import type { StreamFields } from "./client.js";
import { type Rig, SITE } from "./rig.js";
import type { OwnDestination } from "./rig-policy.js";
import { SPECIMENS, SYSTEM_EVENT, USER_EVENT } from "./specimen.js";

/* What a case's requests look like on the wire. */

/** Where a tunnel leads where the case does not say. */
export const HUB = "app.diffgram.com:443";

/** A request as bytes, and the body that is to arrive. */
export function write(request: RequestCase, attack: AttackCase, own: OwnDestination | undefined, rig: Rig): { readonly bytes: Buffer; readonly body: Buffer } {
  const values = own === undefined ? SPECIMENS : { ...SPECIMENS, ...ownValues(own, rig.vendor.plainPort) };
  if (request.raw !== undefined) return { bytes: bytesOf(request.raw, values), body: Buffer.alloc(0) };
  const content = bodyOf(request, values);
  const body = encode(content, request.as ?? []);
  const lines = request.send ?? usualHead(request, attack, body.length > 0, own);
  const head = headOf(lines, { ...values, length: String(body.length) });
  if (request.arrives !== undefined) return { bytes: Buffer.concat([head, body]), body: bytesOf(request.arrives, values) };
  // A delivered body is compared with what stood inside the framing.
  if (request.arrives_decoded === true) return { bytes: Buffer.concat([head, body]), body: content };
  const framed = (request.as ?? []).findIndex((step) => step.startsWith("chunked"));
  return { bytes: Buffer.concat([head, body]), body: framed < 0 ? body : encode(content, (request.as ?? []).slice(0, framed)) };
}

/** What is asked of each destination where the case does not say. */
const USUAL_STARTS: Readonly<Record<string, string>> = {
  "app.diffgram.com": "POST /api/walrus/eventhub/new",
  "api.segment.io": "POST /v1/batch",
  "json.operator.example": "POST /in",
  "envelopes.operator.example": "POST /in",
  "notes.operator.example": "POST /in",
  "crates.operator.example": "POST /in",
  "licensing.vendor.example": "POST /v1/status",
  "www.google-analytics.com": "POST /g/collect?v=2&tid=G-ABCD1234",
  "paths.operator.example": "GET /a/b",
  "plain.operator.example": "GET /",
  "eager-parent.operator.example": "GET /",
  "walrus.operator.example": "POST /in",
  "inner.operator.example": "POST /in",
  "slow.operator.example": "POST /in",
  "parent.operator.example": "POST /in",
  "refusing-parent.operator.example": "POST /in",
  "plain-parent.operator.example": "GET /",
  "asking-parent.operator.example": "POST /in",
  "garbled-parent.operator.example": "POST /in",
  "endless-parent.operator.example": "POST /in",
  "silent-parent.operator.example": "POST /in",
};

export function usualHead(request: RequestCase, attack: AttackCase, hasBody: boolean, own: OwnDestination | undefined): string {
  if (own !== undefined) return `${request.start ?? "GET http://{{own}}/ HTTP/1.1"}\nHost: ${request.host ?? "{{own}}"}`;
  const tunnel = attack.plain === true ? "plain.operator.example:80" : (attack.tunnel ?? HUB);
  const host = attack.first_party === true ? SITE : tunnel.slice(0, tunnel.lastIndexOf(":"));
  const start = request.start ?? `${USUAL_STARTS[host] ?? "GET /"} HTTP/1.1`;
  const chunked = (request.as ?? []).some((step) => step.startsWith("chunk"));
  return [
    start,
    ...(request.host === null ? [] : [`Host: ${request.host ?? host}`]),
    ...(request.type === null || !hasBody ? [] : [`Content-Type: ${request.type ?? "application/json"}`]),
    ...(request.fields ?? []),
    ...(hasBody ? [chunked ? "Transfer-Encoding: chunked" : "Content-Length: {{length}}"] : []),
  ].join("\n");
}

export function streamFields(request: RequestCase, attack: AttackCase): StreamFields {
  const host = (attack.tunnel ?? HUB).replace(/:443$/, "");
  const [method = "", path = ""] = (USUAL_STARTS[host] ?? "GET /").split(" ");
  const body = method === "POST" ? { "content-type": "application/json" } : {};
  const fields: Record<string, string | string[] | null> = { ":method": method, ":scheme": "https", ":authority": host, ":path": path, ...body, ...request.h2 };
  const write = (value: string): string => bytesOf(value, SPECIMENS).toString("latin1");
  const written: StreamFields = {};
  for (const [name, value] of Object.entries(fields)) if (value !== null) written[name] = typeof value === "string" ? write(value) : value.map(write);
  return written;
}

function ownValues(own: OwnDestination, vendorPort: number): { readonly own: string; readonly port: string } {
  const port = String(vendorPort);
  return { own: `${own.host.includes(":") ? `[${own.host}]` : own.host}:${port}`, port };
}

function bodyOf(request: RequestCase, values: Parameters<typeof bytesOf>[1]): Buffer {
  const members = request.event ?? request.system;
  if (members === undefined) return bytesOf(request.body ?? "", values);
  const merged = { ...(request.event === undefined ? SYSTEM_EVENT : USER_EVENT), ...filled(members, values) };
  return Buffer.from(JSON.stringify(merged));
}

/** Templates stand in the strings of the members, keys included; JSON's own escapes are written afterwards. */
function filled(members: Readonly<Record<string, unknown>>, values: Parameters<typeof bytesOf>[1]): Record<string, unknown> {
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return bytesOf(value, values).toString("utf8");
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [bytesOf(key, values).toString("utf8"), fill(inner)]));
  };
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [bytesOf(key, values).toString("utf8"), fill(value)]));
}

export function headOf(lines: string, values: Parameters<typeof bytesOf>[1]): Buffer {
  const text = lines.endsWith("\n") ? lines : `${lines}\n`;
  return bytesOf(`${text.replaceAll("\n", "{{crlf}}")}{{crlf}}`, values);
}
