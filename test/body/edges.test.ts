import assert from "node:assert/strict";
import { test } from "node:test";
import { asJson, READERS, readEdges } from "./readers.js";

/*
 * edges.jsonl: for each check of body/ an input that comes out otherwise where that check, or one side of its condition, is missing. Found by
 * feeding mutated texts to each reader with and without each mutant of scripts/mutation.mjs and keeping the shortest input that tells the two
 * apart; what must hold for every input is said by the other tests here, these rows hold the edges. `holds` names the checks.
 */
for (const { reads, given, is, holds } of readEdges()) {
  test(`${reads} of ${JSON.stringify(given).slice(0, 80)}: ${holds.map((check) => check.slice(0, 120)).join("; ")}`, () => {
    const read = READERS[reads];
    assert.ok(read !== undefined, "no such reader");
    assert.deepEqual(asJson(read(given)), is);
  });
}
