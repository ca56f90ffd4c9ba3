import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { mayBeDeflate } from "../../src/body/deflate-head.js";

const STRATEGIES = [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FILTERED];

const plain = fc
  .oneof(fc.string({ maxLength: 400 }), fc.lorem({ maxCount: 60 }), fc.uint8Array({ maxLength: 400 }))
  .map((content) => new Uint8Array(typeof content === "string" ? Buffer.from(content) : content));

function inflates(bytes: Uint8Array): boolean {
  try {
    inflateRawSync(bytes);
    return true;
  } catch {
    return false;
  }
}

test("takes every stream that an encoder writes, of each strategy and level", () => {
  fc.assert(
    fc.property(plain, fc.constantFrom(...STRATEGIES), fc.constantFrom(0, 1, 6, 9), (content, strategy, level) => {
      assert.ok(mayBeDeflate(deflateRawSync(content, { strategy, level })));
    }),
    { numRuns: 1_000 },
  );
});

test("refuses nothing that zlib reads, however it was bent", () => {
  const bent = fc
    .tuple(plain, fc.constantFrom(...STRATEGIES), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat())
    .map(([content, strategy, at, by, length]) => {
      const stream = deflateRawSync(content, { strategy });
      const place = at % stream.length;
      stream[place] = (stream[place] ?? 0) ^ by;
      return stream.subarray(0, length % 3 === 0 ? length % (stream.length + 1) : stream.length);
    });
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(bent, fc.uint8Array({ minLength: 1, maxLength: 24 })), (bytes) => {
      if (!inflates(bytes)) return;
      read += 1;
      assert.ok(mayBeDeflate(bytes));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(read > 100, "hardly any bent stream could be read, so that nothing was tried");
});

test("leaves little of random bytes to zlib", () => {
  let left = 0;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 400, maxLength: 400 }), (bytes) => {
      if (mayBeDeflate(bytes)) left += 1;
    }),
    { numRuns: 4_000, seed: 7 },
  );
  assert.ok(left < 4_000 / 20, `${left} of 4,000`);
});

test("what no stream can begin with is refused", () => {
  // A reserved kind of block, a stored block whose length is not said twice, a match before anything was written, and the ends of each.
  for (const hex of ["07", "0105000000", "01050000", "0302", "05", "", "ff"])
    assert.equal(mayBeDeflate(Buffer.from(hex, "hex")), false, hex);
  assert.ok(mayBeDeflate(Buffer.from("0300", "hex")));
});
