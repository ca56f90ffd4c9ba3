import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import { asJson, READERS } from "./readers.js";

/*
 * edges.jsonl: for each check of body/ an input that comes out otherwise where that check, or one side of its condition, is missing. Found by
 * feeding mutated texts to each reader with and without each mutant of scripts/mutation.mjs and keeping the shortest input that tells the two
 * apart; what must hold for every input is said by the other tests here, these rows hold the edges. `holds` names the checks.
 */
const shape = z.object({ reads: z.string(), given: z.array(z.unknown()), is: z.unknown(), holds: z.array(z.string()) });
const rows = readFileSync(join(packageRoot(), "test", "body", "edges.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => shape.parse(JSON.parse(line)));

for (const { reads, given, is, holds } of rows) {
  test(`${reads} of ${JSON.stringify(given).slice(0, 80)}: ${holds.map((check) => check.slice(0, 120)).join("; ")}`, () => {
    const read = READERS[reads];
    assert.ok(read !== undefined, "no such reader");
    assert.deepEqual(asJson(read(given)), is);
  });
}
