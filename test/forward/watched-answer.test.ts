import assert from "node:assert/strict";
import { test } from "node:test";
import { scriptFacts } from "../../src/forward/script-facts.js";
import { SCRIPT_BYTES, WatchedAnswer } from "../../src/forward/watched-answer.js";
import { Heard } from "./heard.js";

/* What a destination serves to browsers, watched on its way. */

test("a script's facts hold a hundred hosts at most", () => {
  const script = Array.from({ length: 150 }, (_, n) => `"https://h${n}.example.com/x"`).join(";");
  assert.equal(scriptFacts(Buffer.from(script)).hosts.length, 100);
  assert.deepEqual(scriptFacts(Buffer.from('fetch("https://A.example.com/x"); "b.example.io"')).hosts, ["a.example.com", "b.example.io"]);
});

test("an answer that is watched and held reaches the client when it is released, and a cut of it does not", async () => {
  const client = new Heard();
  const held = new WatchedAnswer(client, true);
  held.head(200, []);
  assert.equal(held.data(Buffer.from("abc")), true);
  held.end();
  held.abort();
  assert.deepEqual(client.told, []);
  assert.equal(held.seen.body?.toString(), "abc");
  await held.release();
  assert.deepEqual(client.told, ["200", "abc", "end"]);
  const passed = new Heard();
  const watched = new WatchedAnswer(passed, false);
  watched.head(200, []);
  watched.data(Buffer.from("abc"));
  watched.abort();
  assert.deepEqual(passed.told, ["200", "abc", "abort"]);
  assert.equal(watched.seen.body?.toString(), "abc");
  const whole = new Heard();
  const seen = new WatchedAnswer(whole, false);
  seen.head(200, []);
  seen.end();
  assert.deepEqual(whole.told, ["200", "end"]);
});

test("what was held goes on at the client's pace, and to its end though the client leaves", async () => {
  for (const goesOn of [(client: Heard) => client.drain(), (client: Heard) => client.leave()]) {
    const client = new Heard({ slow: true });
    const held = new WatchedAnswer(client, true);
    held.head(200, []);
    held.data(Buffer.from("abc"));
    held.data(Buffer.from("def"));
    held.end();
    const released = held.release();
    assert.deepEqual(client.told, ["200", "abc"]);
    goesOn(client);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(client.told, ["200", "abc", "def"]);
    goesOn(client);
    await released;
    assert.deepEqual(client.told, ["200", "abc", "def", "end"]);
  }
});

test("an answer past what is looked at is not kept", () => {
  const watched = new WatchedAnswer(new Heard(), true);
  watched.head(200, []);
  watched.data(Buffer.alloc(SCRIPT_BYTES));
  assert.equal(watched.seen.body?.length, SCRIPT_BYTES);
  watched.data(Buffer.from("x"));
  assert.equal(watched.seen.body, undefined);
});
