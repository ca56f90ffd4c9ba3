import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { FaultsError } from "../../src/model/fault.js";
import { HealthState } from "../../src/observe/health.js";
import { MetricsRegistry } from "../../src/observe/metrics.js";
import { type ObserveServer, startObserveServer } from "../../src/observe/server.js";
import { eventually } from "../support/running-proxy.js";

const LOCAL = { host: "127.0.0.1", port: 0 };

describe("the metrics listener", () => {
  const health = new HealthState();
  let server: ObserveServer;
  let base: string;

  before(async () => {
    const registry = new MetricsRegistry();
    server = await startObserveServer({
      listen: LOCAL,
      registry,
      health,
      browsers: { hosts: () => ["www.example.com"], proxy: undefined, port: () => 3128, caPem: () => "PEM\n" },
    });
    base = `http://127.0.0.1:${server.address.port}`;
  });
  after(() => server.close());

  it("serves metrics as text to a browser and as OpenMetrics to who prefers it", async () => {
    const plain = await fetch(`${base}/metrics`, { headers: { accept: "*/*" } });
    assert.equal(plain.status, 200);
    assert.match(plain.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    assert.match(await plain.text(), /^egress_records_spooled 0$/m);
    // What Prometheus sends.
    const accept =
      "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
    const open = await fetch(`${base}/metrics`, { headers: { accept } });
    assert.match(open.headers.get("content-type") ?? "", /^application\/openmetrics-text/);
    assert.match(await open.text(), /# EOF\n?$/);
    const less = await fetch(`${base}/metrics`, { headers: { accept: "application/openmetrics-text;q=0.2, text/plain;q=0.9" } });
    assert.match(less.headers.get("content-type") ?? "", /^text\/plain/);
    await less.text();
  });

  it("tells liveness apart from readiness", async () => {
    health.check("record", () => ({ ok: false, detail: "The store is away." }));
    assert.equal((await fetch(`${base}/healthz`)).status, 200);
    const ready = await fetch(`${base}/readyz`);
    assert.equal(ready.status, 503);
    assert.deepEqual(await ready.json(), { status: "failing", checks: { record: { ok: false, detail: "The store is away." } } });
    health.check("record", () => ({ ok: true }));
    assert.equal((await fetch(`${base}/readyz`)).status, 200);
  });

  it("serves the proxy auto-configuration it was given", async () => {
    const pac = await fetch(`${base}/proxy.pac`);
    assert.equal(pac.headers.get("content-type"), "application/x-ns-proxy-autoconfig");
    assert.match(await pac.text(), /"www\.example\.com":true[\s\S]*"PROXY 127\.0\.0\.1:3128" : "DIRECT"/);
    assert.equal(await (await fetch(`${base}/ca.crt`)).text(), "PEM\n");
  });

  it("answers 404 to anything else, also to names that every object has", async () => {
    for (const path of ["/", "/metrics/", "/constructor", "/__proto__", "/toString", "/%6detrics"]) {
      assert.equal((await fetch(base + path)).status, 404, path);
    }
  });

  it("is only read: 405 names the methods, and a body is never taken for a request", async () => {
    const posted = await fetch(`${base}/metrics`, { method: "POST", body: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get("allow"), "GET, HEAD");
    assert.equal(posted.headers.get("connection"), "close");
    const head = await fetch(`${base}/healthz`, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
  });

  it("refuses a head over its limit", async () => {
    const answer = await raw(server.address.port, `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
  });

  it("answers a probe though another address holds as many connections as it can", async () => {
    const held = Array.from({ length: 140 }, () => connect({ port: server.address.port, host: "127.0.0.1", localAddress: "127.0.0.66" }));
    let closed = 0;
    for (const socket of held) socket.on("error", () => undefined).on("close", () => (closed += 1));
    await eventually("all but those of one address are closed", () => closed >= 140 - 32);
    assert.match(await raw(server.address.port, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 200 /);
    assert.equal(closed, 140 - 32, "those it may have, it keeps");
    for (const socket of held) socket.destroy();
    await eventually("the address may come again", async () => {
      const again = connect({ port: server.address.port, host: "127.0.0.1", localAddress: "127.0.0.66" });
      again.write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      return new Promise((resolve) =>
        again
          .on("error", () => resolve(false))
          .once("data", () => resolve(true))
          .once("close", () => resolve(false)),
      );
    });
  });

  it("says how to mend a port that is taken", async () => {
    const again = startObserveServer({ listen: server.address, registry: new MetricsRegistry({ processMetrics: false }), health });
    await assert.rejects(again, (error: unknown) => {
      assert.ok(error instanceof FaultsError);
      assert.match(error.message, /Another process listens on this port/);
      assert.match(error.faults[0]?.mend ?? "", /EGRESS_PROXY_LISTEN_METRICS/);
      return true;
    });
  });

  it("closes though a client holds its connection open, and may be closed twice", async () => {
    const other = await startObserveServer({ listen: LOCAL, registry: new MetricsRegistry({ processMetrics: false }), health });
    const socket = connect(other.address.port, "127.0.0.1");
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.write("GET /healthz HTTP/1.1\r\nHost:");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([other.close(), other.close()]);
    await ended;
  });
});

function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
    socket.write(bytes);
  });
}
