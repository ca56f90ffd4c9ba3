import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { readBody } from "../../src/body/read-body.js";
import type { BodyReading } from "../../src/model/body-view.js";

const LIMITS = { bodyBytes: 1024 * 1024, depth: 64, codings: 2, ratio: 200, nodes: 200_000 };
const JSON_TEXT = Buffer.from('{"kind":"user_visit","note":"Grüße 👋"}');

function read(bytes: Uint8Array, contentType: string | undefined, contentEncoding?: string, limits = LIMITS): BodyReading {
  return readBody(bytes, { contentType, contentEncoding }, limits);
}

/** `rule/reason` of each fault, or the kinds of the views where there is none. */
function outcome(reading: BodyReading): string {
  return reading.faults.length === 0
    ? reading.views.map((view) => view.kind).join()
    : reading.faults.map((fault) => `${fault.rule}: ${fault.reason}`).join();
}

/** One zstd frame with one raw block (RFC 8878, section 3.1.1), so that the test needs no encoder. */
function zstdFrame(content: Uint8Array): Buffer {
  const size = content.length;
  const header = (size << 3) | 1;
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, header & 0xff, (header >> 8) & 0xff, header >> 16]);
  head.writeUInt32LE(size, 5);
  return Buffer.concat([head, content]);
}

/** A zstd frame that says one byte 128 KiB times, `blocks` times (RLE blocks). */
function zstdBomb(blocks: number): Buffer {
  const size = 128 * 1024;
  const block = (last: number): number[] => {
    const header = (size << 3) | (1 << 1) | last;
    return [header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff, 0x20];
  };
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  return Buffer.concat([head, Buffer.from(Array.from({ length: blocks }, (_, index) => block(index === blocks - 1 ? 1 : 0)).flat())]);
}

function flipped(bytes: Uint8Array, at: number, bits = 0xff): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ bits;
  return copy;
}

function gzipWithComment(comment: string): Buffer {
  const plain = gzipSync(JSON_TEXT);
  return Buffer.concat([flipped(plain.subarray(0, 10), 3, 0x10), Buffer.from(`${comment}\0`), plain.subarray(10)]);
}

const ENCODERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes),
  "x-gzip": (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: zstdFrame,
  identity: (bytes) => bytes,
};

const CODINGS: readonly (readonly [sentence: string, bytes: Uint8Array, coding: string, expected: string])[] = [
  ["gzip in two members", Buffer.concat([gzipSync(JSON_TEXT.subarray(0, 9)), gzipSync(JSON_TEXT.subarray(9))]), "gzip", "json"],
  ["raw deflate", deflateRawSync(JSON_TEXT), "deflate", "json"],
  ["upper case and spaces in the list", gzipSync(JSON_TEXT), " GZip ,identity", "json"],
  ["text after the gzip member", Buffer.concat([gzipSync(JSON_TEXT), Buffer.from("junk")]), "gzip", "coding: coding-not-readable"],
  ["zeros after the gzip member", Buffer.concat([gzipSync(JSON_TEXT), Buffer.alloc(4)]), "gzip", "coding: coding-not-readable"],
  ["bytes after zlib's end", Buffer.concat([deflateSync(JSON_TEXT), Buffer.from("x")]), "deflate", "coding: coding-not-readable"],
  ["bytes after brotli's end", Buffer.concat([brotliCompressSync(JSON_TEXT), Buffer.from("x")]), "br", "coding: coding-not-readable"],
  ["bytes after zstd's end", Buffer.concat([zstdFrame(JSON_TEXT), Buffer.from("xxxx")]), "zstd", "coding: coding-not-readable"],
  ["gzip cut short", gzipSync(JSON_TEXT).subarray(0, 25), "gzip", "coding: coding-not-readable"],
  ["gzip without its last byte", gzipSync(JSON_TEXT).subarray(0, -1), "gzip", "coding: coding-not-readable"],
  ["deflate cut short", deflateSync(JSON_TEXT).subarray(0, -2), "deflate", "coding: coding-not-readable"],
  ["brotli cut short", brotliCompressSync(JSON_TEXT).subarray(0, -2), "br", "coding: coding-not-readable"],
  ["zstd cut short", zstdFrame(JSON_TEXT).subarray(0, -2), "zstd", "coding: coding-not-readable"],
  ["a gzip header that carries a comment", gzipWithComment("jane@example.com"), "gzip", "coding: coding-not-readable"],
  ["a gzip member with a wrong checksum", flipped(gzipSync(JSON_TEXT), -6), "gzip", "coding: coding-not-readable"],
  [
    "a skippable zstd frame",
    Buffer.concat([Buffer.from("502a4d1804000000", "hex"), Buffer.from("jane"), zstdFrame(JSON_TEXT)]),
    "zstd",
    "coding: coding-not-readable",
  ],
  ["a zstd window of 2 GiB", flipped(zstdBomb(1), 5, 0x58 ^ 0xa0), "zstd", "coding: coding-not-readable"],
  ["plain bytes that claim gzip", JSON_TEXT, "gzip", "coding: coding-not-readable"],
  ["no bytes that claim gzip", Buffer.alloc(0), "gzip", "coding: coding-not-readable"],
  ["an unknown coding", JSON_TEXT, "compress", "coding: coding-not-readable"],
  ["a coding named like a member of every object", JSON_TEXT, "constructor", "coding: coding-not-readable"],
  ["an empty list item", gzipSync(JSON_TEXT), "gzip,,identity", "coding: coding-not-readable"],
  ["an empty list", JSON_TEXT, "", "coding: coding-not-readable"],
  ["three codings where two are allowed", gzipSync(gzipSync(gzipSync(JSON_TEXT))), "gzip, gzip, gzip", "coding-count: coding-not-readable"],
  ["one coding more than stated", gzipSync(gzipSync(JSON_TEXT)), "gzip", "charset: charset-not-readable"],
  ["a gzip bomb", gzipSync(Buffer.alloc(50_000_000, 0x20)), "gzip", "size: body-too-large"],
  ["a small gzip bomb", gzipSync(Buffer.alloc(900_000, 0x20)), "gzip", "ratio: body-too-large"],
  ["a brotli bomb", brotliCompressSync(Buffer.alloc(50_000_000, 0x20)), "br", "ratio: body-too-large"],
  ["a zstd bomb", zstdBomb(10_000), "zstd", "size: body-too-large"],
  ["a bomb in a bomb", gzipSync(gzipSync(Buffer.alloc(50_000_000, 0x20))), "gzip, gzip", "ratio: body-too-large"],
];

for (const [sentence, bytes, coding, expected] of CODINGS) {
  test(`content coding: ${sentence} -> ${expected}`, () => {
    assert.equal(outcome(read(bytes, "application/json", coding)), expected);
  });
}

test("any allowed nesting of codings is decoded back", () => {
  const names = fc.array(fc.constantFrom(...Object.keys(ENCODERS)), { maxLength: 3 });
  fc.assert(
    fc.property(names, fc.string({ unit: "grapheme", maxLength: 200 }), (codings, text) => {
      const content = Buffer.from(JSON.stringify({ text: text.replace(/\p{Surrogate}/gu, "") }));
      const coded = codings.reduce<Uint8Array>((bytes, name) => ENCODERS[name]?.(bytes) ?? bytes, content);
      const reading = read(coded, "application/json", codings.length === 0 ? undefined : codings.join(", "), { ...LIMITS, codings: 3 });
      const [view] = reading.views;
      assert.ok(view?.kind === "json", outcome(reading));
      assert.equal(Buffer.compare(view.bytes, content), 0);
    }),
    { numRuns: 300 },
  );
});

test("random bytes under any coding end in an outcome, never in an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...Object.keys(ENCODERS)), fc.boolean(), (bytes, coding, isDamaged) => {
      const coded = isDamaged ? Buffer.from(ENCODERS[coding]?.(bytes) ?? bytes) : bytes;
      if (isDamaged && coded.length > 0) coded[coded.length >> 1] = (coded[coded.length >> 1] ?? 0) ^ 0x55;
      assert.notEqual(outcome(read(coded, "application/x-www-form-urlencoded", coding)), "");
    }),
    { numRuns: 1_500 },
  );
});

const utf16be = Buffer.from(JSON_TEXT.toString(), "utf16le").swap16();
const utf16le = Buffer.from(JSON_TEXT.toString(), "utf16le");
const LATIN = Buffer.from('{"a":"\u00e9"}', "latin1");

const CHARSETS: readonly (readonly [sentence: string, bytes: Uint8Array, type: string, expected: string])[] = [
  ["UTF-16LE with BOM", Buffer.concat([Buffer.from([0xff, 0xfe]), utf16le]), "application/json", "json"],
  ["UTF-16BE with BOM", Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be]), "application/json; charset=utf-16", "json"],
  ["UTF-16LE without BOM", utf16le, "application/json", "json"],
  ["UTF-16BE without BOM, stated", utf16be, 'application/json; charset="UTF-16BE"', "json"],
  ["UTF-16BE without BOM under charset=utf-16", utf16be, "application/json; charset=utf-16", "json"],
  ["UTF-16 bytes stated as UTF-8", utf16le, "application/json; charset=utf-8", "charset: charset-not-readable"],
  ["UTF-16LE bytes stated as UTF-16BE", utf16le, "application/json; charset=utf-16be", "charset: charset-not-readable"],
  ["UTF-16 with half a surrogate pair", Buffer.from('{"a":"\ud800"}', "utf16le"), "application/json", "charset: charset-not-readable"],
  ["UTF-16 with an odd byte", Buffer.concat([utf16le, Buffer.from([0x20])]), "application/json", "charset: charset-not-readable"],
  ["Latin 1, stated", LATIN, "application/json; charset=iso-8859-1", "charset: charset-not-readable"],
  ["Latin 1, not stated", LATIN, "application/json", "charset: charset-not-readable"],
  ["UTF-7", JSON_TEXT, "application/json; charset=utf-7", "charset: charset-not-readable"],
  ["the charset stated twice", JSON_TEXT, "application/json; charset=utf-8; charset=utf-8", "charset: charset-not-readable"],
  ["an overlong slash", Buffer.from([0x22, 0xc0, 0xaf, 0x22]), "application/json", "charset: charset-not-readable"],
  ["an encoded surrogate", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "application/json", "charset: charset-not-readable"],
  ["a character cut short", Buffer.from([0x22, 0xe2, 0x82, 0x22]), "application/json", "charset: charset-not-readable"],
  [
    "a UTF-8 BOM before JSON",
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), JSON_TEXT]),
    "application/json",
    "json-invalid: body-not-readable",
  ],
  ["a NUL inside JSON", Buffer.from('{"a":"\u0000"}'), "application/json", "json-invalid: body-not-readable"],
];

for (const [sentence, bytes, type, expected] of CHARSETS) {
  test(`charset: ${sentence} -> ${expected}`, () => {
    assert.equal(outcome(read(bytes, type)), expected);
  });
}

const MEDIA_TYPES: readonly (readonly [sentence: string, body: string, type: string | undefined, expected: string])[] = [
  ["a +json suffix", "{}", "application/vnd.api+json", "json"],
  ["no body and no type", "", undefined, "empty"],
  ["an empty body that states JSON", "", "application/json", "json-invalid: body-not-readable"],
  ["a body without a type", "{}", undefined, "media-type: body-not-readable"],
  ["a type that nothing here reads", "<a/>", "text/xml", "media-type: body-not-readable"],
  ["a type named like a member of every object", "{}", "constructor", "media-type: body-not-readable"],
  ["a malformed type", "{}", "application/json; charset", "media-type: body-not-readable"],
  ["two types in one field", "{}", "application/json, text/plain", "media-type: body-not-readable"],
  ["a form", "a=1&b=%40", "application/x-www-form-urlencoded", "form"],
  ["a form with a broken escape", "a=%4", "application/x-www-form-urlencoded", "form-invalid: body-not-readable"],
  ["a form with a NUL", "a=%00", "application/x-www-form-urlencoded", "form-invalid: body-not-readable"],
  ["a form with an overlong slash", "a=%c0%af", "application/x-www-form-urlencoded", "form-invalid: body-not-readable"],
  ["beacon lines", "en=page_view&ep.a=1\r\nen=click", "text/plain;charset=UTF-8", "form"],
  ["JSON lines", '{"a":1}\n\n{"b":2}\n', "application/x-ndjson", "ndjson"],
  ["JSON lines, one broken", '{"a":1}\n{"b":\n', "application/x-ndjson", "json-invalid: body-not-readable"],
];

for (const [sentence, body, type, expected] of MEDIA_TYPES) {
  test(`media type: ${sentence} -> ${expected}`, () => {
    assert.equal(outcome(read(Buffer.from(body), type)), expected);
  });
}

test("ranges in UTF-16 JSON, in JSON lines and in forms frame the bytes of the view", () => {
  const [json] = read(utf16le, "application/json").views;
  assert.ok(json?.kind === "json" && json.root.kind === "object");
  const note = json.root.members[1]?.value;
  assert.equal(Buffer.from(json.bytes.slice(note?.start, note?.end)).toString(), '"Grüße 👋"');
  const [lines] = read(Buffer.from('{"a":"é"}\n{"b":2}'), "application/x-ndjson").views;
  assert.ok(lines?.kind === "ndjson");
  const second = lines.roots[1];
  assert.equal(Buffer.from(lines.bytes.slice(second?.start, second?.end)).toString(), '{"b":2}');
  const [form] = read(Buffer.from("a=1&e+mail=x%40y\nc"), "text/plain").views;
  assert.ok(form?.kind === "form");
  assert.deepEqual(
    form.fields.map(({ name, value, start, end }) => [name, value, start, end]),
    [
      ["a", "1", 0, 3],
      ["e mail", "x@y", 4, 16],
      ["c", "", 17, 18],
    ],
  );
});

const PART = 'Content-Disposition: form-data; name="a"';

const MULTIPARTS: readonly (readonly [sentence: string, body: string, expected: string])[] = [
  [
    "a field and a file",
    `--B\r\n${PART}\r\n\r\n1\r\n--B\r\n${PART}; filename="x.png"\r\nContent-Type: image/png\r\n\r\n\u0000\r\n--B--\r\n`,
    "multipart",
  ],
  ["no part", "--B--", "multipart"],
  ["a preamble", `hello\r\n--B\r\n${PART}\r\n\r\n1\r\n--B--`, "multipart-invalid: body-not-readable"],
  ["an epilogue", `--B\r\n${PART}\r\n\r\n1\r\n--B--\r\nsecret`, "multipart-invalid: body-not-readable"],
  ["no last boundary", `--B\r\n${PART}\r\n\r\n1\r\n`, "multipart-invalid: body-not-readable"],
  ["a part with another header", `--B\r\n${PART}\r\nX-Note: secret\r\n\r\n1\r\n--B--`, "multipart-invalid: body-not-readable"],
  ["a part with two names", `--B\r\n${PART}; name="b"\r\n\r\n1\r\n--B--`, "multipart-invalid: body-not-readable"],
  ["a part without name", "--B\r\nContent-Type: text/plain\r\n\r\n1\r\n--B--", "multipart-invalid: body-not-readable"],
  ["bare line feeds", `--B\n${PART}\n\n1\n--B--`, "multipart-invalid: body-not-readable"],
  [
    "a text part in another charset",
    `--B\r\n${PART}\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n1\r\n--B--`,
    "charset: charset-not-readable",
  ],
];

for (const [sentence, body, expected] of MULTIPARTS) {
  test(`multipart: ${sentence} -> ${expected}`, () => {
    assert.equal(outcome(read(Buffer.from(body), "multipart/form-data; boundary=B")), expected);
  });
}
