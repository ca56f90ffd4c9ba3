import assert from "node:assert/strict";
import { once } from "node:events";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { ConnectionLife } from "../../src/listen/connection-life.js";
import { serveConnection } from "../../src/listen/http-connection.js";
import { serving } from "./serving.js";

/* In a process of its own, whose timers can be counted. */

test("a connection that is gone already is not ended again, nor kept for a while", async (context) => {
  const { parts, remove } = await serving();
  context.after(() => remove());
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const [, server] = duplexPair();
  const client = { address: "10.0.0.1", port: 4711, identity: undefined };
  const served = serveConnection(server, {
    ...parts,
    client,
    origin: { kind: "proxy" },
    entry: "absolute",
    life: new ConnectionLife(() => false),
  });
  server.destroy();
  await once(server, "close");
  assert.deepEqual(await served, { kind: "done" });
  assert.equal(timers(), before);
});
