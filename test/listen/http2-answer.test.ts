import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, constants } from "node:http2";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ask, port, served, serveNext, stream } from "./one-stream.js";

/* Answers of one stream. */

test("fields that belong to a connection are left out, and one that stands three times stands three times", async () => {
  const { client, heard } = ask({
    handle: (_, __, answer) => {
      answer.head(200, [
        ["Connection", "keep-alive"],
        ["Keep-Alive", "timeout=5"],
        ["Transfer-Encoding", "chunked"],
        ["Upgrade", "h2c"],
        ["X-Answer", "a"],
        ["X-Answer", "b"],
        ["X-Answer", "c"],
      ]);
      answer.end();
      return Promise.resolve();
    },
  });
  client.end();
  assert.deepEqual([(await heard).status, (await heard).answer, (await heard).rst], [200, "a, b, c", 0]);
});

test("fields that Node knows as single may stand twice, cookies stay apart, and a name that objects have is one like any other", async () => {
  const { client } = ask({
    handle: (_, __, answer) => {
      answer.head(200, [
        ["ETag", '"a"'],
        ["ETag", '"b"'],
        ["Access-Control-Allow-Credentials", "true"],
        ["Access-Control-Allow-Credentials", "true"],
        ["HTTP2-Settings", "AAMAAABkAAQAAP__"],
        ["Proxy-Connection", "keep-alive"],
        ["Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
        ["Set-Cookie", "b=2"],
        ["constructor", "x"],
      ]);
      answer.end();
      return Promise.resolve();
    },
  });
  const [fields] = await once(client, "response");
  client.end();
  const { etag, constructor, ["access-control-allow-credentials"]: allow, ["set-cookie"]: cookies } = fields;
  assert.deepEqual(
    [etag, allow, cookies, constructor],
    ['"a", "b"', "true, true", ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"], "x"],
  );
  assert.equal(fields["http2-settings"] ?? fields["proxy-connection"], undefined);
});

for (const [sentence, method, status] of [
  ["to HEAD", "HEAD", 200],
  ["of 204", "POST", 204],
  ["of 304", "POST", 304],
] as const) {
  test(`an answer ${sentence} has no body, whatever comes`, async () => {
    const { client, heard } = ask(
      {
        handle: (_, __, answer) => {
          answer.head(status, []);
          assert.equal(answer.data(Buffer.from("abc")), true);
          answer.end();
          return Promise.resolve();
        },
      },
      method,
    );
    client.end();
    assert.deepEqual([(await heard).status, (await heard).body, (await heard).rst], [status, "", 0]);
    await served;
  });
}

test("an answer is one head, its data, one end: what comes before, twice or behind is nothing", async () => {
  const { client, heard } = ask({
    handle: (_, __, answer) => {
      answer.data(Buffer.from("early"));
      answer.end();
      answer.head(200, []);
      answer.head(500, []);
      answer.data(Buffer.from("abc"));
      answer.data(Buffer.alloc(0));
      answer.end();
      answer.end();
      answer.data(Buffer.from("late"));
      answer.abort();
      return Promise.resolve();
    },
  });
  client.end();
  assert.deepEqual([(await heard).status, (await heard).body, (await heard).rst], [200, "abc", 0]);
});

test("an answer that can't be finished resets the stream, so that no part is taken for the whole", async () => {
  const { client, heard } = ask({
    handle: (_, __, answer) => {
      answer.head(200, []);
      answer.data(Buffer.from("abc"));
      answer.abort();
      return Promise.resolve();
    },
  });
  client.end();
  assert.equal((await heard).rst, constants.NGHTTP2_INTERNAL_ERROR);
});

test("an answer that breaks off once the client has a part of it resets the stream, and nothing says that it ended", async () => {
  let go = (): void => undefined;
  const has = new Promise<void>((resolve) => (go = resolve));
  const { client, heard } = ask(
    {
      handle: async (_, __, answer) => {
        answer.head(200, []);
        answer.data(Buffer.from("abc"));
        await has;
        answer.abort();
      },
    },
    "GET",
    true,
  );
  client.once("data", go);
  assert.deepEqual([(await heard).body, (await heard).rst], ["abc", constants.NGHTTP2_INTERNAL_ERROR]);
});

test("a client that leaves is told of once, and what is written to it then is nothing", async () => {
  let told = 0;
  let gone = (): void => undefined;
  const left = new Promise<void>((resolve) => (gone = resolve));
  const { client } = ask({
    handle: async (_, __, answer) => {
      answer.onClose(() => {
        told += 1;
        gone();
      });
      answer.head(200, []);
      await left;
      answer.head(200, []);
      assert.equal(answer.data(Buffer.from("abc")), true);
      answer.end();
      answer.abort();
      assert.equal(told, 1);
      // The way to the destination asks when its turn comes, which may be later.
      answer.onClose(() => (told += 10));
    },
  });
  client.write("a");
  await new Promise((resolve) => client.once("response", resolve));
  client.close(constants.NGHTTP2_CANCEL);
  await left;
  await served;
  assert.equal(told, 11);
});

test("an answer that has ended is nobody's leave, whenever it is asked", async () => {
  let told = 0;
  const { client, heard } = ask({
    handle: async (_, __, answer) => {
      answer.onClose(() => (told += 1));
      answer.head(200, []);
      answer.end();
      stream.resume();
      await once(stream, "close");
      answer.onClose(() => (told += 1));
    },
  });
  client.end();
  await heard;
  await served;
  assert.equal(told, 0);
});

test("an answer that waits for its client's window is not overtaken by the end of a body that nobody reads", async () => {
  serveNext({
    idleMs: 600_000,
    handle: (_, __, answer) => {
      answer.head(403, []);
      answer.data(Buffer.alloc(200_000, "n"));
      answer.end();
      return Promise.resolve();
    },
  });
  const slow = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } });
  slow.on("error", () => undefined);
  const client = slow.request({ ":method": "POST", ":path": "/" }, { endStream: false });
  client.on("error", () => undefined);
  let body = "";
  client.on("data", (piece: Buffer) => (body += piece.toString()));
  client.write("ab");
  await once(client, "response");
  await served;
  // Turns in which the end could go out.
  for (let turn = 0; turn < 20; turn += 1) await pause(5);
  assert.ok(!stream.destroyed);
  const over = once(client, "close");
  slow.settings({ initialWindowSize: 1_000 });
  await over;
  assert.deepEqual([body.length, client.rstCode], [200_000, 0]);
  if (!stream.destroyed) await once(stream, "close");
  slow.destroy();
});
