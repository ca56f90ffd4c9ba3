import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { EVENT_HUB, played } from "../support/installation.js";
import { freePort } from "../support/free-port.js";
import { problemOf, type Stage, stageFor } from "../support/running-proxy.js";

/*
 * A redirect that takes the proxy's own connections too, the classic mistake of a transparent proxy: each request would come back as one more,
 * until something runs full.
 */

const visit = played("clean-page-visit");
const CAME_BACK = 'egress_upstream_errors_total{destination="event-hub",kind="loop"}';

/** A proxy whose connections to the event hub come back to its own transparent listener, and whose own CA it trusts upstream. */
async function ledBack(context: TestContext, policy?: (text: string, transparent: number) => string): Promise<Stage> {
  const transparent = await freePort();
  const certs = mkdtempSync(join(tmpdir(), "egress-loop-"));
  context.after(() => rmSync(certs, { recursive: true, force: true }));
  const stage = await stageFor(context, {
    ...(policy === undefined ? {} : { policy: (text) => policy(text, transparent) }),
    settings: {
      certs,
      listen: { transparent: `127.0.0.1:${transparent}` },
      transparent: { http_port: 80 },
      upstream: { ca: [join(certs, "ca.crt")], connect_to: [`${EVENT_HUB}:443:127.0.0.1:${transparent}`] },
    },
  });
  return stage;
}

test("a TLS connection that comes back here is told as such, once, even where the proxy's own CA is trusted upstream", async (context) => {
  const stage = await ledBack(context);
  const answer = await stage.post(visit);
  assert.equal(answer.status, 502);
  assert.match(problemOf(answer).detail, /came back to this proxy.*exempt/i);
  const metrics = await stage.metrics();
  assert.equal(metrics.value(CAME_BACK), 1);
  assert.deepEqual(
    (await stage.records()).map(({ reason, occurrences }) => [reason, occurrences]),
    [["proxy-loop", 1]],
  );
});

test("so is a plain one", async (context) => {
  const stage = await ledBack(context, (text, transparent) =>
    text.replace(
      /^destinations: \[\]$/m,
      `destinations:
  - { name: plain, host: plain.operator.example, scheme: http, port: 80, connect: "127.0.0.1:${transparent}", routes: [{ methods: [GET], path: / }] }`,
    ),
  );
  const answer = await askPlainly(stage.port);
  assert.match(answer, /^HTTP\/1\.1 502 /);
  assert.match(answer, /came back to this proxy/);
  const metrics = await stage.metrics();
  assert.equal(metrics.value('egress_upstream_errors_total{destination="plain",kind="loop"}'), 1);
  assert.equal(metrics.value('egress_upstream_errors_total{destination="plain",kind="timeout"}'), 0);
});

test("so is a parent that leads here", async (context) => {
  const port = await freePort();
  const stage = await stageFor(context, {
    settings: { listen: { proxy: `127.0.0.1:${port}` }, parent: { proxy: `http://127.0.0.1:${port}` }, upstream: { connect_to: [] } },
  });
  assert.match(problemOf(await stage.post(visit)).detail, /came back to this proxy/);
  const metrics = await stage.metrics();
  assert.equal(metrics.value(CAME_BACK), 1);
});

async function askPlainly(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write("GET http://plain.operator.example/ HTTP/1.1\r\nHost: plain.operator.example\r\nConnection: close\r\n\r\n");
  let answer = "";
  for await (const piece of socket.setEncoding("utf8")) answer += String(piece);
  return answer;
}
