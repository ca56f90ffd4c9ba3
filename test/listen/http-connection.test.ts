import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ConnectionOptions } from "../../src/listen/http-connection.js";
import { refusal } from "../../src/model/refusal.js";
import { CLIENT, reply, unread, play, ending, OK, TARGET } from "./play.js";

/* One connection, its client and what stands behind it, without a network: what is read, when, and what ends it. */

test("a head of many lines that comes byte by byte is looked at once, not once a byte", async (context) => {
  const played = play({ connectionBounds: { headerBytes: 20_000 } });
  const looks = context.mock.method(Buffer.prototype, "indexOf");
  const head = Buffer.from(`GET /\r\n${"a\r\n".repeat(3_000)}\r\n`);
  for (const byte of head) {
    played.client.write(Buffer.from([byte]));
    // Each byte is seen by itself, as each record of a TLS client is.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await played.hears("200");
  // The head's end and a line's end, each time that something comes: with a look at every line so far it is some thousand times as many.
  assert.ok(looks.mock.callCount() < 4 * head.length, `${looks.mock.callCount()} looks at ${head.length} bytes`);
});

test("requests on one connection are served one after the other, in pieces or ahead of their turn", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\n\r\nabPOST /\r\nChunked: 1\r\n\r\n1\r\nc\r\n0\r\n\r\nGE");
  await one.hears("[c]");
  one.client.write("T /\r\n\r");
  await pause(2);
  one.client.write("\n");
  await one.hears("[]");
  one.client.end();
  assert.equal(await ending(one), OK("[ab]") + OK("[c]") + OK("[]"));
  assert.equal(one.budget.total, 0, "memory for bodies is given back");
});

test("a client that asks for the connection's end gets it", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\nClose: 1\r\n\r\nabPOST /\r\n\r\n");
  const heard = await ending(one);
  assert.match(heard, /Connection: close/);
  assert.equal(one.exchanges.length, 1);
});

test("a head that can't be read is refused, and what stands behind it is not", async () => {
  const one = play();
  one.client.write("bad\r\n\r\nGET /\r\n\r\n");
  assert.match(await ending(one), /^HTTP\/1\.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/);
  assert.deepEqual([one.refused, one.exchanges.length], [["message-malformed"], 0]);
});

test("a CONNECT takes the connection over, with the bytes behind it", async () => {
  const one = play();
  one.client.write("CONNECT x\r\n\r\n\u0016\u0003");
  const served = await one.served;
  assert.equal(served.kind, "connect");
  assert.equal(served.kind === "connect" ? served.rest.toString("latin1") : "", "\u0016\u0003");
});

test("whoever may not ask is refused before the request is looked at; whoever may is known by name, and the credentials stay here", async () => {
  const authenticate: ConnectionOptions["authenticate"] = (headers) =>
    Promise.resolve(
      headers.some(([, value]) => value === "right") ? { ...CLIENT, identity: "walrus" } : refusal("proxy-authentication-required", "no"),
    );
  const stranger = play({ authenticate });
  stranger.client.write("GET /\r\n\r\nGET /\r\nProxy-Authorization: right\r\n\r\n");
  await ending(stranger);
  assert.deepEqual([stranger.refused, stranger.exchanges.length], [["proxy-authentication-required"], 0]);
  const known = play({ authenticate });
  known.client.write("GET /\r\nProxy-Authorization: right\r\nX: y\r\n\r\n");
  await known.hears("[]");
  known.client.end();
  await ending(known);
  assert.equal(known.exchanges[0]?.client.identity, "walrus");
  assert.deepEqual(known.exchanges[0]?.head.headers, [["X", "y"]]);
});

test("where the handshake did not fit the tunnel every request is refused so, readable or not", async () => {
  for (const head of ["POST /\r\nLength: 2\r\n\r\nab", "bad\r\n\r\n"]) {
    const one = play({ refuseAll: refusal("sni-mismatch", "no") });
    one.client.write(`${head}GET /\r\n\r\n`);
    await ending(one);
    assert.deepEqual([one.refused, one.exchanges.length], [["sni-mismatch"], 0]);
  }
});

test("a client that goes between requests ends the connection; one that goes in mid-head is told nothing", async () => {
  for (const sent of ["", "GET /\r\nX"]) {
    const one = play();
    if (sent !== "") one.client.write(sent);
    one.client.end();
    assert.equal(await ending(one), "");
    assert.deepEqual(one.refused, []);
  }
});

test("silence between requests is no fault; a head that does not come to its end is refused as late", async () => {
  const silent = play({ connectionBounds: { idleMs: 20 } });
  assert.equal(await ending(silent), "");
  assert.deepEqual(silent.refused, []);
  const half = play({ connectionBounds: { headersMs: 20 } });
  half.client.write("GET /\r\nX");
  await ending(half);
  assert.deepEqual(half.refused, ["request-late"]);
});

for (const [sentence, sent, why] of [
  ["a head one byte over its bound", `GET /${"x".repeat(196)}\r\n\r\n`, "headers-too-large"],
  ["a head over its bound without an end", `GET /${"x".repeat(196)}`, "headers-too-large"],
  ["TLS", "\u0016\u0003\u0001\u0000", "protocol-not-allowed"],
  ["a bare LF", "GET /\nX", "message-malformed"],
  ["a bare LF first", "\nX", "message-malformed"],
] as const) {
  test(`${sentence} is refused before more comes: ${why}`, async () => {
    const one = play();
    one.client.write(sent, "latin1");
    await ending(one);
    assert.deepEqual(one.refused, [why]);
  });
}

for (const [sentence, sent] of [
  ["a head of its bound exactly", `GET /${"x".repeat(195)}`],
  ["a first byte alone as TLS has it", "\u0016GET /"],
  ["a second byte alone as TLS has it", "G\u0003ET /"],
  ["lines that end by CRLF", "GET /\r\nX: y"],
] as const) {
  test(`${sentence} is waited for`, async () => {
    const one = play();
    one.client.write(sent, "latin1");
    await pause(5);
    assert.deepEqual(one.refused, []);
    one.client.write("\r\n\r\n");
    await one.hears("200 OK");
    one.client.end();
    await ending(one);
  });
}

test("a body that nobody read is read past, so that the next request is one", async () => {
  const one = play({ handle: unread });
  one.client.write("POST /\r\nLength: 12\r\n\r\nGET /x\r\n\r\n");
  one.client.write("..GET /\r\n\r\n");
  await one.hears(OK("no") + OK("no"));
  one.client.end();
  await ending(one);
  assert.deepEqual(
    one.exchanges.map(({ head }) => head.method),
    ["POST", "GET"],
  );
});

test("a body that nobody read and that has no readable end closes the connection", async () => {
  const one = play({ handle: unread });
  one.client.write("POST /\r\nChunked: 1\r\n\r\nx\r\nGET /\r\n\r\n");
  await ending(one);
  assert.equal(one.exchanges.length, 1);
});

test("a body that was refused closes the connection: where it ends is unknown", async () => {
  const one = play();
  one.client.write(`POST /\r\nLength: 101\r\n\r\n${"x".repeat(101)}GET /\r\n\r\n`);
  assert.match(await ending(one), /Connection: close\r\n\r\nbody-too-large$/);
  assert.equal(one.exchanges.length, 1);
});

test("a client that waits for 100 gets it where its body is wanted, once, and keeps its connection", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\n\r\n");
  await one.hears("HTTP/1.1 100 Continue\r\n\r\n");
  one.client.write("ab");
  await one.hears("[ab]");
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\n\r\ncd");
  await one.hears("[cd]");
  one.client.end();
  assert.equal(await ending(one), `HTTP/1.1 100 Continue\r\n\r\n${OK("[ab]")}${OK("[cd]")}`, "who sends its body at once is not told to");
});

test("a client that waits for 100, wants its connection closed and sends its body has it closed", async () => {
  const one = play();
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\nClose: 1\r\n\r\nabGET /\r\n\r\n");
  assert.match(await ending(one), /Connection: close\r\n\r\n\[ab\]$/);
  assert.equal(one.exchanges.length, 1);
});

test("a client that waits for 100 and is answered without it has its connection closed: it may send its body or not", async () => {
  const one = play({ handle: unread });
  one.client.write("POST /\r\nLength: 2\r\nExpect: 1\r\n\r\nab");
  assert.match(await ending(one), /Connection: close/);
});

test("inside TLS an end is a leave: what waits for the upstream is given up", async () => {
  let left = false;
  const one = play({
    origin: { kind: "target", target: TARGET },
    handle: (_, __, answer) =>
      new Promise((resolve) => {
        answer.onClose(() => {
          left = true;
          resolve();
        });
      }),
  });
  one.client.write("GET /\r\n\r\n");
  while (one.exchanges.length === 0) await pause(1);
  one.client.end();
  await one.served;
  assert.ok(left);
});

test("answers that nobody takes are not piled up: the next request waits for them, and past the time of silence the connection is cut", async () => {
  const large = "x".repeat(100_000);
  const options: Parameters<typeof play>[0] = {
    handle: (_, __, answer) => {
      reply(answer, large);
      return Promise.resolve();
    },
    connectionBounds: { idleMs: 60 },
  };
  const stuck = play(options);
  stuck.client.pause();
  stuck.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  assert.deepEqual(await stuck.served, { kind: "done" });
  assert.ok(stuck.server.destroyed);
  assert.equal(stuck.exchanges.length, 1);
  const slow = play({ ...options, connectionBounds: { idleMs: 2_000 } });
  slow.client.pause();
  slow.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  await pause(20);
  assert.equal(slow.exchanges.length, 1);
  slow.client.resume();
  while (slow.exchanges.length < 2) await pause(1);
  slow.client.end();
  await slow.served;
});

test("an answer that can't be finished cuts the connection", async () => {
  const one = play({
    handle: (_, __, answer) => {
      answer.abort();
      return Promise.resolve();
    },
  });
  one.client.write("GET /\r\n\r\n");
  assert.deepEqual(await one.served, { kind: "done" });
  assert.ok(one.server.destroyed);
});
