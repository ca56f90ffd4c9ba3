import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frame, readFrames } from "../../src/record/spool-frame.js";

test("frames are read back in order", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (payloads) => {
      const read = readFrames(Buffer.concat(payloads.map(frame)));
      assert.deepEqual(read.payloads, payloads);
      assert.deepEqual([read.torn, read.damaged], [false, []]);
    }),
  );
});

test("a spool that is cut anywhere yields every whole frame before the cut, and says that its tail is torn", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(), (payloads, cut) => {
      const frames = payloads.map(frame);
      const whole = Buffer.concat(frames);
      const at = cut % whole.length;
      let fits = 0;
      for (let length = 0; (length += frames[fits]?.length ?? Number.POSITIVE_INFINITY) <= at; ) fits += 1;
      const read = readFrames(whole.subarray(0, at));
      assert.deepEqual(read.payloads, payloads.slice(0, fits));
      assert.equal(read.torn, read.consumed < at);
    }),
  );
});

test("one changed byte costs its own frame at most", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 8 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (payloads, where, flip) => {
        const bytes = Buffer.concat(payloads.map(frame));
        const at = where % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        const read = readFrames(bytes);
        assert.ok(read.payloads.length === payloads.length - 1, `${read.payloads.length} of ${payloads.length}`);
        assert.ok(read.payloads.every((payload) => payloads.includes(payload)));
        assert.ok(read.damaged.length === 1 || read.torn);
      },
    ),
  );
});

test("arbitrary bytes are no frames and no crash", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => assert.deepEqual(readFrames(Buffer.from(bytes)).payloads, [])));
});
