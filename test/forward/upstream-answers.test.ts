import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import type { VendorAnswer } from "../../src/cli/demo/stand-in-vendor.js";
import { EVENT_HUB, played, wireBytes } from "../support/installation.js";
import { eventually, problemOf, raiseStage, type Stage } from "../support/running-proxy.js";

/* What an upstream may do with its answer, over one proxy; each test says what the vendor does next. */

let stage: Stage;
let behave: VendorAnswer;
const visit = played("clean-page-visit");
const LATE_MS = 300;

before(async () => {
  const upstream = { first_byte_ms: LATE_MS, total_ms: 30_000 };
  stage = await raiseStage({ answer: (request, response) => behave(request, response), settings: { upstream } });
});
after(() => stage.close());
beforeEach(() => {
  behave = (_, response) => response.end("fine");
});

for (const status of [201, 400, 404, 429, 500, 503]) {
  test(`an answer of ${status} reaches the client as it is`, async () => {
    behave = (_, response) => response.writeHead(status, { "Content-Type": "text/plain", "X-Vendor": "yes" }).end(`vendor says ${status}`);
    const answer = await stage.post(visit);
    assert.equal(answer.status, status);
    assert.equal(answer.body.toString(), `vendor says ${status}`);
    assert.equal(answer.headers.get("x-vendor"), "yes");
  });
}

for (const status of [600, 999]) {
  test(`an answer of ${status}, which HTTP does not have, is the destination's fault`, async () => {
    behave = (_, response) => response.writeHead(status).end("odd");
    const answer = await stage.post(visit);
    assert.equal(answer.status, 502);
    assert.equal(problemOf(answer).code, "upstream-unreachable");
  });
}

test("a bodiless answer leaves the tunnel fit for the next request", async () => {
  behave = (_, response) => response.writeHead(204).end();
  const wire = await stage.tunnel(EVENT_HUB);
  for (let n = 0; n < 3; n += 1) assert.equal((await wire.send(wireBytes(visit)).answer()).status, 204);
  wire.close();
});

test("what belongs to one hop stays there, and Alt-Svc invites nobody around the proxy", async () => {
  behave = (_, response) => {
    response.writeHead(200, {
      Connection: "keep-alive, X-Hop",
      "X-Hop": "1",
      "Keep-Alive": "timeout=9",
      "Alt-Svc": 'h3=":443"',
      "X-End": "2",
    });
    response.end("fine");
  };
  const { headers } = await stage.post(visit);
  assert.deepEqual(
    [headers.get("x-hop"), headers.get("keep-alive"), headers.get("alt-svc"), headers.get("x-end")],
    [undefined, undefined, undefined, "2"],
  );
});

test("an interim 103 is swallowed, the answer behind it is not", async () => {
  behave = (_, response) => response.writeEarlyHints({ link: "</style.css>; rel=preload" }, () => response.end("fine"));
  const answer = await stage.post(visit);
  assert.deepEqual([answer.status, answer.body.toString()], [200, "fine"]);
});

test("a big chunked answer arrives whole, also at a slow client's pace", async () => {
  const big = randomBytes(3_000_000);
  behave = (_, response) => response.end(big);
  const chunked: VendorAnswer = (_, response) => {
    for (let at = 0; at < big.length; at += 100_000) response.write(big.subarray(at, at + 100_000));
    response.end();
  };
  for (const answering of [behave, chunked]) {
    behave = answering;
    const wire = await stage.tunnel(EVENT_HUB);
    wire.socket.pause();
    wire.send(wireBytes(visit));
    const arrived = stage.installation.vendor.received.length;
    await eventually("the vendor has the request", () => stage.installation.vendor.received.length > arrived - 1);
    wire.socket.resume();
    const answer = await wire.answer();
    wire.close();
    assert.equal(answer.status, 200);
    assert.ok(answer.body.equals(big));
  }
});

test("a slow answer arrives piece by piece", async () => {
  behave = (_, response) => void drip(response, ["one ", "two ", "three"]);
  const answer = await stage.post(visit);
  assert.equal(answer.body.toString(), "one two three");
});

test("an upstream that never answers is a 504 with the problem's members, counted as a timeout", async () => {
  behave = () => undefined;
  const before = await stage.metrics();
  const answer = await stage.post(visit);
  assert.equal(answer.status, 504);
  const problem = problemOf(answer);
  assert.deepEqual([problem.code, problem.record, problem.case], ["upstream-timeout", null, "event-collection"]);
  const series = 'egress_upstream_errors_total{destination="event-hub",kind="timeout"}';
  assert.equal((await stage.metrics()).value(series), (before.value(series) ?? 0) + 1);
  assert.equal((await stage.metrics()).value('egress_blocked_total{case="event-collection",reason="unexpected-data-transfer"}'), 0);
});

test("a connection that is reset before the answer's head is a 502, and the tunnel goes on", async () => {
  behave = (_, response) => response.socket?.destroy();
  const wire = await stage.tunnel(EVENT_HUB);
  const answer = await wire.send(wireBytes(visit)).answer();
  assert.equal(answer.status, 502);
  assert.equal(problemOf(answer).code, "upstream-unreachable");
  behave = (_, response) => response.end("fine");
  assert.equal((await wire.send(wireBytes(visit)).answer()).status, 200);
  wire.close();
});

test("an answer that is no HTTP is a 502", async () => {
  behave = (_, response) => response.socket?.end("SSH-2.0-OpenSSH_9.6\r\n\r\n");
  const answer = await stage.post(visit);
  assert.equal(answer.status, 502);
});

const CUTS: Readonly<Record<string, VendorAnswer>> = {
  "a reset in a body of stated length": (_, response) => {
    response.writeHead(200, { "Content-Length": "1000" });
    response.write("the first part", () => setTimeout(() => response.socket?.destroy(), 20));
  },
  "a reset in a chunked body": (_, response) => {
    response.write("the first part", () => setTimeout(() => response.socket?.destroy(), 20));
  },
  "silence in the middle of a body": (_, response) => {
    response.writeHead(200, { "Content-Length": "1000" });
    response.write("the first part");
  },
};

for (const [sentence, answering] of Object.entries(CUTS)) {
  test(`${sentence} cuts the client off, so that it can't take the part for the whole`, async () => {
    behave = answering;
    const wire = await stage.tunnel(EVENT_HUB);
    wire.send(wireBytes(visit));
    const text = (await wire.rest()).toString();
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.ok(text.includes("the first part"));
    assert.ok(!text.endsWith("0\r\n\r\n"));
    behave = (_, response) => response.end("fine");
    assert.equal((await stage.post(visit)).status, 200);
  });
}

test("a client that hangs up while the upstream thinks ends the upstream's request too", async () => {
  const timeouts = 'egress_upstream_errors_total{destination="event-hub",kind="timeout"}';
  const before = (await stage.metrics()).value(timeouts);
  let abandoned: Promise<unknown> | undefined;
  behave = (_, response) => {
    abandoned = once(response, "close");
  };
  const wire = await stage.tunnel(EVENT_HUB);
  wire.send(wireBytes(visit));
  await eventually("the vendor thinks", () => abandoned !== undefined);
  wire.close();
  await abandoned;
  assert.equal((await stage.metrics()).value(timeouts), before, "it was ended by the client's leave, not by its own time");
  behave = (_, response) => response.end("fine");
  assert.equal((await stage.post(visit)).status, 200);
});

test("a client that hangs up in the middle of its body sends nothing to the vendor, and is on the record as no transfer", async () => {
  const before = stage.installation.vendor.received.length;
  const wire = await stage.tunnel(EVENT_HUB);
  // Written before it hangs up: a socket that is destroyed may drop what still waits to be encrypted, as Node 24's does.
  await new Promise((resolve) => wire.socket.write(wireBytes(visit).subarray(0, -40), resolve));
  wire.close();
  await eventually("it is on the record", async () => (await stage.records()).some(({ reason }) => reason === "body-incomplete"));
  const record = (await stage.records()).find(({ reason }) => reason === "body-incomplete");
  assert.deepEqual([record?.transferred, record?.unexpected], [false, false]);
  assert.equal(stage.installation.vendor.received.length, before);
});

async function drip(response: ServerResponse, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    response.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  response.end();
}
