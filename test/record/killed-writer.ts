import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { openRecordStore } from "../../src/record/record-store.js";
import { listener, transfer } from "./sample.js";

/** Run as a process of its own and killed: writes without end and prints each acknowledged id, unbuffered. */
const [dataDir, url] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("No data folder.");
const store = await openRecordStore({
  dataDir,
  url,
  logger: listener(),
  clock: { now: () => Date.now() },
  deadlineMs: Number(process.env["DEADLINE_MS"] ?? 1_000),
});
say("ready\n");
await Promise.all(
  Array.from({ length: 20 }, async () => {
    for (;;) {
      const id = randomUUID();
      const { durability } = await store.write(
        transfer({ id, identity: `${Number.parseInt(id.slice(0, 2), 16) % 7 === 0 ? "often" : id}` }),
      );
      say(`${durability} ${id}\n`);
    }
  }),
);

/** Waits where the pipe is full: its reader may be waiting itself, for the database that this process holds. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
