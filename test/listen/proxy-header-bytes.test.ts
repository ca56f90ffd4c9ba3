import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseProxyHeader } from "../../src/listen/proxy-header.js";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

function binary(command: number, family: number, payload: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), length, payload]);
}

const FOUR = Buffer.from([192, 0, 2, 7, 192, 0, 2, 1, 0xdc, 0x04, 0x01, 0xbb]);
const MAPPED = Buffer.concat([
  Buffer.from("00000000000000000000ffffc0000207", "hex"),
  Buffer.alloc(16),
  Buffer.from([0xdc, 0x04, 0x01, 0xbb]),
]);

const READ: readonly (readonly [sentence: string, bytes: Buffer, expected: object])[] = [
  [
    "version 1 over IPv4",
    Buffer.from("PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\nGET"),
    { kind: "proxied", address: "192.0.2.7", port: 56324, used: 42 },
  ],
  [
    "version 1 over IPv6",
    Buffer.from("PROXY TCP6 2001:DB8::0:7 2001:db8::1 1 443\r\n"),
    { kind: "proxied", address: "2001:db8::7", port: 1, used: 44 },
  ],
  ["version 1 that knows nothing", Buffer.from("PROXY UNKNOWN\r\n"), { kind: "local", used: 15 }],
  ["version 2 over IPv4", binary(0x21, 0x11, FOUR), { kind: "proxied", address: "192.0.2.7", port: 56324, used: 28 }],
  [
    "version 2 with TLVs behind",
    binary(0x21, 0x11, Buffer.concat([FOUR, Buffer.alloc(9)])),
    { kind: "proxied", address: "192.0.2.7", port: 56324, used: 37 },
  ],
  ["version 2 with a mapped IPv4", binary(0x21, 0x21, MAPPED), { kind: "proxied", address: "192.0.2.7", port: 56324, used: 52 }],
  ["version 2 of the balancer's own", binary(0x20, 0x00, Buffer.alloc(0)), { kind: "local", used: 16 }],
  ["version 2 of the balancer's own, with addresses", binary(0x20, 0x11, FOUR), { kind: "local", used: 28 }],
  ["version 2 for a client that it knows nothing of", binary(0x21, 0x00, Buffer.alloc(3)), { kind: "local", used: 19 }],
];
for (const [sentence, bytes, expected] of READ) {
  test(`${sentence} is read, and nothing before its end is`, () => {
    assert.deepEqual(parseProxyHeader(bytes), expected);
    const { used } = expected as { used: number };
    for (let end = 0; end < used; end += 1) assert.deepEqual(parseProxyHeader(bytes.subarray(0, end)), { kind: "incomplete" });
  });
}

const MALFORMED: readonly (readonly [sentence: string, bytes: Buffer])[] = [
  ["plain HTTP", Buffer.from("GET / HTTP/1.1\r\n")],
  ["an address with a leading zero", Buffer.from("PROXY TCP4 192.0.02.7 192.0.2.1 1 443\r\n")],
  ["an address of the other family", Buffer.from("PROXY TCP4 2001:db8::7 192.0.2.1 1 443\r\n")],
  ["an address with a zone", Buffer.from("PROXY TCP6 fe80::1%eth0 2001:db8::1 1 443\r\n")],
  ["a port over 65535", Buffer.from("PROXY TCP4 192.0.2.7 192.0.2.1 65536 443\r\n")],
  ["a port with a leading zero", Buffer.from("PROXY TCP4 192.0.2.7 192.0.2.1 01 443\r\n")],
  ["a destination with a leading zero", Buffer.from("PROXY TCP4 192.0.2.7 192.0.02.1 1 443\r\n")],
  ["a destination's port that is none", Buffer.from("PROXY TCP4 192.0.2.7 192.0.2.1 1 https\r\n")],
  ["a family of neither kind", Buffer.from("PROXY TCP5 192.0.2.7 192.0.2.1 1 443\r\n")],
  ["a seventh word", Buffer.from("PROXY TCP4 192.0.2.7 192.0.2.1 1 443 x\r\n")],
  ["two spaces", Buffer.from("PROXY TCP4  192.0.2.7 192.0.2.1 1 443\r\n")],
  ["a line without end", Buffer.from(`PROXY TCP4 ${"1".repeat(200)}`)],
  ["UDP", binary(0x21, 0x12, FOUR)],
  ["a UNIX socket", binary(0x21, 0x31, Buffer.alloc(216))],
  ["version 3", binary(0x31, 0x11, FOUR)],
  ["addresses cut short", binary(0x21, 0x11, FOUR.subarray(0, 11))],
  ["addresses of IPv6 cut short", binary(0x21, 0x21, MAPPED.subarray(0, 35))],
  ["a command of a number beyond", binary(0x22, 0x11, FOUR)],
  ["a length of 64 kB", binary(0x21, 0x11, Buffer.alloc(60_000))],
];
for (const [sentence, bytes] of MALFORMED) {
  test(`${sentence} is no PROXY header`, () => {
    assert.equal(parseProxyHeader(bytes).kind, "malformed");
  });
}

test("whatever bytes come, the reader neither throws nor claims bytes that are not there", () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([SIGNATURE, bytes])),
    fc.string({ maxLength: 120, unit: "binary-ascii" }).map((text) => Buffer.from(`PROXY ${text}\r\n`, "latin1")),
  );
  fc.assert(
    fc.property(hostile, (bytes) => {
      const header = parseProxyHeader(bytes);
      if (header.kind === "proxied" || header.kind === "local") assert.ok(header.used <= bytes.length);
    }),
    { numRuns: 5_000 },
  );
});
