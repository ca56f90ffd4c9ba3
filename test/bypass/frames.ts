import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { z } from "zod";
import { http2Frame } from "../support/http2-frame.js";
import type { Answer } from "./answer.js";
import { bytesOf, type Values } from "./bytes.js";

const lines = z.array(z.string());

/** Frames of one stream, as no client of Node's would send them (RFC 9113, section 6); those between two waits go in one write. */
export const frameStep = z.union([
  /** HEADERS: the usual fields, then these lines of `name: value` as they stand; or `only` these. */
  z.strictObject({ head: lines, only: z.literal(true).optional(), end: z.literal(true).optional() }),
  z.strictObject({ data: z.string(), end: z.literal(true).optional() }),
  z.strictObject({ trailers: lines }),
  /** RST_STREAM with this code (RFC 9113, section 7). */
  z.strictObject({ reset: z.number() }),
  /** As many PING frames, whose answers nobody here reads: the last step. */
  z.strictObject({ pings: z.number() }),
  /** Until the client was told to go on, or has the answer's head, or a piece of its body. */
  z.strictObject({ wait: z.enum(["continue", "head", "data"]) }),
  /** The connection is reset under it, as by a client's crash (TCP's RST). */
  z.strictObject({ breaks: z.literal(true) }),
  /** So many milliseconds. */
  z.strictObject({ pause: z.number() }),
]);
type Step = z.output<typeof frameStep>;

const PREFACE = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), http2Frame(4, 0, 0, Buffer.alloc(0))]);
const [END_STREAM, END_HEADERS] = [1, 4];
/** How long a proxy may take to answer or to end the stream; then it has hung. */
const PATIENCE_MS = 8_000;

/**
 * A session whose frames are written by hand and whose answers Node's own client reads: what that client would write goes nowhere, and it is told of
 * each stream, which by its account has ended.
 */
export class FrameSession {
  readonly #socket: Duplex;
  readonly #plain: Socket;
  readonly #reader: ClientHttp2Session;
  #begun = false;
  #id = -1;

  /** @param plain what the socket's TLS stands on */
  constructor(socket: Duplex, plain: Socket) {
    this.#socket = socket;
    this.#plain = plain;
    const deaf = new Duplex({ read: () => undefined, write: (_piece, _encoding, done) => done() });
    socket.on("data", (piece: Buffer) => deaf.push(piece));
    for (const event of ["end", "close", "error"]) socket.on(event, () => deaf.destroy());
    this.#reader = connectHttp2("https://tunnel.example", { createConnection: () => deaf });
    this.#reader.on("error", () => undefined);
  }

  /**
   * @param usual the fields of a usual head
   * @returns undefined where the stream or the session ends without an answer, or the client has reset it
   */
  async exchange(steps: readonly Step[], usual: Readonly<Record<string, string | string[]>>, values: Values): Promise<Answer | undefined> {
    this.#id += 2;
    if (this.#reader.destroyed || this.#reader.closed) return undefined;
    const written = steps.map((step) => frameOf(step, this.#id, usual, values));
    const stream = this.#reader.request({ ":path": "/", ":method": methodOf(steps, usual) }, { endStream: true });
    const heard = hear(stream);
    let left = false;
    let pending = this.#begun ? Buffer.alloc(0) : PREFACE;
    this.#begun = true;
    const flush = (): void => {
      if (pending.length > 0 && !this.#socket.destroyed) this.#socket.write(pending);
      pending = Buffer.alloc(0);
    };
    for (const [index, step] of steps.entries()) {
      pending = Buffer.concat([pending, written[index] ?? Buffer.alloc(0)]);
      if ("wait" in step || "pause" in step) flush();
      if ("wait" in step) await Promise.race([heard[step.wait], heard.over]);
      if ("pause" in step) await new Promise((resolve) => setTimeout(resolve, step.pause));
      if ("breaks" in step) flush();
      if ("breaks" in step) this.#plain.resetAndDestroy();
      if ("reset" in step) left = true;
    }
    flush();
    return left ? undefined : heard.over;
  }
}

function methodOf(steps: readonly Step[], usual: Readonly<Record<string, string | string[]>>): string {
  const own = steps.flatMap((step) => ("head" in step ? step.head : [])).find((line) => line.startsWith(":method: "));
  return own === undefined ? String(usual[":method"]) : own.slice(9).includes("HEAD") ? "HEAD" : "GET";
}

function frameOf(step: Step, id: number, usual: Readonly<Record<string, string | string[]>>, values: Values): Buffer {
  if ("head" in step) {
    const common = step.only === true ? [] : Object.entries(usual).flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const));
    const fields = [...common, ...step.head.map((line) => fieldOf(line, values))];
    return http2Frame(1, END_HEADERS | (step.end === true ? END_STREAM : 0), id, fieldBlock(fields));
  }
  if ("data" in step) return http2Frame(0, step.end === true ? END_STREAM : 0, id, bytesOf(step.data, values));
  if ("trailers" in step) return http2Frame(1, END_HEADERS | END_STREAM, id, fieldBlock(step.trailers.map((line) => fieldOf(line, values))));
  if ("reset" in step) return http2Frame(3, 0, id, Buffer.from([0, 0, 0, step.reset]));
  if ("pings" in step) return Buffer.concat(Array.from({ length: step.pings }, () => http2Frame(6, 0, 0, Buffer.alloc(8))));
  return Buffer.alloc(0);
}

/** Name and value; a pseudo-header field's name begins with the colon. */
function fieldOf(line: string, values: Values): readonly [string, string] {
  const written = bytesOf(line, values).toString("latin1");
  const colon = written.indexOf(": ", 1);
  return [written.slice(0, colon), written.slice(colon + 2)];
}

/** Literal fields that nobody indexes and no Huffman code shortens (RFC 7541, section 6.2.2). */
function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap((field) => [Buffer.alloc(1), ...field.flatMap((text) => [integer(text.length), Buffer.from(text, "latin1")])]));
}

/** With a prefix of seven bits (RFC 7541, section 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

interface Heard {
  readonly continue: Promise<void>;
  readonly head: Promise<void>;
  readonly data: Promise<void>;
  readonly over: Promise<Answer | undefined>;
}

function hear(stream: ClientHttp2Stream): Heard {
  let status = 0;
  let head = "";
  const pieces: Buffer[] = [];
  const first = (event: string): Promise<void> => new Promise((resolve) => stream.once(event, () => resolve()));
  stream.on("response", (received) => {
    status = received[":status"] ?? 0;
    head = JSON.stringify(received);
  });
  stream.on("error", () => undefined);
  const heard = { continue: first("continue"), head: first("response"), data: first("data") };
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  const over = new Promise<Answer | undefined>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer and no end after ${PATIENCE_MS} ms: the proxy hangs.`)), PATIENCE_MS);
    stream.on("close", () => {
      clearTimeout(timer);
      resolve(status === 0 ? undefined : { status, head, body: Buffer.concat(pieces).toString("utf8"), cut: stream.rstCode !== 0 });
    });
  });
  over.catch(() => undefined);
  return { ...heard, over };
}
