import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { asJson, READERS, readEdges } from "../body/readers.js";

/**
 * Tries mutants on the rows of test/body/edges.jsonl, all in one process: a row takes less than a millisecond, a test file half a second.
 * Writes a line of JSON a mutant, as noticed.js does.
 *
 *   node edges.js WORK.json
 */
const [, , workPath = ""] = process.argv;
const mutants = z.array(z.number()).parse(JSON.parse(readFileSync(workPath, "utf8")));
const rows = readEdges();
for (const mutant of [-1, ...mutants]) {
  Reflect.set(globalThis, "egressMutant", mutant);
  const isNoticed = rows.some(({ reads, given, is }) => {
    try {
      assert.deepEqual(asJson(READERS[reads]?.(given)), is);
      return false;
    } catch {
      return true;
    }
  });
  process.stdout.write(`${JSON.stringify({ id: mutant, by: isNoticed ? "unit: body/edges.test.js" : null })}\n`);
}
