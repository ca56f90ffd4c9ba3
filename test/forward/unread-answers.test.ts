import assert from "node:assert/strict";
import { test } from "node:test";
import { UnreadAnswers } from "../../src/forward/unread-answers.js";
import type { AnswerSink } from "../../src/model/answer.js";
import { eventually } from "../support/running-proxy.js";
import { Heard } from "./heard.js";

/* Answers whose clients don't read. */

function begun(
  unread: UnreadAnswers,
  client: string,
  slow = true,
): { readonly heard: Heard; readonly answer: AnswerSink; readonly left: string[] } {
  const heard = new Heard({ slow });
  const left: string[] = [];
  const answer = unread.pace(heard, client);
  answer.onClose(() => left.push("left"));
  answer.head(200, []);
  assert.equal(answer.data(Buffer.from("abc")), !slow);
  return { heard, answer, left };
}

test("past what a client may have waiting an answer is cut within a moment, and no other client's", async () => {
  const unread = new UnreadAnswers({ most: 2, withinMs: 60_000, furtherMs: 20 });
  const other = begun(unread, "10.0.0.2");
  const mine = [1, 2, 3, 4].map(() => begun(unread, "10.0.0.1"));
  await eventually("two are cut", () => mine.filter(({ left }) => left.length > 0).length === 2);
  assert.deepEqual(
    mine.map(({ heard }) => heard.told.at(-1)),
    ["abc", "abc", "abort", "abort"],
  );
  assert.deepEqual([other.heard.told, other.left], [["200", "abc"], []]);
  // One that is read on begins to wait anew.
  mine[0]?.heard.drain();
  const slow = begun(unread, "10.0.0.1");
  for (let n = 0; n < 5; n += 1) {
    slow.heard.drain();
    assert.equal(slow.answer.data(Buffer.from("def")), false);
  }
  assert.deepEqual(slow.left, []);
  for (const { answer } of [other, slow, ...mine]) answer.abort();
});

test("who reads on, ends or leaves waits no longer, and what has caught up is told so", async () => {
  const unread = new UnreadAnswers({ most: 1, withinMs: 60_000, furtherMs: 5 });
  const ends: ((one: ReturnType<typeof begun>) => void)[] = [
    ({ heard }) => heard.drain(),
    ({ answer }) => answer.abort(),
    ({ heard }) => heard.leave(),
  ];
  for (const end of ends) {
    const one = begun(unread, "10.0.0.1");
    let drained = 0;
    one.answer.onDrain(() => (drained += 1));
    // Of one answer the second piece waits no more than the first.
    assert.equal(one.answer.data(Buffer.from("def")), false);
    end(one);
    assert.equal(drained, end === ends[0] ? 1 : 0);
    // The first of a client again, as one that still waited would not let it be.
    const next = begun(unread, "10.0.0.1");
    const further = begun(unread, "10.0.0.1");
    await eventually("the further one is cut", () => further.left.length > 0);
    assert.deepEqual(next.left, []);
    next.answer.abort();
  }
});

test("an answer that flows waits for nobody, and is told so at once", () => {
  const unread = new UnreadAnswers({ most: 1, withinMs: 60_000, furtherMs: 60_000 });
  const all = [1, 2, 3].map(() => begun(unread, "10.0.0.1", false));
  let drained = 0;
  for (const { answer } of all) answer.onDrain(() => (drained += 1));
  for (const { answer } of all) answer.end();
  assert.equal(drained, 3);
  assert.deepEqual(
    all.map(({ heard }) => heard.told),
    [1, 2, 3].map(() => ["200", "abc", "end"]),
  );
});

test("an answer that waits longer than it may is cut", async () => {
  const unread = new UnreadAnswers({ most: 9, withinMs: 20, furtherMs: 20 });
  const { heard, left } = begun(unread, "10.0.0.1");
  await eventually("it is cut", () => left.length > 0);
  assert.deepEqual([heard.told, left], [["200", "abc", "abort"], ["left"]]);
});
