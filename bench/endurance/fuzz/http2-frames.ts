import { type Dice, fuzzedBody } from "../../../test/fuzz/mutations.js";
import { MARKER } from "../../../test/bypass/specimen.js";
import { http2Frame } from "../../../test/support/http2-frame.js";

/** Frames of RFC 9113, section 4.1, by hand, so that they can be wrong in any way; heads in HPACK's plainest form (RFC 7541, section 6.2.2). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;

/** How a connection begins. */
export function fuzzedOpening(dice: Dice): Buffer {
  return Buffer.concat([
    dice.below(30) === 0 ? PREFACE.subarray(0, dice.below(24)) : PREFACE,
    http2Frame(SETTINGS, 0, 0, Buffer.alloc(6 * dice.below(3), dice.below(8))),
  ]);
}

/** A connection's next requests. @param first the number that the first of their streams should have */
export function fuzzedStreams(dice: Dice, first: number, requests: number): Buffer {
  const pieces: Buffer[] = [];
  for (let n = 0; n < requests; n += 1) {
    const id = first + n * 2 + (dice.below(25) === 0 ? dice.below(4) : 0);
    const body = fuzzedBody(dice);
    const fields = Buffer.concat(fuzzedFields(dice, body.length).map(([name, value]) => literal(name, value)));
    const cut = dice.below(5) === 0 ? dice.below(fields.length) : fields.length;
    const ended = dice.below(8) === 0 ? END_STREAM : 0;
    pieces.push(http2Frame(HEADERS, ended | (cut === fields.length && dice.below(40) > 0 ? END_HEADERS : 0), id, fields.subarray(0, cut)));
    if (cut < fields.length) pieces.push(http2Frame(CONTINUATION, dice.below(20) > 0 ? END_HEADERS : 0, id, fields.subarray(cut)));
    if (dice.below(12) === 0)
      pieces.push(http2Frame(dice.below(12), dice.below(256), dice.below(3) === 0 ? 0 : id, Buffer.alloc(dice.below(20), dice.below(256))));
    for (let at = 0; at < body.length; ) {
      const size = 1 + dice.below(body.length);
      const last = at + size >= body.length;
      pieces.push(
        http2Frame(DATA, last && dice.below(20) > 0 ? END_STREAM : dice.below(30) === 0 ? 8 : 0, id, body.subarray(at, at + size)),
      );
      at += size;
    }
    if (dice.below(12) === 0) pieces.push(http2Frame(HEADERS, END_STREAM | END_HEADERS, id, literal("x-trailer", MARKER)));
  }
  const bytes = Buffer.concat(pieces);
  if (dice.below(8) === 0) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
}

const RST_STREAM = 3;
const FRAME_HEAD = 9;

/** Reads a server's frames for the streams that it has ended, by an answer's last frame or a reset. */
export class EndedStreams {
  readonly #ended = new Set<number>();
  #rest = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  get count(): number {
    return this.#ended.size;
  }

  take(piece: Buffer): void {
    let bytes = Buffer.concat([this.#rest, piece]);
    while (bytes.length >= FRAME_HEAD) {
      const whole = FRAME_HEAD + bytes.readUIntBE(0, 3);
      if (bytes.length < whole) break;
      const kind = bytes[3];
      const last = ((bytes[4] ?? 0) & END_STREAM) !== 0;
      if (kind === RST_STREAM || (last && (kind === DATA || kind === HEADERS))) this.#ended.add(bytes.readUInt32BE(5) & 0x7fffffff);
      bytes = bytes.subarray(whole);
    }
    this.#rest = Buffer.from(bytes);
    this.#wake();
  }

  /** Resolves once that many have ended; never, where they don't. */
  reached(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = (): void => {
        if (this.#ended.size >= count) resolve();
      };
      this.#wake();
    });
  }
}

function fuzzedFields(dice: Dice, length: number): [string, string][] {
  const odd = (usual: string, ...others: readonly string[]): string =>
    dice.below(12) > 0 ? usual : (others[dice.below(others.length)] ?? usual);
  const fields: [string, string][] = [
    [":method", odd("POST", "GET", "CONNECT", "", "PO ST")],
    [":scheme", odd("https", "http", "", "ftp")],
    [":authority", odd("app.diffgram.com", "evil.example", "APP.diffgram.com:443", "app.diffgram.com.", "")],
    [
      ":path",
      odd("/api/walrus/eventhub/new", `/api/walrus/eventhub/new?u=${MARKER}`, "/../x", "*", "", "/api/walrus/./eventhub/new", "/\0"),
    ],
    ["content-type", odd("application/json", "text/plain", "application/json; charset=utf-16")],
  ];
  const more: readonly [string, string][] = [
    ["content-length", String(length + (dice.below(4) === 0 ? 1 : 0))],
    ["content-encoding", "gzip"],
    ["transfer-encoding", "chunked"],
    ["te", "trailers"],
    ["host", "evil.example"],
    ["cookie", `u=${MARKER}`],
    ["x-note", MARKER],
    ["X-Upper", "a"],
    ["connection", "close"],
    [":path", "/again"],
    [":protocol", "websocket"],
    ["expect", "100-continue"],
    ["x-crlf", "a\r\nb: c"],
    ["user-agent", `x/${Buffer.from(MARKER).toString("base64")}`],
  ];
  for (let n = Math.max(0, dice.below(5) - 2); n > 0; n -= 1)
    fields.splice(dice.below(fields.length + 1), 0, more[dice.below(more.length)] ?? ["x", "y"]);
  return fields;
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** RFC 7541, section 5.2, without Huffman coding; lengths of up to 16,509. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const rest = bytes.length - 127;
  const length = rest < 128 ? [127, rest] : [127, (rest & 127) | 128, rest >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
}
