import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls, createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Answer } from "./answer.js";
import { FrameSession } from "./frames.js";

export type StreamFields = Record<string, string | string[]>;

/** How long an answer may take; a proxy that neither answers nor hangs up by then has hung. */
const PATIENCE_MS = 8_000;

/** What is spoken on a connection. */
interface Spoken {
  readonly protocol?: "http/1.1" | "http/2" | "frames";
  /** The socket under the connection's TLS. */
  readonly plain?: Socket;
  /** Of each HTTP/2 answer. */
  readonly window?: number;
}

/** A client's connection that sends any bytes and reads answers one by one. */
export class AttackConnection {
  readonly #socket: Duplex;
  #seen = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  readonly #session: ClientHttp2Session | undefined;
  readonly #frames: FrameSession | undefined;
  #goneAway: number | undefined;

  /** @param protocol `http/2`: frames are left to Node's own client; `frames`: they are written by hand */
  constructor(socket: Duplex, { protocol = "http/1.1", plain, window = 65_535 }: Spoken = {}) {
    this.#socket = socket;
    this.#session = protocol === "http/2" ? connectHttp2("https://tunnel.example", { createConnection: () => socket, settings: { initialWindowSize: window } }) : undefined;
    this.#session?.on("error", () => undefined);
    this.#session?.on("goaway", (code: number) => (this.#goneAway = code));
    this.#session?.on("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
    this.#frames = protocol === "frames" && plain !== undefined ? new FrameSession(socket, plain) : undefined;
    if (protocol !== "http/1.1") return;
    // It may have ended while what stands before all requests was written.
    this.#ended = socket.destroyed;
    socket.on("data", (piece: Buffer) => {
      this.#seen = Buffer.concat([this.#seen, piece]);
      this.#wake?.();
    });
    const over = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    for (const event of ["end", "close", "error"]) socket.on(event, over);
  }

  /** @param size bytes of each write; undefined: all in one */
  async send(bytes: Buffer, size: number | undefined): Promise<void> {
    if (bytes.length > 0) await writeInPieces(this.#socket, bytes, size, () => this.#ended);
  }

  end(): void {
    this.#socket.end();
  }

  /** Reads nothing, until it reads on. */
  hold(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  /** Once the connection has ended: the code of HTTP/2's GOAWAY, where one came. */
  async over(): Promise<number | undefined> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!this.#ended) {
      if (Date.now() > deadline) throw new Error("The connection is not ended.");
      await this.#something();
    }
    return this.#goneAway;
  }

  destroy(): void {
    this.#socket.on("error", () => undefined);
    this.#socket.destroy();
  }

  /** One HTTP/2 exchange; undefined where the stream or its session ends without an answer. */
  async stream(fields: Readonly<StreamFields>, body: Buffer, trailers: Readonly<Record<string, string>> | undefined): Promise<Answer | undefined> {
    const session = this.#session;
    if (session === undefined || session.destroyed) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
      const settle = (answer: Answer | undefined): void => {
        clearTimeout(timer);
        resolve(answer);
      };
      let status = 0;
      let head = "";
      const pieces: Buffer[] = [];
      try {
        const stream = session.request(fields, { endStream: body.length === 0 && trailers === undefined, waitForTrailers: trailers !== undefined });
        stream.on("response", (received) => {
          status = received[":status"] ?? 0;
          head = JSON.stringify(received);
        });
        stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers }));
        stream.on("data", (piece: Buffer) => pieces.push(piece));
        stream.on("error", () => undefined);
        stream.on("close", () => settle(status === 0 ? undefined : { status, head, body: Buffer.concat(pieces).toString("utf8"), cut: stream.rstCode !== 0 }));
        if (body.length > 0 || trailers !== undefined) stream.end(body);
      } catch {
        settle(undefined);
      }
    });
  }

  /** Asks so often, and waits until so many of the answers were cut or nobody will. @returns how many were */
  async unread(fields: Readonly<StreamFields>, answers: number, cut: number): Promise<number> {
    let over = 0;
    for (let asked = 0; asked < answers; asked += 1) {
      const stream = this.#session?.request(fields);
      stream?.on("error", () => undefined).on("close", () => (over += 1));
    }
    const deadline = Date.now() + PATIENCE_MS / 2;
    while (over < cut && Date.now() < deadline) await pause(20);
    await pause(50);
    return over;
  }

  /** One HTTP/2 exchange in frames written by hand. */
  async byFrames(...exchange: Parameters<FrameSession["exchange"]>): Promise<Answer | undefined> {
    return this.#frames?.exchange(...exchange);
  }

  /** Waits for an answer that is not final, as 100 is. */
  async interim(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const read = readAnswer(this.#seen, this.#ended);
      if (read !== undefined && read.answer.status < 200) {
        this.#seen = this.#seen.subarray(read.used);
        return;
      }
      if (read !== undefined || this.#ended || Date.now() > deadline) throw new Error(`Not told to go on: ${read?.answer.head ?? "no answer"}`);
      await this.#something();
    }
  }

  /** Until something has come, or a moment is over. */
  async stirred(): Promise<void> {
    await this.#something();
  }

  async #something(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 250).unref();
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The next answer that is final; undefined where the connection ends without one. */
  async answer(toHead = false): Promise<Answer | undefined> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const read = readAnswer(this.#seen, this.#ended, toHead);
      if (read !== undefined) {
        this.#seen = this.#seen.subarray(read.used);
        if (read.answer.status >= 200) return read.answer;
        continue;
      }
      if (this.#ended) return undefined;
      if (Date.now() > deadline) throw new Error(`No answer and no end after ${PATIENCE_MS} ms: the proxy hangs.`);
      await this.#something();
    }
  }
}

/** @param size bytes of each write, each in a turn of its own; undefined: all in one */
export async function writeInPieces(socket: Duplex, bytes: Buffer, size: number | undefined, over = (): boolean => socket.destroyed): Promise<void> {
  if (size === undefined) {
    socket.write(bytes);
    return;
  }
  for (let at = 0; at < bytes.length && !over(); at += size) {
    socket.write(bytes.subarray(at, at + size));
    await pause(1);
  }
}

interface Read {
  readonly answer: Answer;
  /** Bytes up to its end. */
  readonly used: number;
}

/** RFC 9112, section 6.3: none to HEAD, by Content-Length, by chunks, or to the connection's end. */
function readAnswer(seen: Buffer, ended: boolean, toHead = false): Read | undefined {
  const end = seen.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = seen.subarray(0, end).toString("latin1");
  const status = Number(head.split(" ", 2)[1]);
  const rest = seen.subarray(end + 4);
  if (status < 200 || status === 204 || status === 304 || toHead) return { answer: { status, head, body: "" }, used: end + 4 };
  const length = /^content-length: *([0-9]+)$/im.exec(head)?.[1];
  if (length !== undefined) {
    if (rest.length < Number(length) && !ended) return undefined;
    return { answer: { status, head, body: rest.subarray(0, Number(length)).toString("utf8"), cut: rest.length < Number(length) }, used: end + 4 + Number(length) };
  }
  if (/^transfer-encoding: *chunked$/im.test(head)) {
    const read = readChunks(rest);
    if (read === undefined && !ended) return undefined;
    return { answer: { status, head, body: read?.body ?? rest.toString("utf8"), cut: read === undefined }, used: end + 4 + (read?.used ?? rest.length) };
  }
  if (/^HTTP\/1\.1 200 Connection/.test(head)) return { answer: { status, head, body: "" }, used: end + 4 };
  return ended ? { answer: { status, head, body: rest.toString("utf8") }, used: seen.length } : undefined;
}

/**
 * @returns undefined where the last chunk is not there yet
 * @throws Error where something else stands in a chunk's place (RFC 9112, section 7.1)
 */
function readChunks(bytes: Buffer): { readonly body: string; readonly used: number } | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = bytes.subarray(at, line).toString("latin1");
    if (!/^[0-9a-f]{1,8}$/i.test(size)) throw new Error(`The answer's chunk has no size: ${size.slice(0, 100)}`);
    const end = line + 2 + Number.parseInt(size, 16);
    if (bytes.length < end + 2) return undefined;
    if (bytes.subarray(end, end + 2).toString("latin1") !== "\r\n") throw new Error("The answer's chunk is not as long as it says.");
    if (end === line + 2) return { body: Buffer.concat(pieces).toString("utf8"), used: end + 2 };
    pieces.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
}

export async function openSocket(port: number, localAddress?: string): Promise<Socket> {
  const socket = connectTcp({ host: "127.0.0.1", port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
  await once(socket, "connect");
  socket.on("error", () => undefined);
  return socket;
}

/** Sends a CONNECT and reads its answer byte by byte, so that nothing that follows is taken from the tunnel. */
export async function openTunnel(socket: Socket, connect: Buffer): Promise<Answer | undefined> {
  socket.write(connect);
  let seen = Buffer.alloc(0);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const piece: unknown = socket.read();
    if (Buffer.isBuffer(piece)) {
      seen = Buffer.concat([seen, piece]);
      const end = seen.indexOf("\r\n\r\n");
      if (end >= 0 && seen.subarray(0, 12).toString("latin1") === "HTTP/1.1 200") {
        if (seen.length > end + 4) socket.unshift(seen.subarray(end + 4));
        return { status: 200, head: seen.subarray(0, end).toString("latin1"), body: "" };
      }
      const refused = readAnswer(seen, socket.readableEnded);
      if (refused !== undefined) return refused.answer;
      continue;
    }
    if (socket.readableEnded || socket.destroyed) return readAnswer(seen, true)?.answer;
    if (Date.now() > deadline) throw new Error("The CONNECT was never answered: the proxy hangs.");
    await stirred(socket);
  }
}

/** Until there is more to read, or an end, or for a quarter of a second. Leaves no listener behind, however often it is asked. */
function stirred(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      socket.off("readable", over).off("end", over).off("close", over);
      resolve();
    };
    const timer = setTimeout(over, 250);
    socket.on("readable", over).on("end", over).on("close", over);
  });
}

/** The usual client's context by its CA: making one takes longer than the handshake. */
const CONTEXTS = new Map<string, SecureContext>();

function usualContext(caPem: string): SecureContext {
  const made = CONTEXTS.get(caPem) ?? createSecureContext({ ca: caPem });
  CONTEXTS.set(caPem, made);
  return made;
}

export interface Handshake {
  readonly serverName: string | undefined;
  readonly alpn: readonly string[] | undefined;
  readonly version: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3" | undefined;
  readonly caPem: string;
  /** The client's certificate and key. */
  readonly client?: { readonly pem: string; readonly keyPem: string };
}

/** @returns undefined where no session stands */
export async function secure(socket: Socket, handshake: Handshake): Promise<TLSSocket | undefined> {
  const { version, alpn, serverName } = handshake;
  const old = version === "TLSv1" || version === "TLSv1.1";
  const session = connectTls({
    socket,
    ...(version === undefined && handshake.client === undefined ? { secureContext: usualContext(handshake.caPem) } : { ca: handshake.caPem }),
    ...(handshake.client === undefined ? {} : { cert: handshake.client.pem, key: handshake.client.keyPem }),
    ...(serverName === undefined ? { servername: "" } : { servername: serverName }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
    ...(old ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    // The handshake may name another host than the tunnel; which name the leaf proves is proved in test/tls.
    checkServerIdentity: () => undefined,
  });
  session.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The TLS handshake never ended: the proxy hangs.")), PATIENCE_MS).unref();
    const settle = (made: TLSSocket | undefined) => (): void => {
      clearTimeout(timer);
      resolve(made);
    };
    session.once("secureConnect", settle(session)).once("close", settle(undefined)).once("error", settle(undefined));
  });
}

/** Whether a second handshake comes about in a session of TLS 1.2. */
export async function renegotiated(session: Socket): Promise<boolean> {
  if (!(session instanceof TLSSocket)) throw new Error("Only TLS renegotiates.");
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("The second handshake never ended: the proxy hangs.")), PATIENCE_MS).unref();
    session.once("close", () => resolve(false));
    session.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null));
  });
}
