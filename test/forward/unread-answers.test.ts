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

test("one more than a client may have waiting cuts the one that has waited longest, and no other client's", () => {
  const unread = new UnreadAnswers({ most: 2, withinMs: 60_000 });
  const other = begun(unread, "10.0.0.2");
  const mine = [1, 2, 3].map(() => begun(unread, "10.0.0.1"));
  assert.deepEqual(
    mine.map(({ heard }) => heard.told.at(-1)),
    ["abort", "abc", "abc"],
  );
  assert.deepEqual(
    mine.map(({ left }) => left),
    [["left"], [], []],
  );
  assert.deepEqual([other.heard.told, other.left], [["200", "abc"], []]);
  for (const { answer } of [other, ...mine]) answer.abort();
});

test("who reads on, ends or leaves waits no longer, and what has caught up is told so", () => {
  const unread = new UnreadAnswers({ most: 1, withinMs: 60_000 });
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
    const next = begun(unread, "10.0.0.1");
    assert.equal(one.heard.told.filter((told) => told === "abort").length, end === ends[1] ? 1 : 0);
    assert.equal(drained, end === ends[0] ? 1 : 0);
    next.answer.abort();
  }
});

test("an answer that flows waits for nobody, and is told so at once", () => {
  const unread = new UnreadAnswers({ most: 1, withinMs: 60_000 });
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
  const unread = new UnreadAnswers({ most: 9, withinMs: 20 });
  const { heard, left } = begun(unread, "10.0.0.1");
  await eventually("it is cut", () => left.length > 0);
  assert.deepEqual([heard.told, left], [["200", "abc", "abort"], ["left"]]);
});
