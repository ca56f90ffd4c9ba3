import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { connect, type ConnectionOptions } from "node:tls";
import fc from "fast-check";
import { PEEK_LIMIT, peekClientHello } from "../../src/tls/client-hello.js";

/** The first bytes that Node's own TLS client sends. */
async function realHello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The test server has no port.");
  const client = connect({ ...options, host: "127.0.0.1", port: address.port });
  client.on("error", () => undefined);
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  socket.on("error", () => undefined);
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function vector(size: 1 | 2, bytes: Buffer): Buffer {
  return Buffer.concat([size === 1 ? Buffer.from([bytes.length]) : uint16(bytes.length), bytes]);
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([uint16(type), vector(2, body)]);
}

function sni(name: Buffer, type = 0): Buffer {
  return extension(0, vector(2, Buffer.concat([Buffer.from([type]), vector(2, name)])));
}

function message(extensions: Buffer | undefined, after = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(0)),
    vector(2, Buffer.from([0x13, 0x01])),
    vector(1, Buffer.from([0])),
    extensions === undefined ? Buffer.alloc(0) : vector(2, extensions),
    after,
  ]);
  return Buffer.concat([Buffer.from([1, 0]), uint16(body.length), body]);
}

/** Cuts a handshake message into records at the given places. */
function records(bytes: Buffer, cuts: readonly number[] = []): Buffer {
  const places = [...new Set(cuts.filter((cut) => cut > 0 && cut < bytes.length))].sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return Buffer.concat(
    edges.slice(1).map((end, index) => Buffer.concat([Buffer.from([22, 3, 1]), vector(2, bytes.subarray(edges[index], end))])),
  );
}

test("a real client's hello is read, with and without name and protocols, in TLS 1.2 and 1.3", async () => {
  const versions = ["TLSv1.2", "TLSv1.3"] as const;
  for (const version of versions) {
    const options = { minVersion: version, maxVersion: version };
    const named = await realHello({ ...options, servername: "app.diffgram.com", ALPNProtocols: ["h2", "http/1.1"] });
    assert.deepEqual(peekClientHello(named), {
      kind: "client-hello",
      serverName: "app.diffgram.com",
      alpn: ["h2", "http/1.1"],
      ech: false,
    });
    assert.deepEqual(peekClientHello(await realHello(options)), { kind: "client-hello", alpn: [], ech: false });
  }
});

test("however a real hello is cut into records and chunks, it is incomplete until its last byte and then read alike", async () => {
  const real = await realHello({ servername: "app.diffgram.com", ALPNProtocols: ["http/1.1"] });
  const whole = peekClientHello(real);
  const handshake = real.subarray(5);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: handshake.length }), { maxLength: 40 }), fc.nat(), (cuts, chunk) => {
      const bytes = records(handshake, cuts);
      assert.deepEqual(peekClientHello(bytes), whole);
      assert.deepEqual(peekClientHello(bytes.subarray(0, chunk % bytes.length)), { kind: "incomplete" });
    }),
  );
  const everyByte = records(
    handshake,
    Array.from({ length: handshake.length }, (_, index) => index),
  );
  assert.deepEqual(peekClientHello(everyByte), whole);
});

test("records after the hello do not matter: early data and a compatibility ChangeCipherSpec", () => {
  const hello = records(message(sni(Buffer.from("a.example"))));
  const after = Buffer.from([20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 1, 9]);
  assert.deepEqual(peekClientHello(Buffer.concat([hello, after])), { kind: "client-hello", serverName: "a.example", alpn: [], ech: false });
});

test("Encrypted Client Hello is seen beside the visible name", () => {
  const hello = records(message(Buffer.concat([sni(Buffer.from("front.example")), extension(0xfe0d, Buffer.alloc(40))])));
  assert.deepEqual(peekClientHello(hello), { kind: "client-hello", serverName: "front.example", alpn: [], ech: true });
});

test("a hello without extensions is one of TLS 1.2", () => {
  assert.deepEqual(peekClientHello(records(message(undefined))), { kind: "client-hello", alpn: [], ech: false });
});

for (const [what, bytes] of Object.entries({
  "an HTTP request": Buffer.from("GET / HTTP/1.1\r\n"),
  "one byte of SSH": Buffer.from("S"),
  "an SSL 2 hello": Buffer.from([0x80, 0x2e, 1, 3, 1]),
  "an alert": Buffer.from([21, 3, 3, 0, 2, 2, 40]),
  "a record of version 4": Buffer.from([22, 4]),
  "a record of version 3.9": Buffer.from([22, 3, 9]),
})) {
  test(`${what} is not TLS`, () => assert.deepEqual(peekClientHello(bytes), { kind: "not-tls" }));
}

const name = sni(Buffer.from("a.example"));
const twoNames = Buffer.concat([
  Buffer.from([0]),
  vector(2, Buffer.from("a.example")),
  Buffer.from([0]),
  vector(2, Buffer.from("b.example")),
]);
const good = message(name);

const MALFORMED: Readonly<Record<string, Buffer>> = {
  "another handshake message": Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0]),
  "a record of length zero": Buffer.from([22, 3, 1, 0, 0]),
  "a record over 16,384 bytes": Buffer.from([22, 3, 1, 0x40, 1, 1]),
  "a hello over the limit": Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0]),
  "an alert between its fragments": Buffer.concat([records(good.subarray(0, 20)), Buffer.from([21, 3, 3, 0, 2, 1, 0])]),
  "bytes after the hello in its record": records(Buffer.concat([good, Buffer.from([0])])),
  "the name twice": records(message(Buffer.concat([name, sni(Buffer.from("b.example"))]))),
  "two names in one extension": records(message(extension(0, vector(2, twoNames)))),
  "a name of unknown kind": records(message(sni(Buffer.from("a.example"), 1))),
  "an empty name": records(message(sni(Buffer.alloc(0)))),
  "a NUL in the name": records(message(sni(Buffer.from("a.example\0b.example")))),
  "a space in the name": records(message(sni(Buffer.from("a.example ")))),
  "a name outside ASCII": records(message(sni(Buffer.from("ä.example")))),
  "a name of 256 characters": records(message(sni(Buffer.alloc(256, "a")))),
  "an empty list of names": records(message(extension(0, vector(2, Buffer.alloc(0))))),
  "bytes after the list of names": records(
    message(extension(0, Buffer.concat([vector(2, Buffer.concat([Buffer.from([0]), vector(2, Buffer.from("a"))])), Buffer.from([0])]))),
  ),
  "an empty list of protocols": records(message(extension(16, vector(2, Buffer.alloc(0))))),
  "an empty protocol": records(message(extension(16, vector(2, Buffer.from([0]))))),
  "a length past the end": records(message(Buffer.from([0, 0, 0, 9, 1]))),
  "bytes after the extensions": records(message(name, Buffer.from([0]))),
};

for (const [what, bytes] of Object.entries(MALFORMED)) {
  test(`${what} is malformed`, () => assert.equal(peekClientHello(bytes).kind, "malformed"));
}

test("a hello that never ends is refused at the limit", () => {
  const endless = Buffer.concat(Array.from({ length: 9_000 }, () => Buffer.from([22, 3, 1, 0, 1, 1])));
  endless.fill(0, 11, 12);
  assert.notEqual(peekClientHello(endless).kind, "incomplete");
  const slow = records(
    Buffer.concat([Buffer.from([1, 0, 0x7f, 0xff]), Buffer.alloc(6_000)]),
    Array.from({ length: 6_000 }, (_, index) => index),
  );
  assert.ok(slow.length > PEEK_LIMIT);
  assert.deepEqual(peekClientHello(slow), { kind: "malformed", why: "the ClientHello is over the limit" });
});

test("no bytes make it throw, and a name it reports is printable", () => {
  const mutated = fc
    .record({
      cuts: fc.array(fc.nat({ max: 200 }), { maxLength: 4 }),
      edits: fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 })), { maxLength: 6 }),
    })
    .map(({ cuts, edits }) => {
      const bytes = Buffer.from(records(message(Buffer.concat([name, extension(16, vector(2, vector(1, Buffer.from("h2"))))])), cuts));
      for (const [place, value] of edits) bytes[place % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(
      fc.oneof(
        mutated,
        fc.uint8Array({ maxLength: 400 }),
        fc.uint8Array().map((tail) => Buffer.concat([Buffer.from([22, 3, 1]), tail])),
      ),
      (bytes) => {
        const peek = peekClientHello(bytes);
        if (peek.kind === "client-hello" && peek.serverName !== undefined) assert.match(peek.serverName, /^[\x21-\x7e]{1,255}$/);
      },
    ),
    { numRuns: 5_000 },
  );
});

test("once decided, more bytes do not change a refusal", () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(MALFORMED)), fc.uint8Array({ maxLength: 50 }), (bytes, tail) => {
      assert.equal(peekClientHello(Buffer.concat([bytes, tail])).kind, "malformed");
    }),
  );
});
