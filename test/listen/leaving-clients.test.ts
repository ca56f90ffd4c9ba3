import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_HUB, played, wireBytes } from "../support/installation.js";
import { stageFor } from "../support/running-proxy.js";

const visit = wireBytes(played("clean-page-visit"));
const MOST = 6;
/** Each would hold its place for the ten seconds that a handshake may take. */
const LEAVERS = 30;

test("a client that leaves in the middle of its handshake gives its place back at once", async (context) => {
  const stage = await stageFor(context, { settings: { limits: { connections_per_client: MOST } } });
  for (let n = 0; n < LEAVERS; n += 1) {
    // Its own side of the handshake is done, and its last message never sent: TLS 1.3 ends with the client's.
    const wire = await stage.tunnel(EVENT_HUB);
    wire.close();
    await wire.closed;
  }
  const wire = await stage.tunnel(EVENT_HUB);
  context.after(() => wire.close());
  assert.equal((await wire.send(visit).answer()).status, 200);
});
