import assert from "node:assert/strict";
import { once } from "node:events";
import { constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BodyBudget } from "../../src/listen/body-budget.js";
import { isRefusal, type Refusal, refusal } from "../../src/model/refusal.js";
import { http2Frame } from "../support/http2-frame.js";
import { ask, budget, handled, port, refused, serveNext, served, session, stream } from "./one-stream.js";

/* Bodies of one stream, and how it ends. */

test("a body in pieces is read whole, and its memory is given back", async () => {
  const { client, heard } = ask({});
  client.write("ab");
  await pause(3);
  client.end("cd");
  assert.deepEqual([(await heard).status, (await heard).answer, (await heard).rst], [200, "[abcd]", 0]);
  await served;
  assert.equal(budget.total, 0);
});

test("a request without a body has none", async () => {
  assert.equal((await ask({}, "GET", true).heard).answer, "[]");
});

for (const [sentence, head, sent, is] of [
  ["a body as long as stated", { framing: { kind: "length", length: 4 } }, "abcd", "[abcd]"],
  ["a body shorter than stated", { framing: { kind: "length", length: 5 } }, "abcd", "message-malformed"],
  ["a body longer than stated", { framing: { kind: "length", length: 3 } }, "abcd", "message-malformed"],
  ["a body that states more than the limit", { framing: { kind: "length", length: 11 } }, "abcd", "body-too-large"],
  ["a body over the limit", {}, "0123456789a", "body-too-large"],
] as const) {
  test(`${sentence}: ${is}`, async () => {
    const { client, heard } = ask({ head });
    client.end(sent);
    assert.equal((await heard).answer, is);
  });
}

test("a body past the memory for bodies, one with trailers, and one that comes too late are refused, each by its reason", async () => {
  const full = ask({ budget: new BodyBudget(8) });
  full.client.end("abcd");
  assert.equal((await full.heard).answer, "quota-exceeded");
  serveNext({});
  const trailing = session.request({ ":method": "POST", ":path": "/" }, { endStream: false, waitForTrailers: true });
  trailing.on("wantTrailers", () => trailing.sendTrailers({ "x-more": "1" }));
  trailing.end("ab");
  const [headers] = (await once(trailing, "response")) as [Record<string, string>];
  assert.equal(headers["x-answer"], "message-ambiguous");
  trailing.close();
  const late = ask({ bodyMs: 20 });
  late.client.write("ab");
  assert.equal((await late.heard).answer, "request-late");
});

/** POST, `/`, http and an authority, by HPACK's static table (RFC 7541, appendix A). */
const HEAD_BLOCK = Buffer.from("83848641017a", "hex");

for (const [sentence, code] of [
  ["cancels", constants.NGHTTP2_CANCEL],
  ["resets without a fault", constants.NGHTTP2_NO_ERROR],
] as const) {
  for (const delay of [0, 20]) {
    test(`a stream that its client ${sentence} in mid-body is an incomplete body, read ${delay === 0 ? "before" : "after"} that`, async () => {
      let outcome: Buffer | Refusal | undefined;
      serveNext({
        handle: async (_, body, answer) => {
          await pause(delay);
          outcome = await body.capture(10);
          answer.abort();
        },
      });
      // By hand: Node's own client ends the body before it resets.
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      socket.write(
        Buffer.concat([http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 4, 1, HEAD_BLOCK), http2Frame(0, 0, 1, Buffer.from("ab"))]),
      );
      while (handled === 0) await pause(1);
      await pause(delay / 4);
      socket.write(http2Frame(3, 0, 1, Buffer.from([0, 0, 0, code])));
      await served;
      socket.destroy();
      assert.ok(outcome !== undefined && isRefusal(outcome) && outcome.refused === "body-incomplete");
    });
  }
}

test("a client that waits for 100 gets it, others don't", async () => {
  const waiting = ask({ head: { expectContinue: true } });
  waiting.client.write("a");
  waiting.client.end();
  assert.deepEqual((await waiting.heard).interim, [100]);
  const other = ask({});
  other.client.end("a");
  assert.deepEqual((await other.heard).interim, []);
});

test("a head that can't be read is refused and goes no further; so is every stream where the handshake did not fit", async () => {
  for (const how of [{ head: refusal("message-malformed", "no") }, { refuseAll: refusal("message-malformed", "no") }]) {
    const { client, heard } = ask(how);
    client.end("ab");
    assert.equal((await heard).status, 403);
    assert.deepEqual([refused, handled], [["message-malformed"], 0]);
  }
});

for (const [sentence, code] of [
  ["cancels", constants.NGHTTP2_CANCEL],
  ["resets without a fault", constants.NGHTTP2_NO_ERROR],
] as const) {
  test(`a stream that its client ${sentence} behind a body that is too large comes to its end, and gives its memory back`, async () => {
    let outcome: Buffer | Refusal | undefined;
    let told = 0;
    serveNext({
      idleMs: 600_000,
      handle: async (_, body, answer) => {
        outcome = await body.capture(10);
        // The verdict is on disk before it is told, and meanwhile the client has gone.
        await pause(5);
        answer.onClose(() => (told += 1));
        answer.head(403, []);
        answer.end();
      },
    });
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.concat([http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 4, 1, HEAD_BLOCK)]));
    while (handled === 0) await pause(1);
    // One packet, so that the reset comes before anything is said; the second frame is never read.
    const data = http2Frame(0, 0, 1, Buffer.from("0123456"));
    socket.write(Buffer.concat([data, data, data, http2Frame(3, 0, 1, Buffer.from([0, 0, 0, code]))]));
    await served;
    if (!stream.destroyed) await once(stream, "close");
    socket.destroy();
    assert.ok(outcome !== undefined && isRefusal(outcome));
    assert.deepEqual([told, budget.total], [1, 0]);
  });
}

test("a stream that its client has left leaves no timer behind", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  let before = 0;
  const { client } = ask({
    idleMs: 600_000,
    handle: async (_, __, answer) => {
      const left = new Promise<void>((resolve) => answer.onClose(resolve));
      answer.head(200, []);
      await left;
      if (!stream.destroyed) await once(stream, "close");
      before = timers();
    },
  });
  await new Promise((resolve) => client.once("response", resolve));
  client.close(constants.NGHTTP2_CANCEL);
  await served;
  // Those of the tests before may end meanwhile.
  assert.ok(timers() <= before);
});

test("an exchange that ends after its stream did leaves no timer behind", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  let before = 0;
  const { heard } = ask(
    {
      idleMs: 600_000,
      handle: async (_, body, answer) => {
        await body.capture(10);
        answer.head(200, []);
        answer.end();
        // What is left to write down comes after the answer.
        if (!stream.destroyed) await once(stream, "close");
        before = timers();
      },
    },
    "GET",
    true,
  );
  await heard;
  await served;
  assert.ok(timers() <= before);
});

test("a request without a body has none, even where its client has gone by then", async () => {
  let outcome: Buffer | Refusal | undefined;
  const { client } = ask(
    {
      handle: async (_, body, answer) => {
        await new Promise<void>((resolve) => answer.onClose(resolve));
        if (!stream.destroyed) await once(stream, "close");
        outcome = await body.capture(10);
      },
    },
    "GET",
    true,
  );
  while (handled === 0) await pause(1);
  client.close(constants.NGHTTP2_CANCEL);
  await served;
  assert.ok(Buffer.isBuffer(outcome) && outcome.length === 0);
});

test("the rest of a refused body is not waited for, and the answer is not spoilt by that", async () => {
  const { client, heard } = ask({
    // Long past what this test waits: the stream is let go because it is over, not because time is.
    idleMs: 600_000,
    handle: (_, __, answer) => {
      answer.head(403, []);
      answer.data(Buffer.from("no"));
      answer.end();
      return Promise.resolve();
    },
  });
  client.write("ab");
  assert.deepEqual([(await heard).status, (await heard).body, (await heard).rst], [403, "no", 0]);
  if (!stream.destroyed) await once(stream, "close");
});

test("a stream whose body was read in part and then refused is over with its answer", async () => {
  const { client, heard } = ask({ idleMs: 600_000 });
  client.write("0123456789a");
  client.write("bcdef");
  assert.deepEqual([(await heard).answer, (await heard).rst], ["body-too-large", 0]);
  if (!stream.destroyed) await once(stream, "close");
});

test("a client that does not take its answer is let go after the time of silence", async () => {
  const { client } = ask({
    idleMs: 30,
    handle: (_, __, answer) => {
      answer.head(200, []);
      answer.data(Buffer.alloc(200_000));
      answer.end();
      return Promise.resolve();
    },
  });
  client.pause();
  client.removeAllListeners("data");
  client.end();
  while (handled === 0 || !stream.destroyed) await pause(1);
  assert.ok(stream.destroyed);
});
