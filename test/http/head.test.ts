import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseHead } from "../../src/http/head.js";
import { isConnect, type Origin } from "../../src/model/exchange.js";
import type { Reason } from "../../src/model/reasons.js";
import { isRefusal } from "../../src/model/refusal.js";

const INSIDE: Origin = { kind: "target", target: { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined } };
const PROXY: Origin = { kind: "proxy" };

/** What is wrong, the head's lines, and the reason; `ok` is what must pass, so that refusing everything fails too. */
const INSIDE_CASES: readonly (readonly [string, readonly string[], Reason | "ok"])[] = [
  ["a plain request", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length: 3"], "ok"],
  ["Host with the default port", ["GET /x HTTP/1.1", "Host: app.diffgram.com:443"], "ok"],
  ["Host in other case and with a trailing dot", ["GET /x HTTP/1.1", "Host: APP.diffgram.com."], "ok"],
  ["absolute form for the same target", ["GET https://app.diffgram.com/x HTTP/1.1", "Host: app.diffgram.com"], "ok"],
  ["a chunked body", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Transfer-Encoding: chunked"], "ok"],
  ["HTTP/1.0 without Host", ["GET /x HTTP/1.0"], "ok"],
  ["an empty field value", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "X-Empty:"], "ok"],
  ["no Host", ["GET /x HTTP/1.1"], "message-malformed"],
  ["an empty Host", ["GET /x HTTP/1.1", "Host:"], "target-invalid"],
  ["two Hosts", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "Host: app.diffgram.com"], "message-ambiguous"],
  ["another Host", ["GET /x HTTP/1.1", "Host: evil.example"], "target-mismatch"],
  ["another port in Host", ["GET /x HTTP/1.1", "Host: app.diffgram.com:444"], "target-mismatch"],
  ["absolute form to elsewhere", ["GET https://evil.example/x HTTP/1.1", "Host: app.diffgram.com"], "target-mismatch"],
  ["absolute form by plain http", ["GET http://app.diffgram.com/x HTTP/1.1", "Host: app.diffgram.com"], "target-mismatch"],
  ["CONNECT inside a tunnel", ["CONNECT evil.example:443 HTTP/1.1", "Host: evil.example"], "target-mismatch"],
  ["both lengths", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length: 3", "Transfer-Encoding: chunked"], "message-ambiguous"],
  ["two Content-Lengths", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length: 3", "Content-Length: 3"], "message-ambiguous"],
  ["a list of lengths", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length: 3, 3"], "message-ambiguous"],
  ["a signed length", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length: +3"], "message-ambiguous"],
  ["a hexadecimal length", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length: 0x3"], "message-ambiguous"],
  ["an empty length", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length:"], "message-ambiguous"],
  ["a length of 16 digits", ["POST /x HTTP/1.1", "Host: app.diffgram.com", `Content-Length: ${"9".repeat(16)}`], "message-ambiguous"],
  ["gzip before chunked", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Transfer-Encoding: gzip, chunked"], "message-ambiguous"],
  ["chunked with a vertical tab", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Transfer-Encoding: \u000bchunked"], "message-malformed"],
  [
    "chunked twice",
    ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "message-ambiguous",
  ],
  ["Transfer-Encoding identity", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Transfer-Encoding: identity"], "message-ambiguous"],
  ["chunked by HTTP/1.0", ["POST /x HTTP/1.0", "Host: app.diffgram.com", "Transfer-Encoding: chunked"], "message-ambiguous"],
  ["a space before the colon", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Transfer-Encoding : chunked"], "message-malformed"],
  ["a folded field", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "X-A: 1", " continued"], "message-malformed"],
  ["a NUL in a value", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "X-A: 1\u00002"], "message-malformed"],
  ["a bare CR in a value", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "X-A: 1\r2"], "message-malformed"],
  ["a bare LF in a value", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "X-A: 1\n2"], "message-malformed"],
  ["an octet over 127 in a value", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "X-A: \u00e9"], "message-malformed"],
  ["a line without colon", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "nonsense"], "message-malformed"],
  ["101 fields", ["GET /x HTTP/1.1", "Host: app.diffgram.com", ...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`)], "headers-too-large"],
  ["no version (HTTP/0.9)", ["GET /x"], "message-malformed"],
  ["HTTP/2 without agreement", ["PRI * HTTP/2.0"], "protocol-not-allowed"],
  ["HTTP/1.2", ["GET /x HTTP/1.2", "Host: app.diffgram.com"], "protocol-not-allowed"],
  ["lower-case version", ["GET /x http/1.1", "Host: app.diffgram.com"], "protocol-not-allowed"],
  ["two spaces in the request line", ["GET  /x HTTP/1.1", "Host: app.diffgram.com"], "message-malformed"],
  ["a tab in the request line", ["GET\t/x HTTP/1.1", "Host: app.diffgram.com"], "message-malformed"],
  ["an upgrade", ["GET /x HTTP/1.1", "Host: app.diffgram.com", "Connection: Upgrade", "Upgrade: websocket"], "upgrade-refused"],
  ["Expect of something else", ["POST /x HTTP/1.1", "Host: app.diffgram.com", "Content-Length: 1", "Expect: 200-ok"], "expect-refused"],
  ["a dot segment", ["GET /a/../x HTTP/1.1", "Host: app.diffgram.com"], "message-ambiguous"],
  ["an encoded dot segment", ["GET /a/%2e%2E/x HTTP/1.1", "Host: app.diffgram.com"], "message-ambiguous"],
  ["an encoded slash", ["GET /a%2fx HTTP/1.1", "Host: app.diffgram.com"], "message-ambiguous"],
  ["a doubly encoded slash", ["GET /a%252fx HTTP/1.1", "Host: app.diffgram.com"], "message-ambiguous"],
  ["a backslash", ["GET /a\\x HTTP/1.1", "Host: app.diffgram.com"], "message-ambiguous"],
  ["a path parameter", ["GET /a;b=c/x HTTP/1.1", "Host: app.diffgram.com"], "message-ambiguous"],
  ["a double slash", ["GET //x HTTP/1.1", "Host: app.diffgram.com"], "message-ambiguous"],
  ["a fragment", ["GET /x#y HTTP/1.1", "Host: app.diffgram.com"], "message-malformed"],
  ["half a percent triplet", ["GET /x%4 HTTP/1.1", "Host: app.diffgram.com"], "message-malformed"],
];

const PROXY_CASES: readonly (readonly [string, readonly string[], Reason | "ok"])[] = [
  ["absolute form", ["GET http://a.example/ HTTP/1.1", "Host: a.example"], "ok"],
  ["origin form", ["GET / HTTP/1.1", "Host: a.example"], "target-invalid"],
  ["absolute form and another Host", ["GET http://a.example/ HTTP/1.1", "Host: b.example"], "target-mismatch"],
  ["CONNECT", ["CONNECT a.example:443 HTTP/1.1", "Host: a.example:443"], "ok"],
  ["CONNECT whose Host has no port", ["CONNECT a.example:443 HTTP/1.1", "Host: a.example"], "ok"],
  ["CONNECT without port", ["CONNECT a.example HTTP/1.1", "Host: a.example"], "target-invalid"],
  ["CONNECT and another Host", ["CONNECT a.example:443 HTTP/1.1", "Host: b.example:443"], "target-mismatch"],
  ["CONNECT with a body", ["CONNECT a.example:443 HTTP/1.1", "Host: a.example", "Content-Length: 5"], "message-ambiguous"],
  ["CONNECT with user information", ["CONNECT u@a.example:443 HTTP/1.1", "Host: a.example"], "target-invalid"],
];

function outcome(lines: readonly string[], origin: Origin): string {
  const head = parseHead(Buffer.from(lines.join("\r\n"), "latin1"), origin);
  return isRefusal(head) ? head.refused : "ok";
}

describe("parseHead inside a tunnel", () => {
  for (const [what, lines, expected] of INSIDE_CASES) it(`${what}: ${expected}`, () => assert.equal(outcome(lines, INSIDE), expected));
});

describe("parseHead on the proxy's own port", () => {
  for (const [what, lines, expected] of PROXY_CASES) it(`${what}: ${expected}`, () => assert.equal(outcome(lines, PROXY), expected));
});

describe("parseHead", () => {
  it("makes an encoded unreserved character plain, since both spellings are one path", () => {
    const head = parseHead(Buffer.from("GET /%61pi HTTP/1.1\r\nHost: app.diffgram.com"), INSIDE);
    assert.ok(!isRefusal(head) && !isConnect(head));
    assert.equal(head.path, "/api");
  });

  it("never throws, and never lets bytes through that a line of text can't hold", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const head = parseHead(Buffer.concat([Buffer.from("GET /x HTTP/1.1\r\nHost: app.diffgram.com\r\nX: "), noise]), INSIDE);
        if (isRefusal(head)) return;
        // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
        for (const [name, value] of head.headers) assert.match(name + value, /^[\t\u0020-\u007e]*$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

it("refuses an empty line behind the last one: whoever cut the head out cut it wrongly", () => {
  const head = parseHead(Buffer.from("GET /x HTTP/1.1\r\nHost: app.diffgram.com\r\n"), INSIDE);
  assert.ok(isRefusal(head) && head.refused === "message-malformed");
});
