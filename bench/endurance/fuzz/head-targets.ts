import { isDeepStrictEqual } from "node:util";
import { ChunkedDecoder } from "../../../src/http/chunked.js";
import { parseHead, TOKEN } from "../../../src/http/head.js";
import { parsePath } from "../../../src/http/path.js";
import { parseStreamHead } from "../../../src/http/stream-head.js";
import { sameTarget } from "../../../src/http/target.js";
import { parseProxyHeader } from "../../../src/listen/proxy-header.js";
import { type Head, isConnect, type RequestHead } from "../../../src/model/exchange.js";
import { isRefusal } from "../../../src/model/refusal.js";
import type { Target as Place } from "../../../src/model/target.js";
import { peekClientHello } from "../../../src/tls/client-hello.js";
import { must, type Target, words } from "./target.js";

const HUB: Place = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined };
const HTTP_WORDS = words(
  "GET POST CONNECT OPTIONS * HTTP/1.1 HTTP/1.0 HTTP/2.0 Host: app.diffgram.com APP.DIFFGRAM.COM app.diffgram.com. :443 :8443 evil.example 127.0.0.1 0x7f.1 [::1] https:// http:// // /../ /./ %2e%2e %2F %00 ? # @ ; Content-Length: Transfer-Encoding: chunked gzip identity Expect: 100-continue Upgrade: Connection: close keep-alive ␍ ␍␠ ␠ , Content-Type: application/json Authorization: xn--bcher-kva",
);

/** A head that was let through names one target, on a normal path, in plain fields. */
function judgeHead(head: RequestHead): void {
  must(sameTarget(head.target, HUB), "a head of another target was let through");
  const again = parsePath(head.query === undefined ? head.path : `${head.path}?${head.query}`);
  must(!isRefusal(again) && again.path === head.path && again.query === head.query, "a path is not normal after it was made so");
  must(!/\/\.{1,2}(\/|$)/.test(head.path), "a path holds a dot segment");
  for (const [name, value] of head.headers) must(TOKEN.test(name) && /^[\t -~]*$/.test(value), "a field holds what no field may");
  if (head.framing.kind === "length") must(Number.isSafeInteger(head.framing.length), "a length is no number");
}

function judgeAny(head: Head): void {
  if (isConnect(head)) must(head.target.host !== "" && head.target.port > 0 && head.target.port < 65_536, "a CONNECT to nowhere");
  else judgeHead(head);
}

const lines = (...all: readonly string[]): Buffer => Buffer.from(all.join("\r\n"), "latin1");

const head: Target = {
  name: "http1-head",
  batch: 128,
  words: HTTP_WORDS,
  seeds: [
    lines("POST /api/walrus/eventhub/new HTTP/1.1", "Host: app.diffgram.com", "Content-Type: application/json", "Content-Length: 12"),
    lines(
      "POST https://app.diffgram.com/a%2Fb?x=1 HTTP/1.1",
      "Host: app.diffgram.com:443",
      "Transfer-Encoding: chunked",
      "Expect: 100-continue",
    ),
    lines("GET /~user/caf%c3%a9 HTTP/1.0", "Host: app.diffgram.com", "Connection: keep-alive, X-A", "X-A: b"),
  ],
  run(input) {
    const read = parseHead(input, { kind: "target", target: HUB });
    if (!isRefusal(read)) judgeAny(read);
  },
};

const proxyHead: Target = {
  name: "http1-proxy-head",
  batch: 128,
  words: HTTP_WORDS,
  seeds: [
    lines("CONNECT app.diffgram.com:443 HTTP/1.1", "Host: app.diffgram.com"),
    lines("CONNECT [2001:db8::7]:443 HTTP/1.1", "Host: [2001:db8::7]:443", "Proxy-Authorization: Basic eDp5"),
    lines("GET http://plain.operator.example/a/b HTTP/1.1", "Host: plain.operator.example"),
  ],
  run(input) {
    const read = parseHead(input, { kind: "proxy" });
    if (isRefusal(read)) return;
    must(/^[!-~]+$/.test(read.target.host), "a target's host holds what no host may");
    if (!isConnect(read)) must(read.path.startsWith("/"), "a path that is none");
  },
};

const stream: Target = {
  name: "http2-head",
  batch: 128,
  words: [...HTTP_WORDS, ...words(":method :scheme :authority :path :protocol te trailers host cookie content-length")],
  seeds: [
    lines(
      ":method\tPOST",
      ":scheme\thttps",
      ":authority\tapp.diffgram.com",
      ":path\t/api/walrus/eventhub/new",
      "content-type\tapplication/json",
      "content-length\t9",
    ),
    lines(":method\tGET", ":scheme\thttps", ":path\t/?a=b", "host\tapp.diffgram.com", "te\ttrailers"),
  ],
  run(input) {
    const fields = input
      .toString("latin1")
      .split("\r\n")
      .map((line): [string, string] => {
        const tab = line.indexOf("\t");
        return tab < 0 ? [line, ""] : [line.slice(0, tab), line.slice(tab + 1)];
      });
    for (const ended of [true, false]) {
      const read = parseStreamHead(fields, HUB, ended);
      if (!isRefusal(read)) judgeHead(read);
    }
  },
};

const chunked: Target = {
  name: "http1-chunks",
  batch: 128,
  words: words("0 1 a F ffffff 1000000 ␍ 0␍␍ ;x=1 X-Trailer:␠1 ␠ + 0x 00000000"),
  seeds: [
    Buffer.from("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
    Buffer.from("000001\r\nx\r\n0\r\n\r\nPOST / HTTP/1.1\r\n"),
    Buffer.from("2;x\r\n{}\r\n0\r\nA: b\r\n\r\n"),
  ],
  run(input) {
    const whole = decoded(input, input.length);
    // Where a message ends must not depend on how it was cut into pieces.
    for (const size of [1, 3, 7]) must(decoded(input, size) === whole, "cut into pieces, chunks say something else");
  },
};

function decoded(input: Buffer, size: number): string {
  const decoder = new ChunkedDecoder();
  const data: Buffer[] = [];
  for (let at = 0; at < input.length; at += size) {
    const step = decoder.push(input.subarray(at, at + size), (piece) => data.push(Buffer.from(piece)));
    // What was handed on before a refusal is thrown away, and need not be the same.
    if (isRefusal(step)) return `refused ${step.refused}`;
    if (step.kind === "end") return `end ${at + step.used} ${Buffer.concat(data).toString("latin1")}`;
  }
  return `more ${Buffer.concat(data).toString("latin1")}`;
}

/** @param hello a real client's */
const clientHello = (hello: Buffer): Target => ({
  name: "client-hello",
  batch: 128,
  words: [
    ...words("app.diffgram.com evil.example h2 http/1.1"),
    ...["160301", "160303", "01000100", "0000", "0010", "fe0d", "0303", "ffff", "00"].map((hex) => Buffer.from(hex, "hex")),
  ],
  seeds: [hello, inRecords(hello, 3), inRecords(hello, 100)],
  run(input) {
    const whole = peekClientHello(input);
    if (whole.kind !== "client-hello") return;
    must(whole.serverName === undefined || /^[!-~]{1,255}$/.test(whole.serverName), "a server name holds what no name may");
    for (const part of [0.3, 0.6, 0.95]) {
      // Further records may follow it; what was read by then must not change with them.
      const read = peekClientHello(input.subarray(0, Math.floor(input.length * part)));
      must(read.kind === "incomplete" || isDeepStrictEqual(read, whole), `a part of a ClientHello is ${read.kind}`);
    }
  },
});

/** The same handshake message over several records (RFC 8446, section 5.1). */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([0x16, 0x03, 0x01, piece.length >> 8, piece.length & 0xff]), piece);
  }
  return Buffer.concat(records);
}

const proxyHeader: Target = {
  name: "proxy-header",
  batch: 128,
  words: words("PROXY TCP4 TCP6 UNKNOWN 127.0.0.1 ::1 ::ffff:10.0.0.1 65536 ␍"),
  seeds: [
    Buffer.from("PROXY TCP4 10.1.2.3 10.0.0.1 4000 3128\r\nCONNECT"),
    Buffer.from("0d0a0d0a000d0a515549540a2111000c0a0102030a0000010fa00c38", "hex"),
    Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex"),
  ],
  run(input) {
    const read = parseProxyHeader(input);
    if (read.kind === "proxied" || read.kind === "local") must(read.used <= input.length, "more was used than there is");
  },
};

export function headTargets(hello: Buffer): Target[] {
  return [head, proxyHead, stream, chunked, clientHello(hello), proxyHeader];
}
