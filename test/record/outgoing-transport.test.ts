import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { createServer as createTcp } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createServer as createTls } from "node:tls";
import { sendSyslog, syslogMessage } from "../../src/record/outgoing/syslog.js";
import { postEvent } from "../../src/record/outgoing/webhook.js";
import { openAuthority } from "../../src/tls/authority.js";
import { folder } from "./sample.js";

const MESSAGE = syslogMessage(4, "incident", Date.UTC(2026, 10, 24), '{"message":"Grüße"}');

/** A certificate for localhost, and the root that proves it. */
async function certificate(context: TestContext): Promise<{ readonly ca: string; readonly cert: string; readonly key: string }> {
  const dir = join(folder(context), "ca");
  mkdirSync(dir);
  const authority = await openAuthority({ dir, now: Date.now(), createIfMissing: true });
  const { certificatePem: cert, privateKeyPem: key } = await authority.mint("localhost", Date.now());
  return { ca: authority.certificatePem, cert, key };
}

async function listening(context: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

test("a syslog message over UDP is one datagram with the whole of it", async (context) => {
  const socket = createSocket("udp4");
  context.after(() => socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const got = once(socket, "message");
  await sendSyslog({ transport: "udp", host: "127.0.0.1", port: socket.address().port, ca: undefined }, MESSAGE);
  const [datagram]: unknown[] = await got;
  assert.equal(String(datagram), MESSAGE);
  assert.match(MESSAGE, /^<108>1 2026-11-24T00:00:00\.000Z \S+ egress-proxy \d+ incident - \{/);
});

test("a syslog message over TLS carries its length in bytes, and goes only to who proves its name", async (context) => {
  const { ca, cert, key } = await certificate(context);
  const got: string[] = [];
  const server = createTls({ cert, key }, (socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => void (text += bytes.toString("utf8")));
    socket.on("end", () => got.push(text));
  });
  server.on("tlsClientError", () => undefined);
  const port = await listening(context, server);
  const to = { transport: "tls", host: "localhost", port, ca: [ca] } as const;
  await sendSyslog(to, MESSAGE);
  assert.deepEqual(got, [`${Buffer.byteLength(MESSAGE)} ${MESSAGE}`]);
  await assert.rejects(sendSyslog({ ...to, ca: undefined }, MESSAGE), /certificate|issuer/i, "a root that nobody trusts");
  await assert.rejects(sendSyslog({ ...to, host: "127.0.0.1" }, MESSAGE), /altnames|IP/i, "another name than the certificate's");
  assert.equal(got.length, 1);
});

test("a receiver of syslog that closes before it took the message is a failure, to be tried again", async (context) => {
  const port = await listening(
    context,
    createTcp((socket) => socket.resetAndDestroy()),
  );
  await assert.rejects(sendSyslog({ transport: "tcp", host: "127.0.0.1", port, ca: undefined }, "x".repeat(5_000_000)));
});

test("an event is posted over https to who proves its name; a redirect, a refusal and a stranger are failures", async (context) => {
  const { ca, cert, key } = await certificate(context);
  const got: string[] = [];
  let status = 204;
  const server = createHttps({ cert, key }, (request, answer) => {
    let body = "";
    request.on("data", (bytes: Buffer) => void (body += bytes.toString("utf8")));
    request.on("end", () => {
      got.push(`${request.method} ${request.url} ${body}`);
      answer.writeHead(status, status === 302 ? { Location: "/elsewhere" } : {}).end();
    });
  });
  server.on("tlsClientError", () => undefined);
  const port = await listening(context, server);
  const settings = { url: new URL(`https://localhost:${port}/hook`), secret: Buffer.from("0123456789abcdef"), ca: [ca] };
  await postEvent(settings, "1", '{"a":"Grüße"}', Date.now());
  assert.deepEqual(got, ['POST /hook {"a":"Grüße"}']);
  for (const refused of [302, 400, 503]) {
    status = refused;
    await assert.rejects(postEvent(settings, "2", "{}", Date.now()), new RegExp(String(refused)));
  }
  assert.ok(!got.join().includes("elsewhere"), "a redirect is not followed");
  const before = got.length;
  await assert.rejects(postEvent({ ...settings, ca: undefined }, "3", "{}", Date.now()), /certificate|issuer/i);
  await assert.rejects(postEvent({ ...settings, url: new URL(`https://127.0.0.1:${port}/hook`) }, "4", "{}", Date.now()), /altnames|IP/i);
  assert.equal(got.length, before, "nothing of it was sent");
});
