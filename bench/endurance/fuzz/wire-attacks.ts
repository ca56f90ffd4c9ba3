import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AttackConnection, openSocket, openTunnel, secure } from "../../../test/bypass/client.js";
import type { Rig } from "../../../test/bypass/rig.js";
import { SPECIMENS } from "../../../test/bypass/specimen.js";
import { type Dice, fuzzedMessage } from "../../../test/fuzz/mutations.js";
import { EndedStreams, fuzzedOpening, fuzzedStreams } from "./http2-frames.js";
import { mutated } from "./mutator.js";

/** One connection of hostile bytes. @returns how many requests were on it */
export type WireAttack = (rig: Rig, dice: Dice, note: (bytes: Buffer) => void) => Promise<number>;

const HUB = "app.diffgram.com";
/** Answers that a connection is used for at most; most are ended before, by what was said on them. */
const MESSAGES = 32;
/** Streams of HTTP/2 in one write. */
const STREAMS = 4;
/** What is left unfinished on purpose is waited for this long. */
const HALF_SENT_MS = 500;
/** What a connection that neither answers nor ends may last: past the proxy's own time limits, with room for a busy machine. */
const PATIENCE_MS = 30_000;

async function tunnel(rig: Rig): Promise<Socket> {
  const socket = await openSocket(rig.proxyPort);
  const opened = await openTunnel(socket, Buffer.from(`CONNECT ${HUB}:443 HTTP/1.1\r\nHost: ${HUB}:443\r\n\r\n`));
  if (opened?.status !== 200) throw new Error(`The tunnel was answered ${opened?.status ?? 0}.`);
  return socket;
}

async function tunnelled(rig: Rig, alpn: readonly string[] | undefined): Promise<Duplex> {
  const socket = await tunnel(rig);
  const session = await secure(socket, { serverName: HUB, alpn, version: undefined, caPem: rig.caPem });
  if (session === undefined) throw new Error("The tunnel's TLS failed.");
  return session;
}

/** HTTP/1.1 inside TLS, one message after the other. */
const insideTls: WireAttack = async (rig, dice, note) => {
  const connection = new AttackConnection(await tunnelled(rig, undefined));
  try {
    return await messages(connection, dice, note, (message) => message);
  } finally {
    connection.destroy();
  }
};

/** The same in plain HTTP, by a proxy's absolute form. */
const plainly: WireAttack = async (rig, dice, note) => {
  const connection = new AttackConnection(await openSocket(rig.proxyPort));
  const toPlain = (message: Buffer): Buffer =>
    Buffer.from(
      message
        .toString("latin1")
        .replaceAll(HUB, "plain.operator.example")
        .replace("/api/walrus/eventhub/new", "http://plain.operator.example/in"),
      "latin1",
    );
  try {
    return await messages(connection, dice, note, toPlain);
  } finally {
    connection.destroy();
  }
};

async function messages(
  connection: AttackConnection,
  dice: Dice,
  note: (bytes: Buffer) => void,
  as: (message: Buffer) => Buffer,
): Promise<number> {
  let answered = 0;
  while (answered < MESSAGES) {
    // Half of the time several in one write: a pipeline, whose bounds are as hostile as its messages.
    const sent = Array.from({ length: dice.below(2) === 0 ? 1 : 4 }, () => as(fuzzedMessage(dice)));
    const bytes = Buffer.concat(sent);
    note(bytes);
    await connection.send(bytes, undefined);
    for (const _ of sent) {
      if ((await connection.answer()) === undefined) return Math.max(1, answered);
      answered += 1;
    }
  }
  return answered;
}

/** HTTP/2 frames by hand. A request that the server did not come to, since it ended the session before, is none. */
const frames: WireAttack = async (rig, dice, note) => {
  const session = await tunnelled(rig, ["h2"]);
  const ended = new EndedStreams();
  session.on("error", () => undefined).on("data", (piece: Buffer) => ended.take(piece));
  const opening = fuzzedOpening(dice);
  session.write(opening);
  for (let opened = 0; opened < MESSAGES && !session.destroyed; opened += STREAMS) {
    const bytes = fuzzedStreams(dice, opened * 2 + 1, STREAMS);
    note(opened === 0 ? Buffer.concat([opening, bytes]) : bytes);
    session.write(bytes);
    // An honest server ends what it can't read, and what it can read it answers; what has no end waits for the server's own limits.
    if (await endsWithin(session, HALF_SENT_MS, ended.reached(opened + STREAMS))) break;
  }
  session.destroy();
  return Math.max(1, ended.count);
};

/** @returns a ClientHello attack by CONNECT or redirection, from a real client's first bytes */
export function hellos(hello: Buffer): WireAttack {
  const words = ["160301", "01000100", "0000", "0010", "fe0d", "ffff"].map((hex) => Buffer.from(hex, "hex"));
  return async (rig, dice, note) => {
    const bytes = mutated(hello, dice, [...words, Buffer.from("evil.example"), Buffer.from(HUB)], hello);
    note(bytes);
    const socket = dice.below(2) === 0 ? await openSocket(rig.transparentPort) : await tunnel(rig);
    socket.resume();
    socket.write(bytes);
    await endsWithin(socket, HALF_SENT_MS);
    socket.destroy();
    return 1;
  };
}

/**
 * Waits for the other side's end, or for what makes waiting vain, for a while: half of all attackers leave before the server does.
 * @returns whether the other side has ended
 */
function endsWithin(stream: Duplex, ms: number, vain?: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ended: boolean): void => {
      clearTimeout(timer);
      stream.off("close", over).off("end", over);
      resolve(ended);
    };
    const over = (): void => settle(true);
    const timer = setTimeout(() => settle(false), ms);
    stream.on("close", over).on("end", over);
    void vain?.then(() => settle(false));
  });
}

/**
 * The bytes of an attack that seemed to hang, once more and alone: a busy machine looks like a hang where two dozen wait.
 * @throws where there is neither an answer nor an end this time, either
 */
export async function replay(rig: Rig, kind: string, bytes: Buffer): Promise<void> {
  const stream =
    kind === "http1-plain"
      ? await openSocket(rig.proxyPort)
      : kind === "hello"
        ? await tunnel(rig)
        : await tunnelled(rig, kind === "http2" ? ["h2"] : undefined);
  stream.on("error", () => undefined);
  stream.write(bytes);
  await inTime(Promise.race([once(stream, "data"), once(stream, "close"), once(stream, "end")])).finally(() => stream.destroy());
}

/** @throws where a clean event is not let out any more */
export async function serves(rig: Rig): Promise<void> {
  const connection = new AttackConnection(await tunnelled(rig, undefined));
  const body = String(SPECIMENS["clean"]);
  try {
    await connection.send(
      Buffer.from(
        `POST /api/walrus/eventhub/new HTTP/1.1\r\nHost: ${HUB}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
      undefined,
    );
    const answer = await connection.answer();
    if (answer?.status !== 200) throw new Error(`A clean event is answered ${answer?.status ?? 0}.`);
  } finally {
    connection.destroy();
  }
}

export const WIRE_ATTACKS: Readonly<Record<string, WireAttack>> = { "http1-tls": insideTls, "http1-plain": plainly, http2: frames };

/** Fails where an attack takes longer than any of the proxy's limits lets it. */
export function inTime<Result>(attack: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Neither an answer nor an end: the proxy hangs.")), PATIENCE_MS);
  });
  return Promise.race([attack, late]).finally(() => clearTimeout(timer));
}
