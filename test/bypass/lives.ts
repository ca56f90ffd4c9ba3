import assert from "node:assert/strict";
import { pbkdf2 } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { FaultsError } from "../../src/model/fault.js";
import type { AttackCase } from "./case-file.js";
import { type AttackConnection, openSocket, secure } from "./client.js";
import { type Rig, startRig } from "./rig.js";
import { SPECIMENS } from "./specimen.js";

/* What a case says of a proxy's life: how it starts and ends, what its clock says, and what many clients do in the same moment. */

const DAY = 86_400_000;
/** As `client.ts` has it: by then a proxy has hung. */
const PATIENCE_MS = 8_000;

/** What an emitter says first; a failure where it says nothing. */
async function heard(from: Socket, event: string): Promise<unknown> {
  const [said] = (await once(from, event, { signal: AbortSignal.timeout(PATIENCE_MS) })) as [unknown];
  return said;
}

/** A proxy whose file of credentials has these lines does not start, and says why. */
export async function refusesToStart(attack: AttackCase): Promise<void> {
  const started = await startRig([], "usual", attack.credential_lines).catch((error: unknown) => error);
  if (!(started instanceof FaultsError)) await (started as Rig).close?.();
  assert.ok(started instanceof FaultsError, "the proxy started");
  for (const piece of attack.start_refused ?? []) assert.ok(started.message.includes(piece), `it does not say ${piece}: ${started.message}`);
  for (const piece of attack.start_lacks ?? []) assert.equal(started.message.includes(piece), false, `it says ${piece}: ${started.message}`);
}

/** The clock that the proxy asks goes ahead while something happens; OpenSSL's own stays. */
export async function whileClockIsAhead<Result>(byMs: number, happens: () => Promise<Result>): Promise<Result> {
  const now = Date.now;
  Date.now = () => now() + byMs;
  try {
    return await happens();
  } finally {
    Date.now = now;
  }
}

/** Days later; then the clock is put right and the operator has the proxy read its files anew. */
export async function daysLater(rig: Rig, attack: AttackCase, happens: () => Promise<void>): Promise<void> {
  const before = await shownAtDoor(rig);
  assert.equal(await shownAtDoor(rig), before, "the proxy's own certificate changes from one connection to the next");
  try {
    await whileClockIsAhead((attack.days_later ?? 0) * DAY, async () => {
      await happens();
      if (attack.renews === true) assert.notEqual(await shownAtDoor(rig), before, "the proxy's own certificate is the old one");
    });
  } finally {
    await rig.reload();
  }
}

/** The serial number of the proxy's own certificate, whether or not it holds today. */
async function shownAtDoor(rig: Rig): Promise<string> {
  const session = connectTls({ host: "127.0.0.1", port: rig.doorPort, servername: "egress-proxy", rejectUnauthorized: false });
  await heard(session, "secureConnect");
  const { serialNumber } = session.getPeerCertificate();
  // Not at once: the end of its handshake may not be written yet.
  session.end();
  return serialNumber;
}

/** A client that is gone in the middle of its TLS handshake. */
export async function resetMidway(socket: Socket, connect: Buffer, when: NonNullable<AttackCase["resets"]>): Promise<void> {
  const hello = SPECIMENS["client-hello"] as Buffer;
  if (when === "answered") {
    if (connect.length > 0) {
      socket.write(connect);
      await heard(socket, "data");
    }
    socket.write(hello);
    await heard(socket, "data");
  } else {
    occupyThreads();
    socket.write(Buffer.concat([connect, hello]));
    // Turns of the loop, in which the hello is read and nothing else can be done about it.
    for (let turns = 0; turns < 6; turns += 1) await turn();
  }
  socket.resetAndDestroy();
}

/** Whoever wants a thread, as the signing of a certificate does, waits for longer than a connection takes to close. */
function occupyThreads(): void {
  for (let job = 0; job < 8; job += 1) pbkdf2("", "", 60_000, 64, "sha512", () => undefined);
}

/** More connections at once than there is room for, which stay open on the client's side. */
export async function flood(port: number, count: number, from: string | undefined): Promise<void> {
  const sockets = Array.from({ length: count }, () =>
    connectTcp({ host: "127.0.0.1", port, allowHalfOpen: true, ...(from === undefined ? {} : { localAddress: from }) }),
  );
  const told = await Promise.all(
    sockets.map(async (socket) => {
      let bytes = 0;
      socket.on("error", () => undefined);
      socket.on("data", (piece: Buffer) => (bytes += piece.length));
      await new Promise((resolve, reject) => {
        socket.once("end", resolve).once("close", resolve);
        setTimeout(() => reject(new Error("A connection too many is left open.")), PATIENCE_MS).unref();
      });
      return bytes > 0;
    }),
  );
  for (const socket of sockets) socket.destroy();
  assert.ok(told.includes(true), "nobody is told why there is no room");
  assert.ok(told.includes(false), `all ${count} are told, and are places while they are`);
}

/** Clients at the proxy's own TLS whose guesses are all written in one moment. */
export class Guessers {
  readonly #sessions: TLSSocket[] = [];

  async open(rig: Rig, guesses: NonNullable<AttackCase["guesses"]>, address: () => string | undefined): Promise<void> {
    while (this.#sessions.length < guesses.count) {
      const some = Array.from({ length: Math.min(20, guesses.count - this.#sessions.length) }, async () => {
        const socket = await openSocket(rig.doorPort, address());
        return secure(socket, { serverName: "egress-proxy", alpn: undefined, version: undefined, caPem: rig.caPem });
      });
      for (const session of await Promise.all(some)) if (session !== undefined) this.#sessions.push(session);
    }
  }

  /** @returns whether one of them is turned away: at once, while others wait */
  async guess(name: string): Promise<boolean> {
    const answers = this.#sessions.map(async (session, index) => {
      const proof = Buffer.from(`${name}:guess ${index}`).toString("base64");
      session.write(`CONNECT app.diffgram.com:443 HTTP/1.1\r\nHost: app.diffgram.com:443\r\nProxy-Authorization: Basic ${proof}\r\n\r\n`);
      const answer = String(await heard(session, "data"));
      assert.match(answer, /^HTTP\/1\.1 4(?:07|29) /, "how a guess is answered");
      if (!answer.startsWith("HTTP/1.1 429")) throw new Error("Not this one.");
    });
    return Promise.any(answers).then(
      () => true,
      () => false,
    );
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }
}

/** Requests whose answers nobody reads: past what the system holds for the two, no further one is served, and in the end each is answered. */
export async function askUnread(connection: AttackConnection, request: Buffer, count: number, rig: Rig): Promise<number> {
  const before = rig.vendor.arrived.length;
  connection.hold();
  await connection.send(Buffer.concat(Array.from({ length: count }, () => request)), undefined);
  let served = -1;
  for (let still = 0; still < 6; still += 1) {
    await pause(30);
    const arrived = rig.vendor.arrived.length - before;
    if (arrived !== served) still = 0;
    served = arrived;
  }
  connection.readOn();
  for (let answered = 0; answered < count; answered += 1) assert.notEqual(await connection.answer(), undefined, `the connection ended behind ${answered} of ${count} answers`);
  return served;
}

/** Nobody gets in any more. */
export async function closedToAll(port: number): Promise<void> {
  await assert.rejects(openSocket(port), /ECONNREFUSED/, "a proxy that drains takes a connection");
}
