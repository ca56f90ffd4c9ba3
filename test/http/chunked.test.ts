import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChunkedDecoder } from "../../src/http/chunked.js";
import { isRefusal } from "../../src/model/refusal.js";

function decode(pieces: readonly Buffer[]): { body: string; rest: string } | string {
  const decoder = new ChunkedDecoder();
  const data: Buffer[] = [];
  for (const [index, piece] of pieces.entries()) {
    const step = decoder.push(piece, (bytes) => data.push(Buffer.from(bytes)));
    if (isRefusal(step)) return step.refused;
    if (step.kind === "end")
      return {
        body: Buffer.concat(data).toString("latin1"),
        rest: Buffer.concat([piece.subarray(step.used), ...pieces.slice(index + 1)]).toString("latin1"),
      };
  }
  return "more";
}

const CASES: readonly (readonly [string, string, ReturnType<typeof decode>])[] = [
  ["two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", { body: "abcde", rest: "" }],
  ["an upper-case size", "A\r\n0123456789\r\n0\r\n\r\n", { body: "0123456789", rest: "" }],
  ["what follows the body", "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1", { body: "a", rest: "GET / HTTP/1.1" }],
  ["no end yet", "3\r\nabc\r\n", "more"],
  ["an extension", "3;x=y\r\nabc\r\n0\r\n\r\n", "message-ambiguous"],
  ["a trailer", "1\r\na\r\n0\r\nX: y\r\n\r\n", "message-ambiguous"],
  ["a bare LF after the size", "3\nabc\r\n0\r\n\r\n", "message-malformed"],
  ["a bare LF after the data", "3\r\nabc\n0\r\n\r\n", "message-malformed"],
  ["data longer than its size", "2\r\nabc\r\n0\r\n\r\n", "message-malformed"],
  ["an empty size", "\r\nabc\r\n", "message-malformed"],
  ["a sign", "+3\r\nabc\r\n", "message-malformed"],
  ["0x", "0x3\r\nabc\r\n", "message-malformed"],
  ["a space after the size", "3 \r\nabc\r\n0\r\n\r\n", "message-malformed"],
  ["seven digits", "0000003\r\nabc\r\n0\r\n\r\n", "message-malformed"],
  ["a size that overflows 32 bits", "100000000\r\na", "message-malformed"],
  ["LF CR", "3\n\rabc\r\n", "message-malformed"],
];

describe("ChunkedDecoder", () => {
  for (const [what, text, expected] of CASES) {
    it(`${what}, whole and byte by byte`, () => {
      const bytes = Buffer.from(text, "latin1");
      assert.deepEqual(decode([bytes]), expected);
      assert.deepEqual(decode([...bytes].map((byte) => Buffer.from([byte]))), expected);
    });
  }

  it("gives back any data in any cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })), fc.integer({ min: 1, max: 9 }), (chunks, cut) => {
        const wire = Buffer.concat([
          ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
          Buffer.from("0\r\n\r\n"),
        ]);
        const pieces: Buffer[] = [];
        for (let index = 0; index < wire.length; index += cut) pieces.push(wire.subarray(index, index + cut));
        assert.deepEqual(decode(pieces), { body: Buffer.concat(chunks).toString("latin1"), rest: "" });
      }),
    );
  });
});
