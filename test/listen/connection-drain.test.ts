import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ConnectionLife } from "../../src/listen/connection-life.js";
import { CLIENT, reply, echo, play, ending } from "./play.js";

/* What a stop does to one connection: nothing that was answered, or is being answered, is cut off. */

test("a drain ends a connection behind the answer to what has come, and the answer says so", async () => {
  let draining = false;
  const busy = play({
    life: new ConnectionLife(() => draining),
    handle: async (exchange, body, answer) => {
      draining = true;
      await echo(exchange, body, answer);
    },
  });
  busy.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  assert.match(await ending(busy), /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n\r\n/s);
  assert.equal(busy.exchanges.length, 1);
  const come = play({ life: new ConnectionLife(() => true) });
  come.client.write("GET /\r\n\r\nGET /\r\n\r\n");
  assert.match(await ending(come), /Connection: close/);
  assert.equal(come.exchanges.length, 1);
});

test("the last answer of a connection is not cut off from a client that is slow to take it; past the time of silence it is", async () => {
  const large = "x".repeat(300_000);
  const options: Parameters<typeof play>[0] = {
    life: new ConnectionLife(() => true),
    handle: (_, __, answer) => {
      reply(answer, large);
      return Promise.resolve();
    },
  };
  const slow = play({ ...options, connectionBounds: { idleMs: 20_000 } });
  slow.client.pause();
  slow.client.write("GET /\r\n\r\n");
  await slow.served;
  // For longer than a client may take that has it all.
  await pause(1_200);
  const ended = once(slow.client, "end");
  slow.client.resume();
  await ended;
  assert.ok(slow.heard().endsWith(large));
  const silent = play({ ...options, connectionBounds: { idleMs: 30 } });
  silent.client.pause();
  silent.client.write("GET /\r\n\r\n");
  await silent.served;
  if (!silent.server.destroyed) await once(silent.server, "close");
});

test("a drain ends a connection between requests once the client has what was answered, and one without an answer at once", async () => {
  const large = "x".repeat(300_000);
  const life = new ConnectionLife(() => false);
  const slow = play({
    life,
    handle: (_, __, answer) => {
      reply(answer, large);
      return Promise.resolve();
    },
  });
  slow.client.pause();
  slow.client.write("GET /\r\n\r\n");
  while (slow.server.writableLength === 0) await pause(1);
  assert.equal(life.drain(), true);
  const ended = once(slow.client, "end");
  slow.client.resume();
  await ended;
  assert.ok(slow.heard().endsWith(large));
  assert.deepEqual(await slow.served, { kind: "done" });

  const resting = play({ life });
  assert.equal(life.drain(), true);
  assert.deepEqual(await resting.served, { kind: "done" });
  assert.equal(resting.server.destroyed, true);
});

test("a drain waits for who is just being asked who they are", async () => {
  let draining = false;
  let know: ((client: typeof CLIENT) => void) | undefined;
  const life = new ConnectionLife(() => draining);
  const asked = play({ life, authenticate: () => new Promise((resolve) => (know = resolve)) });
  asked.client.write("GET /\r\n\r\n");
  while (know === undefined) await pause(1);
  draining = true;
  life.drain();
  know(CLIENT);
  assert.match(await ending(asked), /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n\r\n/s);
});
