import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { folder, opened, until } from "./sample.js";

/** Starts a real writer, kills it after `acks` acknowledgements and a little more, and gives the ids that it acknowledged. */
async function killed(dataDir: string, acks: number, wait: number, spooling: boolean): Promise<string[]> {
  const file = fileURLToPath(new URL("./killed-writer.js", import.meta.url));
  const child = spawn(process.execPath, [file, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, DEADLINE_MS: spooling ? "100" : "1000" },
  });
  let said = "";
  const blocker = new Sqlite(join(dataDir, "records.db"), { timeout: 5_000 });
  await new Promise<void>((resolve) => {
    let counting = false;
    child.stdout.on("data", (bytes: Buffer) => {
      said += bytes.toString();
      if (spooling && !blocker.inTransaction && said.includes("stored ")) blocker.exec("begin immediate");
      // Writes that were stored before the blocker had the database don't count: the kill is to meet the spool.
      if (!counting && said.split(spooling ? "spooled " : "\n").length > acks) {
        counting = true;
        setTimeout(() => child.kill("SIGKILL"), wait);
      }
    });
    child.on("close", () => resolve());
  });
  if (blocker.inTransaction) blocker.exec("commit");
  blocker.close();
  // The last line may be torn by the kill: then nobody read it.
  const lines = said.slice(0, said.lastIndexOf("\n")).split("\n").slice(1);
  if (spooling)
    assert.ok(
      lines.some((line) => line.startsWith("spooled ")),
      "the spool was in use when the writer was killed",
    );
  return lines.flatMap((line) => (line.startsWith("failed") ? [] : [line.split(" ")[1] ?? ""]));
}

for (const spooling of [false, true]) {
  test(`a writer killed at random points, ${spooling ? "while it spools" : "while it commits"}: every acknowledged write is there exactly once`, async (context) => {
    const dataDir = folder(context);
    const acked: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      acked.push(...(await killed(dataDir, 50 + Math.trunc(Math.random() * 300), Math.random() * 30, spooling)));
    }
    const store = await opened(context, { dataDir });
    await until(() => store.storeAnswers, "the spool is drained");
    assert.deepEqual((await store.verify()).faults, []);
    await store.close();
    const db = new Sqlite(join(dataDir, "records.db"), { readonly: true });
    const stored = new Map(
      db
        .prepare<[], { id: string; times: number }>("select id, count(*) as times from entries group by id")
        .all()
        .map((row) => [row.id, row.times]),
    );
    const records = db
      .prepare<[], { n: number; entries: number }>("select sum(occurrences) as n, (select count(*) from entries) as entries from records")
      .get();
    db.close();
    assert.deepEqual(
      acked.filter((id) => stored.get(id) !== 1),
      [],
    );
    assert.equal(records?.n, records?.entries);
    assert.ok(acked.length > 200);
  });
}
