import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns, type TurnOver } from "../../src/listen/turns.js";

/** Takes a turn and tells when it begins. */
function taken(turns: Turns, client: string, begun: string[]): Promise<TurnOver> | undefined {
  const turn = turns.take(client);
  void turn?.then(() => begun.push(client));
  return turn;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("no more turns run at once than may, and the next begins when one is over", async () => {
  const turns = new Turns(2, 8, 8);
  const begun: string[] = [];
  const first = taken(turns, "a", begun);
  for (const client of ["b", "c", "d"]) assert.ok(taken(turns, client, begun));
  await settled();
  assert.deepEqual(begun, ["a", "b"]);
  (await first)?.();
  await settled();
  assert.deepEqual(begun, ["a", "b", "c"]);
});

test("who sends many waits behind itself, and keeps another waiting for one of them", async () => {
  const turns = new Turns(1, 8, 8);
  const begun: string[] = [];
  const all = ["many", "many", "many", "many", "one"].map((client) => taken(turns, client, begun));
  for (const turn of [all[0], all[1], all[4]]) {
    (await turn)?.();
    await settled();
  }
  assert.deepEqual(begun, ["many", "many", "one", "many"]);
});

test("a client has so many waiting and no more; what runs is not among them", async () => {
  const turns = new Turns(1, 2, 8);
  const running = turns.take("a");
  await running;
  assert.ok(turns.take("a"));
  assert.ok(turns.take("a"));
  assert.equal(turns.take("a"), undefined);
  assert.ok(turns.take("b"), "another's are its own");
  (await running)?.();
  assert.ok(turns.take("a"), "one place is free again");
});

test("so many clients wait and no more; one that waits already may add to its own", async () => {
  const turns = new Turns(1, 8, 2);
  await turns.take("running");
  assert.ok(turns.take("a"));
  assert.ok(turns.take("b"));
  assert.equal(turns.take("c"), undefined);
  assert.ok(turns.take("a"));
});
