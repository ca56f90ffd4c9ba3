import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { packageRoot } from "../../src/config/package-root.js";
import { eventually, type Metrics, scrape } from "../support/running-proxy.js";
import { bytesOf } from "./bytes.js";
import { type AttackCase, readCaseFiles, type RequestCase, requestsOf } from "./case-file.js";
import type { Answer } from "./answer.js";
import { AttackConnection, openSocket, openTunnel, renegotiated, secure, writeInPieces } from "./client.js";
import { askUnread, closedToAll, daysLater, flood, Guessers, refusesToStart, resetMidway, whileClockIsAhead } from "./lives.js";
import { judgeAnswer, judgeArrival } from "./judge.js";
import { type Rig, startRig, type Worlds } from "./rig.js";
import type { OwnDestination } from "./rig-policy.js";
import { SPECIMENS } from "./specimen.js";
import { headOf, HUB, streamFields, usualHead, write } from "./written.js";

export const CASE_FILES = readCaseFiles(join(packageRoot(), "test", "bypass"));

/** A case that must pass. */
export function isTwin(attack: AttackCase): boolean {
  return attack.idea === "twin";
}

/** The destination that a case brings with it, if any. */
export function ownDestination(attack: AttackCase, file: number, index: number): OwnDestination | undefined {
  const connect = attack.operator_connects === true;
  const lookUpMs = attack.look_up_ms ?? 0;
  if (attack.literal !== undefined) return { host: attack.literal, resolves: undefined, connect, lookUpMs };
  if (attack.resolves === undefined) return undefined;
  return { host: `case-${file}-${index}.operator.example`, resolves: attack.resolves, connect, lookUpMs };
}

/** All that any case brings. */
export function ownDestinations(): OwnDestination[] {
  return CASE_FILES.flatMap(({ cases }, file) => cases.flatMap((attack, index) => ownDestination(attack, file, index) ?? []));
}

/**
 * Carries one case out and judges what became of it.
 *
 * @throws AssertionError where anything is other than the case says
 */
export async function runCase(worlds: Worlds, attack: AttackCase, own: OwnDestination | undefined): Promise<void> {
  if (attack.start_refused !== undefined) {
    await refusesToStart(attack);
    return;
  }
  if (attack.drains === undefined) {
    const rig = await worlds.of(attack.world);
    await (attack.days_later === undefined ? runOn(rig, attack, own) : daysLater(rig, attack, () => runOn(rig, attack, own)));
    return;
  }
  const rig = await startRig([], "lives");
  try {
    await runOn(rig, attack, own);
  } finally {
    await rig.close();
  }
}

async function runOn(rig: Rig, attack: AttackCase, own: OwnDestination | undefined): Promise<void> {
  const from = attack.from === "fresh" ? freshAddress() : attack.from;
  const sockets: Socket[] = [];
  let held = 0;
  const counted = (attack.rises ?? attack.rises_at_most ?? attack.rises_by) === undefined ? undefined : await restingMetrics(rig, Object.keys(attack.rises_by ?? {}));
  const connectionsBefore = rig.vendor.connections();
  const logged = rig.log.length;
  const guessers = new Guessers();
  const open = async (address = from): Promise<Socket> => {
    const socket = await openSocket(portOf(attack, rig), address);
    sockets.push(socket);
    return socket;
  };
  try {
    for (; held < (attack.held ?? 0); held += 1) await holdOne(attack, await open(attack.held_apart === true ? freshAddress() : from), rig);
    if (attack.floods !== undefined) {
      await flood(portOf(attack, rig), attack.floods, from);
      return;
    }
    if (attack.guesses !== undefined) await guessers.open(rig, attack.guesses, attack.guesses.apart === true ? freshAddress : () => from);
    const requests = requestsOf(attack).flatMap((request) => Array<Written>(request.times ?? 1).fill({ request, ...write(request, attack, own, rig) }));
    if (attack.together === true) await playTogether(requests, attack, open, own, rig);
    else if (attack.unread !== undefined) await leaveUnread(attack, attack.unread, await open(), rig);
    else for (const ofOne of attack.reconnects === true ? requests.map((one) => [one]) : [requests]) await play(ofOne, attack, open, own, rig, guessers);
    for (const series of attack.rises ?? []) {
      const before = counted?.value(series) ?? 0;
      await eventually(`${series} rises over ${before}`, async () => ((await freshMetrics(rig)).value(series) ?? 0) > before);
    }
    for (const [series, most] of Object.entries(attack.rises_at_most ?? {})) {
      const more = ((await freshMetrics(rig)).value(series) ?? 0) - (counted?.value(series) ?? 0);
      assert.ok(more <= most, `${series} rises by ${more}, more than ${most}`);
    }
    const made = rig.vendor.connections() - connectionsBefore;
    assert.ok(made <= (attack.connections ?? made), `${made} connections at the vendor, more than ${attack.connections ?? 0}`);
    for (const [series, by] of Object.entries(attack.rises_by ?? {})) {
      const value = async (): Promise<number> => ((await freshMetrics(rig)).value(series) ?? 0) - (counted?.value(series) ?? 0);
      await eventually(`${series} rises by ${by}`, async () => (await value()) >= by);
      await pause(20);
      assert.equal(await value(), by, `${series} rises by more`);
    }
    const lines = (piece: string): number => rig.log.slice(logged).filter((line) => line.includes(piece)).length;
    for (const piece of attack.logs ?? []) {
      await eventually(`the log says ${piece}`, () => lines(piece) > 0);
      assert.equal(lines(piece), 1, `how often the log says ${piece}`);
    }
    assert.equal(lines("Serving a connection failed"), 0, "a connection ended by a fault of the proxy's own");
  } finally {
    guessers.close();
    const left = held === 0 ? undefined : await cutBodies(rig);
    for (const socket of sockets) socket.destroy();
    if (left !== undefined) await forgotten(rig, left + held);
  }
}

const shown = new WeakMap<Rig, string>();

/** Whoever asks often gets what was shown before (`observe/scrapes.ts`), and a count of then would pass for one of now. */
async function freshMetrics(rig: Rig): Promise<Metrics> {
  for (;;) {
    const metrics = await scrape(rig.metricsPort);
    if (metrics.text !== shown.get(rig)) {
      shown.set(rig, metrics.text);
      return metrics;
    }
    await pause(40);
  }
}

/** Once what the case before left behind is counted. */
async function restingMetrics(rig: Rig, series: readonly string[]): Promise<Metrics> {
  for (let before = await freshMetrics(rig); ; ) {
    if (series.length === 0) return before;
    await pause(30);
    const now = await freshMetrics(rig);
    if (series.every((one) => now.value(one) === before.value(one))) return now;
    before = now;
  }
}

/** Bodies so far whose client left in the middle. */
async function cutBodies(rig: Rig): Promise<number> {
  const { text } = await freshMetrics(rig);
  return [...text.matchAll(/^egress_blocked_total\{.*reason="body-incomplete"\} ([0-9]+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Whoever comes next must not be turned away for the sake of clients that are gone: until so many are known to be. */
async function forgotten(rig: Rig, cut: number): Promise<void> {
  for (let tries = 100; tries > 0 && (await cutBodies(rig)) < cut; tries -= 1) await pause(10);
  await pause(20);
}

type Written = ReturnType<typeof write> & { readonly request: RequestCase };

/** The requests of one connection. */
async function play(requests: readonly Written[], attack: AttackCase, open: () => Promise<Socket>, own: OwnDestination | undefined, rig: Rig, guessers: Guessers): Promise<void> {
  const { vendor } = rig;
  if (attack.first_tunnel !== undefined) (await connectionFor({ ...attack, tunnel: attack.first_tunnel, resets: undefined }, await open(), rig))?.end();
  // Whoever proved itself before is known.
  if (attack.guesses !== undefined && attack.connect_refused === undefined) (await connectionFor(attack, await open(), rig))?.destroy();
  const arrivedBefore = vendor.arrived.length;
  const rawBefore = vendor.raw.length;
  let turnedAway: Promise<boolean> | undefined;
  const connection = await connectionFor(attack, await open(), rig, () => {
    if (attack.guesses !== undefined) turnedAway = guessers.guess(attack.guesses.name);
  });
  if (turnedAway !== undefined) assert.ok(await turnedAway, "nobody is turned away, however many guess");
  if (connection === undefined) return;
  if (attack.drains !== undefined) await drainMidway(attack, connection, requests[0], open, rig);
  if (attack.asks_unread !== undefined) {
    assert.ok((await askUnread(connection, requests[0]?.bytes ?? Buffer.alloc(0), attack.asks_unread, rig)) < attack.asks_unread, "all was served while nothing was read");
    return;
  }
  if (attack.pipelined === true) await connection.send(Buffer.concat(requests.map(({ bytes }) => bytes)), attack.write_size);
  let expected = 0;
  for (const { request, bytes, body } of requests) {
    if (request.minutes_later !== undefined) await sendLater(connection, bytes, body, request.minutes_later);
    else if (attack.drains !== undefined) await connection.send(bytes.subarray(-1), undefined);
    else if (attack.pipelined !== true && !isStream(request)) await connection.send(bytes, attack.write_size);
    if (attack.ends === true) connection.end();
    if (request.leaves === true) {
      await eventually("the vendor has the request", () => vendor.arrived.length > arrivedBefore + expected);
      connection.destroy();
      expected += 1;
      continue;
    }
    const answer = await answerTo(request, connection, attack, body);
    judgeAnswer(request, answer);
    if (request.delivered === true) expected += 1;
    if (request.delivered === true) judgeArrival(request, body, vendor.arrived[arrivedBefore + expected - 1]);
  }
  // What is still on its way would arrive within a turn or two of the loop.
  await pause(5);
  const statusOnly = requests.some(({ request }) => (request.status !== undefined && request.kept !== true) || request.breaks_off === true);
  if (!statusOnly) assert.equal(vendor.arrived.length - arrivedBefore, expected, "messages that reached the vendor");
  if (attack.look_ups !== undefined && own !== undefined) assert.equal(rig.lookUps(own.host), attack.look_ups, "look-ups of the name");
  if (expected === 0 && !statusOnly) assert.equal(vendor.raw.length, rawBefore, "bytes reached the vendor");
}

/** Milliseconds from one request to the next, so that their order is theirs. */
const APART_MS = 20;

/** Each on a connection of its own, all in flight; of what arrives at the vendor only the number is judged. */
async function playTogether(requests: readonly Written[], attack: AttackCase, open: () => Promise<Socket>, own: OwnDestination | undefined, rig: Rig): Promise<void> {
  const connections: (AttackConnection | undefined)[] = [];
  for (const _ of requests) connections.push(await connectionFor(attack, await open(), rig));
  const arrivedBefore = rig.vendor.arrived.length;
  for (const [index, { bytes }] of requests.entries()) {
    await connections[index]?.send(bytes, attack.write_size);
    await pause(APART_MS);
  }
  for (const [index, { request }] of requests.entries()) if (request.leaves === true) connections[index]?.destroy();
  for (const [index, { request }] of requests.entries()) if (request.leaves !== true) judgeAnswer(request, await connections[index]?.answer());
  const reaching = requests.filter(({ request }) => request.delivered === true || request.status !== undefined).length;
  assert.equal(rig.vendor.arrived.length - arrivedBefore, reaching, "messages that reached the vendor");
  if (attack.look_ups !== undefined && own !== undefined) assert.equal(rig.lookUps(own.host), attack.look_ups, "look-ups of the name");
}

/** A client whose window for each answer is zero. */
async function leaveUnread(attack: AttackCase, { path, answers, cut }: NonNullable<AttackCase["unread"]>, socket: Socket, rig: Rig): Promise<void> {
  const connection = await connectionFor(attack, socket, rig);
  assert.ok(connection !== undefined, "no connection");
  assert.equal(await connection.unread(streamFields({ h2: { ":path": path } }, attack), answers, cut), cut, "answers that were cut");
}

function isStream(request: RequestCase): boolean {
  return request.h2 !== undefined || request.frames !== undefined;
}

async function answerTo(request: RequestCase, connection: AttackConnection, attack: AttackCase, body: Buffer): Promise<Answer | undefined> {
  if (request.frames !== undefined) return connection.byFrames(request.frames, streamFields(request, attack), SPECIMENS);
  return request.h2 === undefined ? connection.answer(isToHead(request)) : connection.stream(streamFields(request, attack), body, request.h2_trailers);
}

function isToHead(request: RequestCase): boolean {
  return request.start?.startsWith("HEAD ") === true;
}

/** The body is awaited, and comes when its time is over by the proxy's clock. */
async function sendLater(connection: AttackConnection, bytes: Buffer, body: Buffer, minutes: number): Promise<void> {
  await connection.send(bytes.subarray(0, bytes.length - body.length), undefined);
  await connection.interim();
  await whileClockIsAhead(minutes * 60_000, async () => {
    await connection.send(body, undefined);
    await connection.stirred();
  });
}

/** All but the last byte of a request is there when the proxy begins to drain; what rests beside it is ended before that byte comes. */
async function drainMidway(attack: AttackCase, busy: AttackConnection, written: Written | undefined, open: () => Promise<Socket>, rig: Rig): Promise<void> {
  if (written === undefined) throw new Error("A case that drains has a request.");
  const { bytes, body } = written;
  const resting = await connectionFor(attack, await open(), rig);
  const session = await connectionFor({ ...attack, alpn: ["h2"], requests: [{ h2: {} }] }, await open(), rig);
  await busy.send(bytes.subarray(0, bytes.length - body.length), undefined);
  await busy.interim();
  await busy.send(body.subarray(0, -1), undefined);
  void rig.drain();
  assert.equal(await session?.over(), 0, "what a session that rests is told by GOAWAY");
  await resting?.over();
  await closedToAll(rig.proxyPort);
}

let fresh = 0;

/** An address of this machine that no case came from before. */
function freshAddress(): string {
  fresh += 1;
  return `127.${77 + Math.floor(fresh / 65_025)}.${Math.floor(fresh / 255) % 255}.${(fresh % 255) + 1}`;
}

/** An exchange in flight: its head is there, its body is not. */
async function holdOne(attack: AttackCase, socket: Socket, rig: Rig): Promise<void> {
  const connection = await connectionFor({ ...attack, connect_refused: undefined }, socket, rig);
  const usual = usualHead({ type: "application/json" }, attack, true, undefined);
  const come = attack.held_bytes ?? 0;
  await connection?.send(headOf(`${usual}\nExpect: 100-continue`, { length: String(come === 0 ? 10 : come + 1) }), undefined);
  // Once it is told to go on, it was admitted.
  await connection?.interim();
  await connection?.send(Buffer.alloc(come, " "), 65_536);
  // Proxy and client are one process: what was written is read within a few turns of its loop.
  for (let turns = come === 0 ? 0 : 20; turns > 0; turns -= 1) await pause(1);
}

function portOf(attack: AttackCase, rig: Rig): number {
  if (attack.door === true) return rig.doorPort;
  if (attack.first_party === true) return rig.firstPartyPort;
  return attack.transparent === true ? rig.transparentPort : rig.proxyPort;
}

/** Undefined where the case ends before a request can be sent. */
async function connectionFor(attack: AttackCase, plain: Awaited<ReturnType<typeof openSocket>>, rig: Rig, beforeConnect = (): void => undefined): Promise<AttackConnection | undefined> {
  if (attack.introduced !== undefined) await writeInPieces(plain, bytesOf(attack.introduced, SPECIMENS), attack.write_size);
  const shown = attack.certificate === undefined ? {} : { client: rig.clients[attack.certificate] };
  if (attack.door === true && attack.resets !== undefined) {
    await resetMidway(plain, Buffer.alloc(0), attack.resets);
    return undefined;
  }
  if (attack.door === true && attack.tls === false) return new AttackConnection(plain);
  const socket = attack.door === true ? await secure(plain, { serverName: "egress-proxy", alpn: undefined, version: attack.renegotiates === "door" ? attack.tls_version : undefined, caPem: rig.caPem, ...shown }) : plain;
  assert.ok(socket !== undefined, "the proxy's own TLS failed");
  if (attack.renegotiates === "door") {
    assert.equal(await renegotiated(socket), false, "a second handshake in one session");
    return undefined;
  }
  if (attack.plain === true || attack.first_party === true || attack.resolves !== undefined || attack.literal !== undefined) return new AttackConnection(socket);
  const tunnel = attack.tunnel ?? HUB;
  if (attack.transparent === true) return secureConnection(attack, socket, tunnel, rig);
  const proof = attack.credentials === undefined ? "" : `Proxy-Authorization: Basic ${Buffer.from(attack.credentials).toString("base64")}\n`;
  const lines = attack.connect ?? `CONNECT ${tunnel} HTTP/1.1\nHost: ${attack.tunnel_host ?? tunnel}\n${proof}`;
  const ahead = attack.ahead === undefined ? Buffer.alloc(0) : bytesOf(attack.ahead, SPECIMENS);
  if (attack.resets !== undefined) {
    await resetMidway(socket, headOf(lines, SPECIMENS), attack.resets);
    return undefined;
  }
  beforeConnect();
  const opened = await openTunnel(socket, Buffer.concat([headOf(lines, SPECIMENS), ahead]));
  if (attack.connect_refused !== undefined) {
    judgeAnswer({ refused: attack.connect_refused, detail: attack.detail, answer_holds: attack.answer_holds }, opened);
    return undefined;
  }
  if (opened?.status !== 200 && attack.closed === true) return undefined;
  assert.equal(opened?.status, 200, `the tunnel: ${opened?.head ?? "closed"} ${opened?.body ?? ""}`);
  return secureConnection(attack, socket, tunnel, rig);
}

async function secureConnection(attack: AttackCase, socket: Awaited<ReturnType<typeof openSocket>>, tunnel: string, rig: Rig): Promise<AttackConnection | undefined> {
  if (attack.tls === false) return new AttackConnection(socket);
  const host = tunnel.slice(0, tunnel.lastIndexOf(":"));
  const session = await secure(socket, { serverName: attack.sni === null ? undefined : (attack.sni ?? host), alpn: attack.alpn, version: attack.tls_version, caPem: rig.caPem });
  if (session !== undefined && attack.renegotiates === "tunnel") {
    assert.equal(await renegotiated(session), false, "a second handshake in one session");
    return undefined;
  }
  if (session !== undefined) return new AttackConnection(session, { protocol: protocolOf(attack), plain: socket, ...(attack.unread === undefined ? {} : { window: 0 }) });
  assert.equal(attack.closed, true, "the TLS handshake failed");
  return undefined;
}

function protocolOf(attack: AttackCase): "http/1.1" | "http/2" | "frames" {
  const requests = requestsOf(attack);
  if (attack.unread !== undefined) return "http/2";
  if (requests.some((request) => request.frames !== undefined)) return "frames";
  return requests.some((request) => request.h2 !== undefined) ? "http/2" : "http/1.1";
}
