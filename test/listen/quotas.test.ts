import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import type { PlayedRequest } from "../../src/cli/demo/played-request.js";
import { EVENT_HUB, played, prepareInstallation, wireBytes } from "../support/installation.js";
import { spawnProxy } from "../support/proxy-process.js";
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

test("a client that floods past its quota does not flood the log: it is told of once", { timeout: 60_000 }, async (context) => {
  const quotas = { client_requests_per_minute: 2 };
  const installation = await prepareInstallation({ settings: { quotas, log: { level: "warn" } } });
  context.after(() => installation.remove());
  const proxy = await spawnProxy(installation.settingsFile);
  context.after(() => proxy.kill("SIGKILL"));
  const ask = async (from: string): Promise<number> => {
    const wire = new Wire(connect({ port: proxy.port, host: "127.0.0.1", localAddress: from }));
    const { status } = await wire.send("GET http://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n").answer();
    wire.close();
    return status;
  };
  const statuses: number[] = [];
  for (const from of ["127.0.0.1", "127.0.0.9"]) for (let n = 0; n < 20; n += 1) statuses.push(await ask(from));
  assert.equal(statuses.filter((status) => status === 429).length, 36);
  await eventually("both are told of", () => proxy.written().split("quota-exceeded").length - 1 >= 2);
  const told = proxy
    .written()
    .split("\n")
    .filter((line) => line.includes("quota-exceeded"));
  assert.equal(told.length, 2, told.join("\n"));
});

test("past its bytes a minute a case lets nothing more in", async (context) => {
  const stage = await stageFor(context, { settings: { quotas: { case_bytes_per_minute: 10 } } });
  assert.notEqual((await stage.post(visit)).status, 429);
  assert.equal((await stage.post(visit)).status, 429);
});

test("past its exchanges in flight a client, and then a case, gets 429 with Retry-After, counted; others go on, and a place that is left is free", async (context) => {
  const held: (() => void)[] = [];
  const stage = await stageFor(context, {
    answer: (_, response) => held.push(() => response.end("{}")),
    settings: { quotas: { client_concurrent: 2, case_concurrent: 3 } },
  });
  const ask = async (to: PlayedRequest, from: string): Promise<{ status: number; retryAfter: string | undefined }> => {
    const wire = await stage.tunnel(to.host, { localAddress: from });
    const { status, headers } = await wire.send(wireBytes(to)).answer();
    wire.close();
    return { status, retryAfter: headers.get("retry-after") };
  };
  const inFlight = [ask(visit, "127.0.0.1"), ask(visit, "127.0.0.1")];
  await eventually("two are in flight", () => held.length === 2);
  const third = await ask(visit, "127.0.0.1");
  assert.equal(third.status, 429);
  assert.match(third.retryAfter ?? "", /^\d+$/);
  inFlight.push(ask(visit, "127.0.0.9"));
  await eventually("another client's is, too", () => held.length === 3);
  assert.equal((await ask(visit, "127.0.0.9")).status, 429, "the case has three");
  assert.equal((await stage.metrics()).value('egress_blocked_total{case="event-collection",reason="quota-exceeded"}'), 2);
  assert.equal(
    (await ask({ ...visit, host: "app.diffgram.com", path: "/elsewhere" }, "127.0.0.7")).status,
    429,
    "refused ones count as well",
  );
  for (const end of held.splice(0)) end();
  assert.deepEqual(
    (await Promise.all(inFlight)).map(({ status }) => status),
    [200, 200, 200],
  );
  const again = ask(visit, "127.0.0.1");
  await eventually("its place is free", () => held.length === 1);
  for (const end of held) end();
  assert.equal((await again).status, 200);
});

test("of bodies that a client brings together the first takes the bytes that are left, and the others are past them", async (context) => {
  const stage = await stageFor(context, { settings: { quotas: { client_bytes_per_minute: 10 } } });
  const waiting = await Promise.all([1, 2, 3].map(() => stage.tunnel(EVENT_HUB)));
  const whole = wireBytes(visit, { Expect: "100-continue" });
  const body = whole.subarray(whole.length - visit.body.length);
  for (const wire of waiting) {
    wire.send(whole.subarray(0, whole.length - visit.body.length));
    assert.equal((await wire.answer()).status, 100, "it is admitted, and its body is awaited");
  }
  const answers = [];
  for (const wire of waiting) answers.push((await wire.send(body).answer()).status);
  for (const wire of waiting) wire.close();
  assert.deepEqual(answers, [200, 429, 429]);
  assert.equal(stage.installation.vendor.received.length, 1);
  const other = await stage.tunnel(EVENT_HUB, { localAddress: "127.0.0.9" });
  assert.equal((await other.send(wireBytes(visit)).answer()).status, 200);
  other.close();
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
