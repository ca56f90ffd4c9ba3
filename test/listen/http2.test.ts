import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { EVENT_HUB, played, SEGMENT } from "../support/installation.js";
import { eventually, raiseStage, type Stage } from "../support/running-proxy.js";

const visit = played("clean-page-visit");
const annotations = played("udt-annotation");

let stage: Stage;
before(async () => {
  stage = await raiseStage({ settings: { http2: { streams: 20 } } });
  // The first inspections of a process load what the later ones have.
  await eventually("the proxy is warm", async () => (await stage.post(visit)).status === 200);
});
after(() => stage.close());

/** CONNECT, then TLS that offers h2 first. */
async function openH2(): Promise<TLSSocket> {
  const plain = connect({ host: "127.0.0.1", port: stage.port });
  plain.write(`CONNECT ${EVENT_HUB}:443 HTTP/1.1\r\nHost: ${EVENT_HUB}:443\r\n\r\n`);
  await once(plain, "data");
  const secure = connectTls({ socket: plain, servername: EVENT_HUB, ca: stage.proxy.caPem, ALPNProtocols: ["h2", "http/1.1"] });
  await once(secure, "secureConnect");
  return secure;
}

async function openSession(): Promise<ClientHttp2Session> {
  const socket = await openH2();
  assert.equal(socket.alpnProtocol, "h2");
  const session = connectHttp2(`https://${EVENT_HUB}`, { createConnection: () => socket });
  session.on("error", () => undefined);
  return session;
}

interface StreamAnswer {
  readonly status: number;
  readonly body: string;
}

async function ask(session: ClientHttp2Session, fields: OutgoingHttpHeaders, body?: Buffer): Promise<StreamAnswer> {
  const stream = session.request(fields, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return new Promise((resolve, reject) => {
    let status = 0;
    const pieces: Buffer[] = [];
    stream.on("response", (headers) => {
      status = Number(headers[":status"]);
    });
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.once("end", () => resolve({ status, body: Buffer.concat(pieces).toString() }));
    stream.once("error", reject);
  });
}

function codeOf(answer: StreamAnswer): unknown {
  const told: unknown = JSON.parse(answer.body);
  return typeof told === "object" && told !== null && "code" in told ? told.code : undefined;
}

const POST = {
  ":method": "POST",
  ":path": visit.path,
  ":scheme": "https",
  ":authority": EVENT_HUB,
  "content-type": "application/json",
  "user-agent": "python-requests/2.31.0",
};

test("clean bodies on ten streams of one connection arrive byte for byte", async () => {
  const session = await openSession();
  const sent = stage.installation.vendor.received.length;
  const answers = await Promise.all(Array.from({ length: 10 }, async () => ask(session, POST, visit.body)));
  session.close();
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array.from({ length: 10 }, () => 200),
  );
  const arrived = stage.installation.vendor.received.slice(sent);
  assert.equal(arrived.length, 10);
  for (const { body } of arrived) assert.ok(body.equals(visit.body));
});

test("a body with annotations is refused on its stream, recorded, and the session goes on", async () => {
  const session = await openSession();
  const sent = stage.installation.vendor.received.length;
  const refused = await ask(session, { ...POST, ":path": annotations.path }, annotations.body);
  assert.equal(refused.status, 403);
  assert.equal(codeOf(refused), "unexpected-data-transfer");
  assert.equal(stage.installation.vendor.received.length, sent);
  assert.equal((await ask(session, POST, visit.body)).status, 200);
  session.close();
});

const REFUSED: readonly (readonly [sentence: string, fields: OutgoingHttpHeaders, code: string])[] = [
  ["an :authority that is not the tunnel's", { ":authority": SEGMENT }, "target-mismatch"],
  ["a Host beside :authority that differs", { host: SEGMENT }, "target-mismatch"],
  ["another scheme", { ":scheme": "http" }, "target-mismatch"],
  ["a path with a dot segment", { ":path": "/api/../api/walrus/eventhub/new" }, "message-ambiguous"],
  ["an expectation of something else", { expect: "200-maybe" }, "expect-refused"],
  ["a path that no policy names", { ":path": "/elsewhere" }, "path-not-allowed"],
  ["a method that no policy names", { ":method": "PUT" }, "method-not-allowed"],
  ["a content coding that nobody reads", { "content-encoding": "x-own" }, "coding-not-readable"],
];
for (const [sentence, fields, code] of REFUSED) {
  test(`a stream with ${sentence} is refused as ${code}`, async () => {
    const session = await openSession();
    const sent = stage.installation.vendor.received.length;
    const answer = await ask(session, { ...POST, ...fields }, visit.body);
    session.close();
    assert.equal(answer.status, 403);
    assert.equal(codeOf(answer), code);
    assert.equal(stage.installation.vendor.received.length, sent);
  });
}

test("trailers are refused: they would be in nobody's sight", async () => {
  const session = await openSession();
  const sent = stage.installation.vendor.received.length;
  const stream = session.request(POST, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-left": "over" }));
  stream.end(visit.body);
  let text = "";
  stream.on("data", (piece: Buffer) => (text += piece.toString()));
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  await once(stream, "end");
  session.close();
  assert.equal(headers[":status"], 403);
  assert.equal(codeOf({ status: 403, body: text }), "message-ambiguous");
  assert.equal(stage.installation.vendor.received.length, sent);
});

test("HEAD gets the head of a refusal and no body", async () => {
  const session = await openSession();
  const answer = await ask(session, { ...POST, ":method": "HEAD" });
  session.close();
  assert.equal(answer.status, 403);
  assert.equal(answer.body, "");
});

test("a CONNECT on a stream opens nothing", async () => {
  const session = await openSession();
  const answer = await ask(session, { ":method": "CONNECT", ":authority": `${SEGMENT}:443` });
  session.close();
  assert.equal(answer.status, 403);
  assert.equal(codeOf(answer), "upgrade-refused");
});

test("a body over the limit is refused, and the session goes on", async () => {
  const session = await openSession();
  const answer = await ask(session, POST, Buffer.alloc(1_048_577, 0x20));
  assert.equal(answer.status, 403);
  assert.equal(codeOf(answer), "body-too-large");
  assert.equal((await ask(session, POST, visit.body)).status, 200);
  session.close();
});

test("a rapid reset ends the session, and is recorded", async () => {
  const socket = await openH2();
  const over = closing(socket);
  const frames: Buffer[] = [PREFACE];
  for (let id = 1; id < 2_000; id += 2) frames.push(frame(1, 0x04, id, HEAD), frame(3, 0, id, Buffer.from([0, 0, 0, 8])));
  socket.write(Buffer.concat(frames));
  await over;
  await eventually("the flood is recorded", async () => (await stage.records()).some((record) => record.reason === "message-malformed"));
});

test("a flood of pings ends the session", async () => {
  const socket = await openH2();
  const over = closing(socket);
  socket.write(Buffer.concat([PREFACE, ...Array.from({ length: 500 }, () => frame(6, 0, 0, Buffer.alloc(8)))]));
  await over;
});

test("a head that goes on in ever more CONTINUATION frames ends the session", async () => {
  const socket = await openH2();
  const over = closing(socket);
  const more = Array.from({ length: 500 }, () => frame(9, 0, 1, Buffer.from([0x83])));
  socket.write(Buffer.concat([PREFACE, frame(1, 0, 1, Buffer.from([0x83])), ...more]));
  await over;
});

test("HTTP/1.1 where HTTP/2 was agreed on ends the session", async () => {
  const socket = await openH2();
  const over = closing(socket);
  socket.write(`POST ${visit.path} HTTP/1.1\r\nHost: ${EVENT_HUB}\r\nContent-Length: 0\r\n\r\n`);
  await over;
});

test("a stop says GOAWAY before it closes", async () => {
  const session = await openSession();
  assert.equal((await ask(session, POST, visit.body)).status, 200);
  const away = once(session, "goaway");
  const stopped = stage.close();
  await away;
  await stopped;
  stage = await raiseStage();
});

/** Frames by hand (RFC 9113, section 4.1), for what no client library would send. */
const PREFACE = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0))]);
/** `POST https`, path and authority, by the static table and plain literals (RFC 7541, appendix A). */
const HEAD = Buffer.concat([Buffer.from([0x83, 0x87]), literal(4, visit.path), literal(1, EVENT_HUB)]);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function literal(name: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([name, value.length]), Buffer.from(value)]);
}

async function closing(socket: TLSSocket): Promise<void> {
  socket.on("error", () => undefined);
  socket.resume();
  await once(socket, "close");
}
