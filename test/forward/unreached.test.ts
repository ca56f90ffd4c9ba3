import assert from "node:assert/strict";
import { createServer as createTls, type Server } from "node:tls";
import { after, before, test } from "node:test";
import { EVENT_HUB, played, wireBytes } from "../support/installation.js";
import { problemOf, raiseStage, type Stage } from "../support/running-proxy.js";
import { freePort } from "../support/free-port.js";

/* Monitor mode lets findings out: what then could not be reached took nothing over, and the record may not say that it did. */

const visit = played("clean-page-visit");
const track = played("udt-track-email");
const dirty = Buffer.from(
  visit.body.toString("utf8").replace('"description": null', '"description": "ask ines.moreau@harbour-clinic.example"'),
);

let stage: Stage;
let port: number;
let late: Server | undefined;

before(async () => {
  const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  port = await freePort();
  stage = await raiseStage({
    resolve: () => Promise.resolve(["169.254.169.254"]),
    policy: (text) =>
      text.replace("    mode: enforce", `    mode: monitor\n    until: ${until}\n    reason: trial week\n    author: ops@customer.example`),
    settings: { upstream: { connect_to: [`${EVENT_HUB}:443:127.0.0.1:${port}`] } },
  });
});
after(async () => {
  await stage.close();
  late?.close();
});

test("where the address is refused the record says so, once, and that nothing was transferred", async () => {
  const problem = problemOf(await stage.post(track));
  assert.equal(problem.code, "address-refused");
  const records = (await stage.records()).filter(({ destination }) => destination === "segment");
  assert.deepEqual(
    records.map(({ id, transferred, verdict, reason, occurrences, rules }) => [
      id,
      transferred,
      verdict,
      reason,
      occurrences,
      rules.length > 0,
    ]),
    [[problem.record, false, "block", "address-refused", 1, true]],
  );
  const metrics = await stage.metrics();
  assert.equal(metrics.value('egress_unexpected_transfers_total{case="event-collection",transferred="true"}') ?? 0, 0);
});

test("where nobody answers nothing was transferred either; once somebody does, the same record says that it was", async () => {
  const post = () => stage.post(visit, wireBytes(visit, {}, dirty));
  assert.equal((await post()).status, 502);
  const seen = async () =>
    (await stage.records())
      .filter(({ destination }) => destination === "event-hub")
      .map(({ transferred, verdict, occurrences }) => [transferred, verdict, occurrences]);
  assert.deepEqual(await seen(), [[false, "allow", 1]]);
  const leaf = await stage.installation.vendorAuthority.mint(EVENT_HUB, Date.now());
  const received: Buffer[] = [];
  late = createTls({ cert: leaf.certificatePem, key: leaf.privateKeyPem }, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (piece: Buffer) => {
      received.push(piece);
      if (Buffer.concat(received).includes("harbour-clinic")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    });
  });
  await new Promise<void>((resolve) => late?.listen({ host: "127.0.0.1", port }, resolve));
  assert.equal((await post()).status, 200);
  assert.deepEqual(await seen(), [[true, "allow", 2]]);
  assert.ok(Buffer.concat(received).includes(dirty), "on the connection that was opened ahead of it");
  assert.equal((await stage.metrics()).value('egress_unexpected_transfers_total{case="event-collection",transferred="true"}'), 1);
});
