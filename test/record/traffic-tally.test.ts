import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { TrafficSeen } from "../../src/model/traffic-ledger.js";
import { TrafficTally } from "../../src/record/traffic-tally.js";

const OUTLINES: readonly (readonly string[] | undefined)[] = [
  undefined,
  [],
  ["/a\tinteger\t"],
  ["/a\tinteger\t", "/b\tstring\t1-8"],
  ["/a\tinteger\t", "/b\tstring\t9-32"],
];

it("counts each line of each exchange, and when it was first and last seen, in whatever order forms come", () => {
  const exchange: fc.Arbitrary<TrafficSeen> = fc.record({
    at: fc.integer({ min: 0, max: 1e9 }),
    caseName: fc.constantFrom("event-collection", "licensing"),
    destination: fc.constantFrom("hub", "segment"),
    verdict: fc.constantFrom("allow", "redact", "block"),
    eventKind: fc.constantFrom(undefined, "task_completed", "login,task_completed"),
    outline: fc.constantFrom(...OUTLINES),
  });
  fc.assert(
    fc.property(fc.array(exchange, { maxLength: 60 }), (exchanges) => {
      const tally = new TrafficTally();
      const wanted = new Map<string, { count: number; first: number; last: number }>();
      for (const seen of exchanges) {
        tally.add(seen);
        if (seen.outline === undefined) continue;
        const kinds = (seen.eventKind?.split(",") ?? []).map((kind) => `event\n${kind}\n\n`);
        for (const what of ["destination\n\n\n", ...kinds, ...seen.outline.map((line) => `path\n${line.replaceAll("\t", "\n")}`)]) {
          const key = `${seen.caseName}\n${seen.destination}\n${what}`;
          const known = wanted.get(key);
          wanted.set(key, {
            count: (known?.count ?? 0) + 1,
            first: Math.min(known?.first ?? seen.at, seen.at),
            last: Math.max(known?.last ?? seen.at, seen.at),
          });
        }
      }
      const { lines, totals } = tally.take();
      assert.deepEqual(lines, wanted);
      assert.equal(
        [...totals.values()].reduce((sum, count) => sum + count, 0),
        exchanges.length,
      );
      assert.ok(tally.empty);
    }),
  );
});
