import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from "node:http";
import { connect, createServer as createTcp, type Server, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { after, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { dialFault } from "../../src/forward/dial.js";
import {
  createForwarder,
  type Forwarded,
  type Forwarder,
  type ForwarderOptions,
  type UpstreamRequest,
} from "../../src/forward/forwarder.js";
import { OwnConnections } from "../../src/model/own-connections.js";
import { ReadySockets } from "../../src/forward/ready-sockets.js";
import { Heard } from "./heard.js";

/* The way to a destination, over real sockets and without a proxy around it. */

const servers: (Server | HttpServer)[] = [];
const forwarders: Forwarder[] = [];
after(async () => {
  for (const forwarder of forwarders) await forwarder.close();
  for (const server of servers) server.close();
});

async function listening(server: Server | HttpServer, host = "127.0.0.1", port = 0): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

let connections = 0;
async function vendor(answer: RequestListener): Promise<number> {
  const server = createHttp(answer);
  server.on("connection", () => (connections += 1));
  return listening(server);
}

beforeEach(() => {
  connections = 0;
});

function forwarding(changes: Partial<ForwarderOptions> = {}): Forwarder {
  const forwarder = createForwarder({
    own: new OwnConnections(),
    secureContext: createSecureContext(),
    parents: { secureContext: createSecureContext(), authorization: () => undefined },
    resolve: () => Promise.reject(new Error("No such name.")),
    connectMs: 1_000,
    firstByteMs: 1_000,
    answerIdleMs: 1_000,
    totalMs: 3_000,
    keepAliveMs: 1_000,
    connectionsPerDestination: 2,
    answerHeaders: (headers) => [...headers],
    ...changes,
  });
  forwarders.push(forwarder);
  return forwarder;
}

function to(port: number, changes: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    target: { scheme: "http", host: "vendor.example", port: 80, ip: undefined },
    method: "GET",
    pathAndQuery: "/",
    headers: [],
    body: undefined,
    connectTo: { host: "127.0.0.1", port },
    parent: undefined,
    ...changes,
  };
}

const summary = (outcome: Forwarded | undefined): string =>
  outcome === undefined
    ? "reached"
    : outcome.kind === "failed"
      ? `${outcome.error}${outcome.answerStarted ? " in mid-answer" : ""}`
      : outcome.kind;

test("a way is reached once: a connection that is ready, or rests, is used", async () => {
  const port = await vendor((_, response) => response.end("fine"));
  const forwarder = forwarding();
  assert.equal(summary(await forwarder.reach(to(port))), "reached");
  assert.equal(summary(await forwarder.reach(to(port))), "reached");
  const sink = new Heard();
  assert.equal(summary(await forwarder.forward(to(port), sink)), "answered");
  assert.deepEqual(sink.told, ["200", "fine", "end"]);
  await pause(5);
  assert.equal(summary(await forwarder.reach(to(port))), "reached");
  assert.equal(summary(await forwarder.forward(to(port), new Heard())), "answered");
  assert.equal(connections, 1);
});

test("an address that is refused is refused where the way is reached and where it is not, and nothing is dialled", async () => {
  const port = await vendor((_, response) => response.end("fine"));
  const forwarder = forwarding({ resolve: () => Promise.resolve(["8.8.8.8", "127.0.0.1"]) });
  const request = to(port, { connectTo: undefined, target: { scheme: "http", host: "vendor.example", port, ip: undefined } });
  assert.equal(summary(await forwarder.reach(request)), "address-refused");
  const sink = new Heard();
  assert.equal(summary(await forwarder.forward(request, sink)), "address-refused");
  assert.deepEqual([sink.told, connections], [[], 0]);
});

test("a name is looked up once for all who ask meanwhile, and anew for who asks then", async () => {
  const port = await vendor((_, response) => response.end("fine"));
  const asked: string[] = [];
  let answer = (): void => undefined;
  const forwarder = forwarding({
    connectionsPerDestination: 9,
    resolve: (host) => {
      asked.push(host);
      return new Promise((resolve, reject) => {
        answer = () => (asked.length === 2 ? reject(new Error("No such name.")) : resolve(["127.0.0.1"]));
      });
    },
  });
  const named = (host: string) => to(port, { connectTo: { host, port } });
  const many = Array.from({ length: 9 }, () => forwarder.forward(named("slow.example"), new Heard()));
  await pause(5);
  assert.deepEqual(asked, ["slow.example"]);
  answer();
  assert.deepEqual(new Set((await Promise.all(many)).map(summary)), new Set(["answered"]));
  const failing = [1, 2].map(() => forwarder.forward(named("other.example"), new Heard()));
  await pause(5);
  answer();
  assert.deepEqual((await Promise.all(failing)).map(summary), ["resolve", "resolve"]);
  const again = forwarder.forward(named("other.example"), new Heard());
  await pause(5);
  assert.deepEqual(asked, ["slow.example", "other.example", "other.example"]);
  answer();
  assert.equal(summary(await again), "answered");
});

test("one target that the operator leads to two places has two ways, and the answer's fields are what the vendor wrote", async () => {
  const seen: (readonly (readonly [string, string])[])[] = [];
  const forwarder = forwarding({
    answerHeaders: (headers) => {
      seen.push(headers);
      return [...headers];
    },
  });
  for (const name of ["one", "two"]) {
    const port = await vendor((_, response) => response.setHeader("X-Place", name).end(name));
    const sink = new Heard();
    await forwarder.forward(to(port), sink);
    assert.deepEqual(sink.told, ["200", name, "end"]);
    assert.ok(seen.at(-1)?.some(([field, value]) => field === "X-Place" && value === name));
  }
});

test("where an address does not answer the next one is asked", async () => {
  const server = createHttp((_, response) => response.end("fine"));
  const port = await listening(server, "127.0.0.3");
  const forwarder = forwarding({ resolve: () => Promise.resolve(["127.0.0.2", "127.0.0.3"]) });
  assert.equal(summary(await forwarder.forward(to(port, { connectTo: { host: "inner.example", port } }), new Heard())), "answered");
});

for (const [sentence, serve, is] of [
  ["a reset before the answer", (socket) => socket.resetAndDestroy(), "reset"],
  ["no HTTP", (socket) => socket.end("SSH-2.0-OpenSSH\r\n\r\n"), "protocol"],
  ["an endless head", (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(40_000)}`), "protocol"],
  ["silence", () => undefined, "timeout"],
  [
    "a reset in mid-answer",
    (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", () => setTimeout(() => socket.resetAndDestroy(), 5)),
    "reset in mid-answer",
  ],
  ["silence in mid-answer", (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), "timeout in mid-answer"],
] as const satisfies readonly (readonly [string, (socket: Socket) => unknown, string])[]) {
  test(`${sentence} is told as ${is}; a client that has heard a part is cut off`, async () => {
    const port = await listening(
      createTcp((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => serve(socket));
      }),
    );
    const sink = new Heard();
    assert.equal(summary(await forwarding({ firstByteMs: 30, answerIdleMs: 30 }).forward(to(port), sink)), is);
    assert.deepEqual(sink.told, is.includes("mid") ? ["200", "abc", "abort"] : []);
  });
}

test("a certificate that is refused is the destination's answer: another of its addresses is not asked", async () => {
  const asked: string[] = [];
  const port = await listening(
    createTcp((socket) => {
      asked.push("first");
      socket.once("data", () => socket.end("no TLS\r\n"));
      socket.on("error", () => undefined);
    }),
    "127.0.0.2",
  );
  await listening(
    createTcp((socket) => {
      asked.push("second");
      socket.destroy();
    }),
    "127.0.0.3",
    port,
  );
  const forwarder = forwarding({ resolve: () => Promise.resolve(["127.0.0.2", "127.0.0.3"]) });
  const request = to(port, {
    target: { scheme: "https", host: "vendor.example", port: 443, ip: undefined },
    connectTo: { host: "inner.example", port },
  });
  assert.equal(summary(await forwarder.reach(request)), "tls");
  assert.deepEqual(asked, ["first"]);
});

/** A parent that answers CONNECT so, and is the destination behind it. */
async function parent(answer: string): Promise<UpstreamRequest> {
  const port = await listening(
    createTcp((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.write(answer, "latin1");
        socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"));
      });
    }),
  );
  return to(0, { connectTo: undefined, parent: { scheme: "http", host: "127.0.0.1", port } });
}

for (const [sentence, answer, is, detail] of [
  ["opens the tunnel", "HTTP/1.1 200 Connection established\r\n\r\n", "answered", /^$/],
  ["opens it by another 2xx", "HTTP/1.0 204 x\r\nVia: y\r\n\r\n", "answered", /^$/],
  ["asks for credentials", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "parent", /asks for credentials/],
  ["refuses", "HTTP/1.1 403 Forbidden\r\n\r\n", "parent", /refused the tunnel \(403\)/],
  ["speaks no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "parent", /did not answer CONNECT as HTTP/],
  ["answers with more than a head", `HTTP/1.1 200 OK\r\nX: ${"y".repeat(20_000)}`, "parent", /more than a head/],
] as const) {
  test(`a parent that ${sentence}: ${is}`, async () => {
    const outcome = await forwarding().forward(await parent(answer), new Heard());
    assert.equal(summary(outcome), is);
    assert.match(outcome.kind === "failed" ? outcome.detail : "", detail);
  });
}

test("behind a parent an address is still judged here", async () => {
  const request = await parent("HTTP/1.1 200 OK\r\n\r\n");
  const outcome = await forwarding().reach({ ...request, target: { scheme: "http", host: "169.254.169.254", port: 80, ip: 4 } });
  assert.equal(summary(outcome), "address-refused");
});

test("bytes behind a parent's answer belong to the tunnel", async () => {
  const outcome = await forwarding().forward(
    await parent("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"),
    new Heard(),
  );
  // An answer before its request, which undici takes for no answer; had they been dropped, "fine" would be it.
  assert.notEqual(summary(outcome), "answered");
});

test("an interim answer is not the answer", async () => {
  const port = await vendor((_, response) => response.writeEarlyHints({ link: "</x>; rel=preload" }, () => response.end("fine")));
  const sink = new Heard();
  await forwarding().forward(to(port), sink);
  assert.deepEqual(sink.told, ["200", "fine", "end"]);
});

test("a client that is slow is waited for; one that leaves ends the exchange", async () => {
  const port = await vendor((request, response) => {
    response.write("one");
    if (request.url === "/long") return;
    setTimeout(() => response.end("two"), 20);
  });
  const slow = new Heard({ slow: true });
  const forwarder = forwarding();
  const outcome = forwarder.forward(to(port), slow);
  while (slow.told.length < 2) await pause(1);
  await pause(60);
  assert.deepEqual(slow.told, ["200", "one"], "the second piece waits");
  slow.drain();
  while (slow.told.length < 3) await pause(1);
  slow.drain();
  assert.equal(summary(await outcome), "answered");
  const leaving = new Heard();
  const left = forwarder.forward(to(port, { pathAndQuery: "/long" }), leaving);
  while (leaving.told.length < 2) await pause(1);
  leaving.leave();
  assert.equal(summary(await left), "client-left");
  assert.ok(!leaving.told.includes("abort"));
});

test("the whole exchange has its time, in the queue for a connection too, and is not begun afterwards", async () => {
  const asked: string[] = [];
  const port = await vendor((request, response) => {
    asked.push(request.url ?? "");
    response.write("a");
    if (request.url === "/first") setTimeout(() => response.end(), 120);
  });
  let dials = 0;
  const forwarder = forwarding({
    totalMs: 60,
    connectionsPerDestination: 1,
    // The queue moves on when the first one's time is up, a moment before the second one's is: a dial that takes longer than that moment.
    resolve: async () => {
      dials += 1;
      if (dials > 1) await pause(60);
      return ["127.0.0.1"];
    },
  });
  const place = { connectTo: { host: "queue.example", port } };
  const endless = new Heard();
  const first = forwarder.forward(to(port, { ...place, pathAndQuery: "/first" }), endless);
  const queued = new Heard();
  const second = forwarder.forward(to(port, { ...place, pathAndQuery: "/second" }), queued);
  assert.equal(summary(await first), "timeout in mid-answer");
  assert.deepEqual(endless.told, ["200", "a", "abort"]);
  assert.equal(summary(await second), "timeout");
  await pause(120);
  assert.equal(dials, 2);
  assert.deepEqual([queued.told, asked], [[], ["/first"]]);
});

test("a socket that is ready is handed out once, while it is open", async () => {
  const port = await listening(createTcp((socket) => socket.on("error", () => undefined)));
  const ready = new ReadySockets();
  const open = async (): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    ready.put(socket);
    return socket;
  };
  const [one, two] = [await open(), await open()];
  assert.equal(ready.size, 2);
  assert.equal(ready.take(), one);
  two.destroy();
  assert.equal(ready.take(), undefined);
  const ended = await open();
  ended.push(null);
  ended.resume();
  await once(ended, "end");
  assert.equal(ready.take(), undefined, "the vendor has ended it");
  const last = await open();
  ready.close();
  assert.deepEqual([last.destroyed, Number(ready.size)], [true, 0]);
  one.destroy();
});

for (const [code, is] of [
  ["ETIMEDOUT", "timeout"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["ECONNREFUSED", "connect"],
  ["EHOSTUNREACH", "connect"],
  ["EPROTO", "tls"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "tls"],
  ["CERT_HAS_EXPIRED", "tls"],
  [undefined, "tls"],
] as const) {
  test(`a dial that fails by ${code ?? "an error without a code"} is told as ${is}`, () =>
    assert.equal(dialFault(Object.assign(new Error("x"), code === undefined ? {} : { code })), is));
}
