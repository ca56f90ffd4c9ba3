import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { EVENT_HUB, played } from "../support/installation.js";
import { eventually, raiseStage, stageFor } from "../support/running-proxy.js";
import { Wire, type WireAnswer } from "../support/wire.js";

const visit = played("clean-page-visit");

function codeOf(answer: WireAnswer): unknown {
  const told: unknown = JSON.parse(answer.body.toString());
  return typeof told === "object" && told !== null && "code" in told ? told.code : undefined;
}

test("past its requests a minute a client gets 429 with Retry-After, counted, and nothing of it is recorded", async (context) => {
  const stage = await stageFor(context, { settings: { quotas: { client_requests_per_minute: 2 } } });
  const answers = [await stage.post(visit), await stage.post(visit), await stage.post(visit)];
  const last = answers[2];
  assert.ok(last);
  assert.equal(last.status, 429);
  assert.equal(codeOf(last), "quota-exceeded");
  assert.match(last.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal((await stage.metrics()).value('egress_blocked_total{case="event-collection",reason="quota-exceeded"}'), 1);
  assert.ok((await stage.records()).every((record) => record.reason !== "quota-exceeded"));
});

test("past its bytes a minute a case lets nothing more in", async (context) => {
  const stage = await stageFor(context, { settings: { quotas: { case_bytes_per_minute: 10 } } });
  assert.notEqual((await stage.post(visit)).status, 429);
  assert.equal((await stage.post(visit)).status, 429);
});

test("a destination with clients refuses every other client, by network", async (context) => {
  const only = (network: string) => (text: string) => text.replace(/^(\s*)host: app\.diffgram\.com$/m, `$&\n$1clients: ["${network}"]`);
  const theirs = await stageFor(context, { policy: only("10.9.0.0/16") });
  const refused = await theirs.post(visit);
  assert.deepEqual([refused.status, codeOf(refused)], [403, "client-not-allowed"]);
  const ours = await raiseStage({ policy: only("127.0.0.0/8") });
  await eventually("the named client is served", async () => (await ours.post(visit)).status === 200);
  await ours.close();
});

test("a client past its connections is told so, and the others' are not touched", async (context) => {
  const stage = await stageFor(context, { settings: { limits: { connections_per_client: 3 } } });
  const held: Socket[] = Array.from({ length: 3 }, () => connect(stage.port, "127.0.0.1"));
  await eventually("three are held", () => held.every((socket) => !socket.connecting));
  const one = await Wire.open(stage.port);
  const answer = await one.answer();
  assert.deepEqual([answer.status, codeOf(answer)], [429, "quota-exceeded"]);
  const other = new Wire(connect({ host: "127.0.0.1", port: stage.port, localAddress: "127.0.0.9" }));
  const told = await other.send("GET / HTTP/1.1\r\nHost: nowhere.example\r\n\r\n").answer();
  assert.equal(told.status, 403);
  for (const socket of held) socket.destroy();
  await eventually("its place is free again", async () => {
    const again = await Wire.open(stage.port);
    const { status } = await again.send("GET / HTTP/1.1\r\nHost: nowhere.example\r\n\r\n").answer();
    again.close();
    return status === 403;
  });
});

test("bodies take no more memory than they may: past it a client is told to wait, and the next one is served", async (context) => {
  const stage = await stageFor(context, { settings: { limits: { body_memory_bytes: 1_048_576 } } });
  const head = `POST ${visit.path} HTTP/1.1\r\nHost: ${EVENT_HUB}\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n`;
  const wire = await stage.tunnel(EVENT_HUB);
  const answer = await wire.send(Buffer.concat([Buffer.from(head), Buffer.alloc(300_000, 0x20)])).answer();
  assert.deepEqual([answer.status, codeOf(answer)], [429, "quota-exceeded"]);
  wire.close();
  await eventually("the memory is given back", async () => (await stage.post(visit)).status === 200);
});
