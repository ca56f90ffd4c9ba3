import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Writer } from "../../src/record/writer.js";
import { folder, opened, transfer, until } from "./sample.js";

test("a writing thread that dies each time it starts: records are spooled, and drained by the one that lives", async (context) => {
  const dataDir = folder(context);
  const before = await opened(context, { dataDir });
  await before.write(transfer());
  await before.close();
  chmodSync(join(dataDir, "checkpoint.key"), 0o604);
  const store = await opened(context, { dataDir });
  const sent = transfer();
  assert.deepEqual(await store.write(sent), { durability: "spooled", record: sent.id });
  assert.equal(store.storeAnswers, false);
  assert.equal((await store.get(sent.id))?.spooled, true);
  chmodSync(join(dataDir, "checkpoint.key"), 0o600);
  await until(() => store.storeAnswers, "the spool is drained");
  assert.equal((await store.get(sent.id))?.spooled, false);
  assert.deepEqual((await store.verify()).faults, []);
});

test("what a thread was asked before it ended is refused, and the next question starts another", async (context) => {
  const dataDir = folder(context);
  const writer = new Writer({
    location: { kind: "sqlite", file: join(dataDir, "records.db") },
    dataDir,
    replica: "r",
    lockTimeoutMs: 500,
    recipients: [],
    sinks: [],
  });
  context.after(() => writer.stop());
  const commit = { kind: "commit", transfers: [transfer()], now: 1 } as const;
  const lost = assert.rejects(writer.ask(commit), /stopped/);
  await writer.stop();
  await lost;
  const answer = await writer.ask(commit);
  assert.equal(answer.kind, "committed");
  const again = await writer.ask(commit);
  assert.ok(again.kind === "committed" && again.head.seq === 1, "and a second commit of the same changes nothing");
});
