import { gzipSync } from "node:zlib";
import { MARKER, SPECIMENS, USER_EVENT } from "../bypass/specimen.js";

/** A generator of equal sequences for equal seeds (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to and without `most`. */
  below(most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * most);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}

/** One message as bytes; built from parts that know what they are, then bent where readers differ. */
export function fuzzedMessage(dice: Dice): Buffer {
  const body = fuzzedBody(dice);
  const chunked = dice.below(3) === 0;
  const coded = dice.below(6) === 0 ? gzipSync(body) : body;
  const fields: string[] = [
    `Host: ${dice.below(8) > 0 ? "app.diffgram.com" : dice.pick(["app.diffgram.com:443", "APP.DIFFGRAM.COM", "evil.example", "app.diffgram.com."])}`,
  ];
  fields.push(
    `Content-Type: ${dice.below(8) > 0 ? "application/json" : dice.pick(["application/json; charset=utf-8", "text/plain", "application/json;charset=utf-16"])}`,
  );
  if (coded !== body || dice.below(12) === 0) fields.push(`Content-Encoding: ${dice.pick(["gzip", "identity", "br", "gzip, gzip"])}`);
  fields.push(chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${coded.length + (dice.below(25) === 0 ? dice.below(5) - 2 : 0)}`);
  for (let more = Math.max(0, dice.below(6) - 3); more > 0; more -= 1)
    fields.splice(dice.below(fields.length + 1), 0, dice.pick(ODD_FIELDS));
  const start = dice.below(8) === 0 ? dice.pick(ODD_STARTS) : "POST /api/walrus/eventhub/new HTTP/1.1";
  const head = Buffer.from(`${[start, ...fields].join("\r\n")}\r\n\r\n`, "latin1");
  const message = Buffer.concat([head, chunked ? inChunks(coded, dice) : coded]);
  return dice.below(4) === 0 ? bent(message, dice) : message;
}

const ODD_FIELDS: readonly [string, ...string[]] = [
  "Transfer-Encoding: identity",
  "Transfer-Encoding : chunked",
  "Content-Length: 0",
  `X-Note: ${MARKER}`,
  `X-Note: ${Buffer.from(MARKER).toString("base64")}`,
  "Connection: close, Content-Length",
  "Expect: 100-continue",
  "Upgrade: h2c",
  " folded",
  "Host: evil.example",
  `User-Agent: x/${MARKER}`,
  `Cookie: u=${encodeURIComponent(MARKER)}`,
];

const ODD_STARTS: readonly [string, ...string[]] = [
  "POST /api/walrus/eventhub/new HTTP/1.0",
  "POST https://app.diffgram.com/api/walrus/eventhub/new HTTP/1.1",
  "POST https://evil.example/api/walrus/eventhub/new HTTP/1.1",
  "POST /api/walrus/./eventhub/new HTTP/1.1",
  "POST /api/walrus%2Feventhub/new HTTP/1.1",
  `POST /api/walrus/eventhub/new?u=${MARKER} HTTP/1.1`,
  "GET /api/walrus/eventhub/new HTTP/1.1",
];

/** A JSON body, clean or with something dirty or odd in it. */
export function fuzzedBody(dice: Dice): Buffer {
  const event: Record<string, unknown> = { ...USER_EVENT };
  for (let changes = Math.max(0, dice.below(5) - 1); changes > 0; changes -= 1) plant(event, dice);
  let text = JSON.stringify(event);
  switch (dice.below(10)) {
    case 0:
      text = text.replace('"kind"', `"kind":"${MARKER}","kind"`);
      break;
    case 1:
      text = text.replace("{", `{"\\u0064escription":"${MARKER}",`);
      break;
    case 2:
      text += dice.pick([" ", "{}", "\0", `/*${MARKER}*/`]);
      break;
    default:
  }
  return dice.below(12) === 0 ? Buffer.from(text, "utf16le") : Buffer.from(text);
}

/** Puts something dirty, or something odd, where the schema leaves room or none. */
function plant(event: Record<string, unknown>, dice: Dice): void {
  const value = dice.pick<unknown>([
    disguised(MARKER, dice),
    disguised(String(SPECIMENS["instances"]), dice),
    JSON.parse(String(SPECIMENS["instances"])),
    9_007_199_254_740_991,
    "",
    "x".repeat(dice.below(5_000)),
    null,
  ]);
  const key = dice.pick(["description", "error_log", "extra_metadata", "report_data", "kind", "link", "note", MARKER, "__proto__"]);
  const nested = dice.pick<unknown>([value, { warning: value }, { a: { b: [value] } }, [value], { [String(value).slice(0, 60)]: 1 }]);
  Object.defineProperty(event, key, { value: nested, enumerable: true, configurable: true, writable: true });
}

/** Up to three encodings over a text. */
function disguised(text: string, dice: Dice): string {
  let result = text;
  for (let layers = dice.below(4); layers > 0; layers -= 1) result = encoded(result, dice.below(ENCODINGS.length));
  return result;
}

const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(text).toString("base64url"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => encodeURIComponent(text),
  (text) => JSON.stringify(text),
  (text) => gzipSync(text).toString("base64"),
  (text) => `see ${text} there`,
];

/** There are 400 of a text, and a fuzzer of hours meets each of them thousands of times: compressing anew was most of its own work. */
const KNOWN = new Map<string, (string | undefined)[]>();

function encoded(text: string, which: number): string {
  const known = KNOWN.get(text) ?? [];
  KNOWN.set(text, known);
  return (known[which] ??= ENCODINGS[which]?.(text) ?? text);
}

function inChunks(bytes: Buffer, dice: Dice): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = Math.min(bytes.length - at, 1 + dice.below(300));
    pieces.push(
      Buffer.from(`${size.toString(16)}${dice.below(60) === 0 ? ";x=1" : ""}\r\n`),
      bytes.subarray(at, at + size),
      Buffer.from("\r\n"),
    );
    at += size;
  }
  pieces.push(Buffer.from(dice.below(30) === 0 ? `0\r\nX-Trailer: ${MARKER}\r\n\r\n` : "0\r\n\r\n"));
  return Buffer.concat(pieces);
}

/** A few bytes changed, left out or doubled anywhere. */
function bent(message: Buffer, dice: Dice): Buffer {
  let result = Buffer.from(message);
  for (let changes = 1 + dice.below(3); changes > 0; changes -= 1) {
    const at = dice.below(result.length);
    switch (dice.below(3)) {
      case 0:
        result[at] = dice.pick([0x00, 0x0a, 0x0d, 0x20, 0x22, 0x3a, 0x7b, 0xff, dice.below(256)]);
        break;
      case 1:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1)]);
        break;
      default:
        result = Buffer.concat([result.subarray(0, at), result.subarray(Math.max(0, at - 4))]);
    }
  }
  return result;
}
