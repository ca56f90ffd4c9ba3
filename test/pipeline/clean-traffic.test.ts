import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { ReceivedRequest } from "../../src/cli/demo/stand-in-vendor.js";
import { EVENT_HUB, played, traffic, wireBytes } from "../support/installation.js";
import { raiseStage, type Stage } from "../support/running-proxy.js";

let stage: Stage;

before(async () => {
  stage = await raiseStage();
});
after(() => stage.close());

for (const request of traffic().filter(({ name }) => name.startsWith("clean-"))) {
  test(`${request.name} arrives byte for byte, with its own fields and no others`, async () => {
    const bytes = wireBytes(request, {
      "Proxy-Connection": "keep-alive",
      "Keep-Alive": "timeout=5",
      Connection: "keep-alive",
      "Proxy-Authorization": "Basic Zm9v",
    });
    const answer = await stage.post(request, bytes);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), '{"success": true}\n');
    const arrived = last();
    assert.deepEqual(arrived.body, request.body);
    assert.deepEqual([arrived.method, arrived.path, arrived.host], [request.method, request.path, request.host]);
    const fields = pairs(arrived).filter(([name]) => name.toLowerCase() !== "connection");
    // undici spells the two that it writes itself in lower case.
    const sent = Object.entries(request.headers).map(([name, value]) => [name === "Host" ? "host" : name, value]);
    assert.deepEqual(fields, [...sent, ["content-length", String(request.body.length)]]);
  });
}

test("many requests share one tunnel, and one connection to the vendor", async () => {
  const request = played("clean-page-visit");
  await stage.post(request);
  const connections = stage.installation.vendor.connections();
  const before = stage.installation.vendor.received.length;
  const wire = await stage.tunnel(EVENT_HUB);
  for (let n = 0; n < 25; n += 1) assert.equal((await wire.send(wireBytes(request)).answer()).status, 200);
  wire.close();
  assert.equal(stage.installation.vendor.received.length - before, 25);
  assert.equal(stage.installation.vendor.connections(), connections);
});

test("a refused request leaves the tunnel fit for the next one, and pipelined requests are answered in order", async () => {
  const wire = await stage.tunnel(EVENT_HUB);
  const clean = wireBytes(played("clean-page-visit"));
  wire.send(Buffer.concat([clean, wireBytes(played("udt-annotation")), clean]));
  const statuses = [];
  for (let n = 0; n < 3; n += 1) statuses.push((await wire.answer()).status);
  wire.close();
  assert.deepEqual(statuses, [200, 403, 200]);
});

test("a chunked body arrives with its length stated and the same bytes", async () => {
  const request = played("clean-task");
  const half = Math.floor(request.body.length / 2);
  const chunks = [request.body.subarray(0, half), request.body.subarray(half)].map((piece) =>
    Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
  );
  const head = wireBytes(request, { "Content-Length": undefined, "Transfer-Encoding": "chunked" }, Buffer.alloc(0));
  const answer = await stage.post(request, Buffer.concat([head, ...chunks, Buffer.from("0\r\n\r\n")]));
  assert.equal(answer.status, 200);
  assert.deepEqual(last().body, request.body);
  assert.deepEqual(valuesOf(last(), "content-length"), [String(request.body.length)]);
  assert.deepEqual(valuesOf(last(), "transfer-encoding"), []);
});

test("a gzip body is read for inspection and arrives as it was sent", async () => {
  const request = played("clean-system-startup.segment");
  const coded = gzipSync(request.body);
  const answer = await stage.post(request, wireBytes(request, { "Content-Encoding": "gzip" }, coded));
  assert.equal(answer.status, 200);
  assert.deepEqual(last().body, coded);
  assert.deepEqual(valuesOf(last(), "content-encoding"), ["gzip"]);
});

test("a client that waits for 100-continue gets it, then sends; the vendor never sees Expect", async () => {
  const request = played("clean-page-visit");
  const wire = await stage.tunnel(EVENT_HUB);
  const bytes = wireBytes(request, { Expect: "100-continue" });
  wire.send(bytes.subarray(0, bytes.length - request.body.length));
  assert.equal((await wire.answer()).status, 100);
  assert.equal((await wire.send(request.body).answer()).status, 200);
  wire.close();
  assert.deepEqual(valuesOf(last(), "expect"), []);
});

test("an HTTP/1.0 client gets an answer that ends with the connection", async () => {
  const request = played("clean-page-visit");
  const wire = await stage.tunnel(EVENT_HUB);
  wire.send(wireBytes(request).toString("latin1").replace("HTTP/1.1", "HTTP/1.0"));
  const answer = await wire.answer();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("transfer-encoding"), undefined);
  assert.equal(answer.headers.get("connection"), "close");
  assert.equal(answer.body.toString(), '{"success": true}\n');
  await wire.closed;
});

function last(): ReceivedRequest {
  const arrived = stage.installation.vendor.received.at(-1);
  assert.ok(arrived, "something arrived");
  return arrived;
}

function pairs({ headers }: ReceivedRequest): [string, string][] {
  return headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? ""] as [string, string]] : []));
}

function valuesOf(request: ReceivedRequest, wanted: string): string[] {
  return pairs(request).flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value] : []));
}
