import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { listenExplicit } from "../../src/listen/explicit-listener.js";
import { type Listener, type ListenerOptions, openListener } from "../../src/listen/listener.js";
import { eventually } from "../support/running-proxy.js";
import { anywhere, client, type Serving, serving } from "./serving.js";

/* How connections come and go, whatever they are served with: real sockets, and no proxy behind them. */

async function behind(context: TestContext, made: Promise<Serving>): Promise<Serving> {
  const parts = await made;
  context.after(() => parts.remove());
  return parts;
}

async function opened(context: TestContext, listener: Promise<Listener>): Promise<Listener> {
  const open = await listener;
  context.after(() => open.drain(0));
  return open;
}

/** Serves a connection by waiting for its end. */
const hold: ListenerOptions["serve"] = async (socket) => {
  // Sockets are kept half open for those that end their side behind the last request.
  socket.once("end", () => socket.destroy());
  socket.resume();
  await once(socket, "close");
};

const NO_ROOM = Buffer.from("no room");
const ASK = "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n";

test("a connection too many is told so and served nothing, and whoever leaves makes room", { timeout: 60_000 }, async (context) => {
  const { parts, blocked } = await behind(context, serving());
  const served: unknown[] = [];
  const serve: ListenerOptions["serve"] = async (socket, ...rest) => {
    served.push(socket);
    await hold(socket, ...rest);
  };
  const options = { ...anywhere(1, NO_ROOM), ...parts, handshakeMs: 1_000, serve };
  const { address } = await opened(context, openListener(options));
  const first = await client(address.port);
  await eventually("the first is served", () => served.length === 1);
  const second = await client(address.port);
  assert.equal(await second.over(), "no room");
  second.socket.destroy();
  assert.deepEqual([served.length, blocked], [1, ["quota-exceeded"]]);
  first.socket.destroy();
  await eventually("there is room again", async () => {
    const another = await client(address.port);
    context.after(() => another.socket.destroy());
    return served.length === 2;
  });
});

test("where plain HTTP would not be understood a connection too many is closed without a word", { timeout: 60_000 }, async (context) => {
  const { parts } = await behind(context, serving());
  const { address } = await opened(context, openListener({ ...anywhere(0), ...parts, handshakeMs: 1_000, serve: hold }));
  const turnedAway: boolean[] = [];
  // Told behind "connection", so that what the listener did at once can be seen.
  const see = (message: unknown): void => {
    const socket = typeof message === "object" && message !== null && "socket" in message ? message.socket : undefined;
    if (socket instanceof Socket && socket.localPort === address.port) turnedAway.push(true);
    else if (socket instanceof Socket && socket.destroyed) turnedAway.push(false);
  };
  subscribe("net.server.socket", see);
  context.after(() => unsubscribe("net.server.socket", see));
  const { socket, over } = await client(address.port);
  context.after(() => socket.destroy());
  assert.equal(await over(), "");
  // An open one would still know its port.
  assert.deepEqual(turnedAway, [false]);
});

test("of many connections too many at once not all are told, so that telling them is no way to keep places", {
  timeout: 60_000,
}, async (context) => {
  const { parts } = await behind(context, serving());
  const { address } = await opened(context, openListener({ ...anywhere(0, NO_ROOM), ...parts, handshakeMs: 1_000, serve: hold }));
  const many = await Promise.all(Array.from({ length: 400 }, async () => client(address.port)));
  context.after(() => many.forEach(({ socket }) => socket.destroy()));
  const heard = await Promise.all(many.map(async ({ over }) => over()));
  assert.ok(heard.includes("no room"));
  assert.ok(heard.includes(""));
});

test("a drain closes what rests at once, and lets what is in flight end", { timeout: 60_000 }, async (context) => {
  let release = (): void => undefined;
  const { parts } = await behind(
    context,
    serving(async (_, __, answer) => {
      await new Promise<void>((resolve) => (release = resolve));
      answer.head(200, [["Content-Length", "4"]]);
      answer.data(Buffer.from("late"));
      answer.end();
    }),
  );
  // Far longer than this test may take, as the drain's own time: what rests is not waited for.
  const listener = await listenExplicit(anywhere(), { ...parts, bounds: { ...parts.bounds, idleMs: 600_000, headersMs: 600_000 } });
  const resting = await client(listener.address.port);
  const halfway = await client(listener.address.port);
  halfway.socket.write(ASK);
  const busy = await client(listener.address.port);
  const before = release;
  busy.socket.write(`${ASK}\r\n`);
  await eventually("an exchange is in flight", () => release !== before);
  const drained = listener.drain(600_000);
  assert.deepEqual([await resting.over(), await halfway.over()], ["", ""]);
  assert.equal(busy.heard(), "");
  release();
  assert.match(await busy.over(), /\r\n\r\nlate$/);
  for (const { socket } of [resting, halfway, busy]) socket.destroy();
  await drained;
});

for (const [sentence, thrown, fault] of [
  ["an error", new TypeError("patient-4711"), "TypeError"],
  ["nothing at all", undefined, "unknown"],
] as const) {
  test(`a connection that can't be served for ${sentence} ends alone, and the log names no more than the kind`, {
    timeout: 60_000,
  }, async (context) => {
    const { parts, errors } = await behind(context, serving());
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- What others throw need not be an error.
    const serve = (): Promise<void> => Promise.reject(thrown);
    const { address } = await opened(context, openListener({ ...anywhere(), ...parts, handshakeMs: 1_000, serve }));
    const first = await client(address.port);
    assert.equal(await first.over(), "");
    first.socket.destroy();
    assert.deepEqual(
      errors.map((fields) => fields["fault"]),
      [fault],
    );
    assert.doesNotMatch(JSON.stringify(errors), /patient/);
    const second = await client(address.port);
    await second.over();
    second.socket.destroy();
    assert.equal(errors.length, 2);
  });
}

test("an exchange that ends its connection is no fault", { timeout: 60_000 }, async (context) => {
  const { parts, errors } = await behind(context, serving());
  const { address } = await opened(context, listenExplicit(anywhere(), parts));
  const { socket, over } = await client(address.port);
  socket.write(`${ASK}Connection: close\r\n\r\n`);
  assert.match(await over(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  socket.end();
  await once(socket, "close");
  assert.deepEqual(errors, []);
});

test("a client that is silent is asked within a minute whether it is there", { skip: process.platform !== "linux" }, async (context) => {
  const { parts } = await behind(context, serving());
  const { address } = await opened(context, openListener({ ...anywhere(1, NO_ROOM), ...parts, handshakeMs: 1_000, serve: hold }));
  const { socket } = await client(address.port);
  context.after(() => socket.destroy());
  const port = address.port.toString(16).toUpperCase().padStart(4, "0");
  // The kernel's table: local address, remote, state (01: established), queues, then timer (02: keep-alive) and its time in hundredths of a second.
  const timer = (): string[] | undefined =>
    readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .find((fields) => fields[1]?.endsWith(`:${port}`) === true && fields[3] === "01")?.[5]
      ?.split(":");
  await eventually("the connection stands", () => timer() !== undefined);
  const [kind, left] = timer() ?? [];
  assert.equal(kind, "02");
  assert.ok(Number.parseInt(left ?? "", 16) <= 60 * 100, left);
});
