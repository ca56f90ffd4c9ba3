import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { adler32 } from "../support/adler32.js";

/**
 * Bytes from the text of a case. Text is UTF-8; `{{name}}` stands for a value, `{{name|step|step}}` for the value after those steps, and
 * `{{hex:00ff}}` for bytes that text can't hold.
 */
export type Values = Readonly<Record<string, string | Buffer>>;

const CONTROL: Readonly<Record<string, string>> = { cr: "\r", lf: "\n", crlf: "\r\n", nul: "\0", tab: "\t", sp: " ", dq: '"' };

export function bytesOf(template: string, values: Values): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const match of template.matchAll(/\{\{([^{}]+)\}\}/g)) {
    pieces.push(Buffer.from(template.slice(from, match.index)), valueOf(match[1] ?? "", values));
    from = match.index + match[0].length;
  }
  return Buffer.concat([...pieces, Buffer.from(template.slice(from))]);
}

function valueOf(expression: string, values: Values): Buffer {
  const [name = "", ...steps] = expression.split("|");
  return encode(baseOf(name, values), steps);
}

function baseOf(name: string, values: Values): Buffer {
  if (name.startsWith("hex:")) return Buffer.from(name.slice(4), "hex");
  const repeat = /^repeat:(.+):([0-9]+)$/s.exec(name);
  if (repeat !== null) return Buffer.from((repeat[1] ?? "").repeat(Number(repeat[2])));
  const value = CONTROL[name] ?? values[name];
  if (value === undefined) throw new Error(`A case names {{${name}}}, which stands for nothing.`);
  return Buffer.from(value as string);
}

/** The bytes after each step in turn. */
export function encode(bytes: Buffer, steps: readonly string[]): Buffer {
  return steps.reduce((content, step) => {
    const [name = "", argument = ""] = step.split(":", 2);
    const encoder = ENCODERS[name];
    if (encoder === undefined) throw new Error(`A case names the step "${name}", which does not exist.`);
    return encoder(content, argument);
  }, bytes);
}

type Encoder = (bytes: Buffer, argument: string) => Buffer;

const eachByte = (write: (byte: number) => string): Encoder => (bytes) => Buffer.from([...bytes].map(write).join(""));
const eachUnit = (write: (unit: number, index: number) => string): Encoder => (bytes) =>
  Buffer.from(bytes.toString("utf8").split("").map((unit, index) => write(unit.charCodeAt(0), index)).join(""));
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

const ENCODERS: Readonly<Record<string, Encoder>> = {
  gzip: (bytes) => gzipSync(bytes),
  /** With a window of 2 to the so-manyth bytes. */
  deflate: (bytes, bits) => deflateSync(bytes, bits === "" ? {} : { windowBits: Number(bits) }),
  "raw-deflate": (bytes) => deflateRawSync(bytes),
  /** Of one block with the fixed codes (RFC 1951, section 3.2.6). */
  "fixed-deflate": (bytes) => deflateRawSync(bytes, { strategy: constants.Z_FIXED }),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes, size) => zstdRaw(bytes, size === "" ? bytes.length : Number(size)),
  base64: (bytes) => Buffer.from(bytes.toString("base64")),
  base64url: (bytes) => Buffer.from(bytes.toString("base64url")),
  hex: (bytes) => Buffer.from(bytes.toString("hex")),
  HEX: (bytes) => Buffer.from(bytes.toString("hex").toUpperCase()),
  "hex-colons": (bytes) => Buffer.from([...bytes].map((byte) => hex(byte, 2)).join(":")),
  percent: eachByte((byte) => `%${hex(byte, 2).toUpperCase()}`),
  "json-escape": eachUnit((unit) => `\\u${hex(unit, 4)}`),
  "json-escape-upper": eachUnit((unit) => `\\u${hex(unit, 4).toUpperCase()}`),
  "html-decimal": eachUnit((unit) => `&#${unit};`),
  "html-hex": eachUnit((unit) => `&#x${hex(unit, 1)};`),
  "x-escape": eachByte((byte) => `\\x${hex(byte, 2)}`),
  "octal-escape": eachByte((byte) => `\\${byte.toString(8).padStart(3, "0")}`),
  "quoted-printable": eachByte((byte) => `=${hex(byte, 2).toUpperCase()}`),
  fullwidth: eachUnit((unit) => (unit > 0x20 && unit < 0x7f ? String.fromCharCode(unit + 0xfee0) : String.fromCharCode(unit))),
  "zero-width": eachUnit((unit, index) => (index % 3 === 1 ? "\u200b" : "") + String.fromCharCode(unit)),
  "soft-hyphen": eachUnit((unit, index) => (index % 3 === 1 ? "\u00ad" : "") + String.fromCharCode(unit)),
  "nul-laced": eachUnit((unit) => `${String.fromCharCode(unit)}\\u0000`),
  "percent-u": eachUnit((unit) => `%u${hex(unit, 4)}`),
  tags: eachUnit((unit) => String.fromCodePoint(0xe0000 + unit)),
  /** A list of one text, in as many more. */
  "in-lists": (bytes, count) => Buffer.from(Array.from({ length: Number(count) }).reduce<string>((text) => JSON.stringify([text]), bytes.toString("utf8"))),
  json: (bytes) => Buffer.from(JSON.stringify(bytes.toString("utf8"))),
  utf16le: (bytes) => Buffer.from(bytes.toString("utf8"), "utf16le"),
  utf16be: (bytes) => Buffer.from(bytes.toString("utf8"), "utf16le").swap16(),
  "utf16le-bom": (bytes) => Buffer.from(`\ufeff${bytes.toString("utf8")}`, "utf16le"),
  "utf16be-bom": (bytes) => Buffer.from(`\ufeff${bytes.toString("utf8")}`, "utf16le").swap16(),
  utf32le: (bytes) => Buffer.from([...bytes.toString("utf8")].flatMap((sign) => [...leUnit(sign.codePointAt(0) ?? 0)])),
  "utf8-bom": (bytes) => Buffer.concat([Buffer.from("\ufeff"), bytes]),
  utf7: (bytes) => Buffer.from(bytes.toString("utf8").replaceAll("@", "+AEA-")),
  chunked: (bytes, size) => chunks(bytes, size === "" ? bytes.length : Number(size), ""),
  "chunked-extension": (bytes) => chunks(bytes, bytes.length, ";x=1"),
  "chunk-extension-data": (bytes, extension) => chunks(bytes, bytes.length, `;${extension}`),
  cut: (bytes, count) => bytes.subarray(0, bytes.length - Number(count)),
  append: (bytes, more) => Buffer.concat([bytes, Buffer.from(more, "hex")]),
  "append-text": (bytes, more) => Buffer.concat([bytes, Buffer.from(more)]),
  prepend: (bytes, more) => Buffer.concat([Buffer.from(more, "hex"), bytes]),
  twice: (bytes) => Buffer.concat([bytes, bytes]),
  spaces: (bytes, count) => Buffer.concat([bytes, Buffer.alloc(Number(count), 0x20)]),
  "gzip-name": (bytes) => gzipWithField(bytes, 0x08, Buffer.from("dana.marker@acme-hospital.org\0")),
  "gzip-comment": (bytes) => gzipWithField(bytes, 0x10, Buffer.from("dana.marker@acme-hospital.org\0")),
  "gzip-extra": (bytes) => gzipWithField(bytes, 0x04, lengthPrefixed(Buffer.from("dana.marker@acme-hospital.org"))),
  "zstd-skippable": (bytes) => Buffer.concat([skippableFrame(Buffer.from("dana.marker@acme-hospital.org")), zstdRaw(bytes, bytes.length)]),
  groups: (bytes, size) => Buffer.from(bytes.toString("latin1").replace(new RegExp(`.{${size}}`, "g"), "$& ")),
  reverse: (bytes) => Buffer.from(bytes).reverse(),
};

function leUnit(code: number): Buffer {
  const unit = Buffer.alloc(4);
  unit.writeUInt32LE(code);
  return unit;
}

function chunks(bytes: Buffer, size: number, extension: string): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}${extension}\r\n`), piece, Buffer.from("\r\n"));
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}

/** A stored block (RFC 1951, section 3.2.4) around what it is to hold. */
function storedBlock(last: boolean, length: number): Buffer {
  return Buffer.from([last ? 1 : 0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);
}

/**
 * Spaces as zlib writes them, in which a reader of raw deflate finds another text: 78 01 is zlib's header, and the begin of a stored block of
 * 0x0101 bytes, by whose length's second byte the wrapped stream begins, with its own stored block.
 */
export function twoWayDeflate(): Buffer {
  const inner = Buffer.alloc(0xfefe, 0x20);
  // Behind the raw reading's first block stands its second and last one, which holds all that follows.
  storedBlock(true, 7 + inner.length + 4 - 267).copy(inner, 262 - 7);
  return Buffer.concat([Buffer.from([0x78, 0x01, 0x01, 0xfe, 0xfe, 0x01, 0x01]), inner, adler32(inner)]);
}

/** RFC 1952, section 2.3.1: an optional header field, which most readers pass over unread. */
function gzipWithField(bytes: Buffer, flag: number, field: Buffer): Buffer {
  const coded = gzipSync(bytes);
  const head = Buffer.from(coded.subarray(0, 10));
  head[3] = flag;
  return Buffer.concat([head, field, coded.subarray(10)]);
}

function lengthPrefixed(content: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(content.length);
  return Buffer.concat([length, content]);
}

/** One frame of raw blocks of so many bytes (RFC 8878, section 3.1.1), since Node 20 has no encoder. */
function zstdRaw(bytes: Buffer, size: number): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(0xfd2fb528, 0);
  // Single segment, content size of four bytes.
  head[4] = 0xa0;
  head.writeUInt32LE(bytes.length, 5);
  const pieces: Buffer[] = [head];
  let at = 0;
  do {
    const block = bytes.subarray(at, at + size);
    at += size;
    const lead = Buffer.alloc(3);
    lead.writeUIntLE((block.length << 3) | (at >= bytes.length ? 1 : 0), 0, 3);
    pieces.push(lead, block);
  } while (at < bytes.length);
  return Buffer.concat(pieces);
}

function skippableFrame(content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}
