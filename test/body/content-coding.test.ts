import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { decodeContent, gunzip, inflate } from "../../src/body/content-coding.js";
import { adler32 } from "../support/adler32.js";
import type { BodyLimits } from "../../src/model/body-view.js";

const LIMITS: BodyLimits = { bodyBytes: 100_000, codings: 2, ratio: 100, depth: 64, nodes: 1_000 };
const BOUND = { bytes: 100_000, passed: "size" } as const;
const text = Buffer.from('{"a": "some text that is long enough"}');

function told(bytes: Uint8Array, coding: string | undefined, limits = LIMITS): string {
  const step = decodeContent(bytes, coding, limits);
  return step.ok ? Buffer.from(step.value).toString("latin1") : `${step.fault.rule}: ${step.fault.why}`;
}

const changed = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  const place = at < 0 ? copy.length + at : at;
  copy.writeUInt8(copy.readUInt8(place) ^ 1, place);
  return copy;
};

test("what is read is what was coded", () => {
  assert.equal(told(text, undefined), text.toString());
  assert.equal(told(gzipSync(text), " GZIP "), text.toString());
  assert.equal(told(gzipSync(deflateSync(text)), "deflate, gzip"), text.toString());
  assert.equal(told(Buffer.concat([gzipSync("a"), gzipSync("b")]), "x-gzip"), "ab");
});

for (const [sentence, bytes, coding, is] of [
  ["an empty item of the list", gzipSync(text), "gzip,", /^coding: Content-Encoding names .* none between two commas/],
  ["an unknown coding", text, "compress", /^coding: Content-Encoding names a coding other/],
  ["a coding that objects have by nature", text, "constructor", /^coding: Content-Encoding names a coding other/],
  ["three codings", text, "gzip, gzip, gzip", /^coding-count: /],
  ["two codings under two identities", text, "identity, identity, gzip, gzip", /^coding-count: /],
  ["nothing where deflate is stated", Buffer.alloc(0), "deflate", /^coding: The deflate coding is damaged or cut short/],
  ["nothing where zstd is stated", Buffer.alloc(0), "zstd", /^coding: The body is empty, which is no zstd/],
  ["another checksum", changed(gzipSync(text), -5), "gzip", /^coding: The gzip coding is damaged/],
  ["another length behind the checksum", changed(gzipSync(text), -1), "gzip", /^coding: The gzip coding is damaged/],
  ["a flag that names a field", changed(gzipSync(text), 3).fill(8, 3, 4), "gzip", /^coding: The gzip coding is damaged/],
  ["another method than deflate", changed(gzipSync(text), 2), "gzip", /^coding: The gzip coding is damaged/],
  ["bytes behind a deflate", Buffer.concat([deflateSync(text), text]), "deflate", /^coding: Bytes follow the end/],
] as const) {
  test(`${sentence}: refused`, () => assert.match(told(bytes, coding), is));
}

test("a body over the limit is refused before anything of it is read", () =>
  assert.match(told(text, undefined, { ...LIMITS, bodyBytes: 10 }), /^size: The body is over 10 bytes/));

test("a gzip of 64 members is read, one of 65 is not", () => {
  const members = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => gzipSync("a")));
  assert.equal(gunzip(members(64), BOUND).ok, true);
  assert.equal(gunzip(members(65), BOUND).ok, false);
});

/** A stored block (RFC 1951, section 3.2.4) around what it is to hold. */
const stored = (last: boolean, length: number): Buffer =>
  Buffer.from([last ? 1 : 0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);

test("a deflate that begins as zlib's and is none is not read without its header", () => {
  // 78 9c is zlib's usual header, and a stored block of 0x009c bytes.
  const coded = Buffer.concat([Buffer.from([0x78, 0x9c, 0x00, 0x63, 0xff]), Buffer.alloc(0x9c, 0x61), stored(true, 0)]);
  assert.equal(inflateRawSync(coded).length, 0x9c);
  assert.throws(() => inflateSync(coded));
  assert.equal(inflate(coded, BOUND).ok, false);
});

test("a deflate that can be read with and without its header, as two texts, is refused", () => {
  // 78 01: zlib's header, and a stored block of 0x0101 bytes by whose length's second byte the wrapped stream begins, with its own stored block.
  const inner = Buffer.alloc(0xfefe, 0x20);
  const total = 7 + inner.length + 4;
  const rest = total - 267;
  // Behind the raw reading's first block stands its second and last one, which holds all that follows.
  stored(true, rest).copy(inner, 262 - 7);
  const body = Buffer.concat([Buffer.from([0x78, 0x01, 0x01, 0xfe, 0xfe, 0x01, 0x01]), inner, adler32(inner)]);
  assert.notDeepEqual(inflateSync(body), inflateRawSync(body));
  const step = inflate(body, BOUND);
  assert.match(step.ok ? "read" : step.fault.why, /can be read in two ways/);
});
