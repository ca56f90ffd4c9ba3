import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { EVENT_HUB, played, SEGMENT, wireBytes } from "../support/installation.js";
import { problemOf, raiseStage, type Stage } from "../support/running-proxy.js";
import { openTls, Wire } from "../support/wire.js";

/* What a client may do wrong between CONNECT and its first request. */

let stage: Stage;
const visit = played("clean-page-visit");

before(async () => {
  stage = await raiseStage();
});
after(() => stage.close());

test("a handshake that names no server is completed, and its request refused inside", async () => {
  const wire = await stage.tunnel(EVENT_HUB, { serverName: "" });
  const problem = problemOf(await wire.send(wireBytes(visit)).answer());
  await wire.closed;
  assert.equal(problem.code, "sni-missing");
  assert.equal((await stage.records()).find(({ id }) => id === problem.record)?.reason, "sni-missing");
});

test("a handshake that names another server than the tunnel's is refused inside, with the tunnel's certificate", async () => {
  const wire = await stage.tunnel(EVENT_HUB, { serverName: SEGMENT });
  const problem = problemOf(await wire.send(wireBytes(visit)).answer());
  await wire.closed;
  assert.equal(problem.code, "sni-mismatch");
});

test("bytes in a tunnel that are no TLS are refused in plain text, on the record, and nothing of them is forwarded", async () => {
  const before = stage.installation.vendor.connections();
  const wire = await Wire.open(stage.port);
  wire.send(`CONNECT ${EVENT_HUB}:443 HTTP/1.1\r\nHost: ${EVENT_HUB}:443\r\n\r\n`);
  assert.equal((await wire.answer("CONNECT")).status, 200);
  const problem = problemOf(await wire.send(wireBytes(visit)).answer());
  await wire.closed;
  assert.equal(problem.code, "not-tls");
  assert.equal((await stage.records()).find(({ id }) => id === problem.record)?.unexpected, false);
  assert.equal(stage.installation.vendor.connections(), before);
});

test("TLS on the plain listener is refused in words", async () => {
  const wire = await Wire.open(stage.port);
  const answer = await wire.send(Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0, 0, 1, 0])).answer();
  await wire.closed;
  assert.equal(problemOf(answer).code, "protocol-not-allowed");
});

test("a CONNECT inside a tunnel, and a path without a host on the plain listener, name no target", async () => {
  const inside = await stage.tunnel(EVENT_HUB);
  const nested = problemOf(await inside.send(`CONNECT ${SEGMENT}:443 HTTP/1.1\r\nHost: ${SEGMENT}:443\r\n\r\n`).answer());
  assert.equal(nested.code, "target-mismatch");
  const plain = await Wire.open(stage.port);
  const origin = problemOf(await plain.send(wireBytes(visit)).answer());
  assert.equal(origin.code, "target-invalid");
});

test("a client that trusts another CA leaves, and bothers nobody", async () => {
  await assert.rejects(openTls({ port: stage.port, to: `${EVENT_HUB}:443`, ca: stage.installation.vendorAuthority.certificatePem }));
  assert.equal((await stage.post(visit)).status, 200);
});

test("twenty first connections to one new host at once mint one leaf", async () => {
  const before = (await stage.metrics()).value("egress_leaf_certificates_total") ?? 0;
  const name = "www.google-analytics.com";
  const sessions = await Promise.all(
    Array.from({ length: 20 }, () => openTls({ port: stage.port, to: `${name}:443`, ca: stage.proxy.caPem })),
  );
  const serials = new Set(sessions.map((session) => session.getPeerCertificate().serialNumber));
  for (const session of sessions) session.destroy();
  assert.equal(serials.size, 1);
  assert.equal((await stage.metrics()).value("egress_leaf_certificates_total"), before + 1);
});

test("200 clients that hold half a handshake open don't hinder the one that finishes", async () => {
  const held: Socket[] = [];
  // The record's head promises 512 bytes of a ClientHello, of which ten come.
  const half = Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), Buffer.alloc(9)]);
  for (let n = 0; n < 200; n += 1) {
    const socket = connect({ host: "127.0.0.1", port: stage.port });
    socket.on("error", () => undefined);
    socket.write(Buffer.concat([Buffer.from(`CONNECT ${EVENT_HUB}:443 HTTP/1.1\r\nHost: ${EVENT_HUB}:443\r\n\r\n`), half]));
    held.push(socket);
  }
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once("data", resolve))));
  assert.equal((await stage.post(visit)).status, 200);
  assert.equal((await stage.post(played("udt-identify"))).status, 403);
  for (const socket of held) socket.destroy();
});

test("a head that never ends is refused once it is over the limit, and a client that says nothing hinders nobody", async () => {
  const silent = await Wire.open(stage.port);
  const wire = await stage.tunnel(EVENT_HUB);
  const answer = await wire.send(`POST /api/walrus/eventhub/new HTTP/1.1\r\nHost: ${EVENT_HUB}\r\nX-Long: ${"a".repeat(20_000)}`).answer();
  assert.equal(problemOf(answer).code, "headers-too-large");
  silent.close();
});
