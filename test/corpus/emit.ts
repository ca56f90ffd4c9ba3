import { once } from "node:events";
import { parseArgs } from "node:util";
import { corpus } from "./generator.js";
import { SPLITS } from "./labelled-case.js";

/**
 * Prints the corpus, a case a line of JSON, the body as base64:
 * `node dist/test/corpus/emit.js --seed s --count 1000 --split open [--now 2026-11-24]`.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "1000" },
    split: { type: "string" },
    now: { type: "string" },
  },
});
const split = SPLITS.find((name) => name === values.split);
const now = values.now === undefined ? Date.now() : Date.parse(values.now);
const count = Number(values.count);
if ((values.split !== undefined && split === undefined) || Number.isNaN(now) || !Number.isInteger(count) || count < 0) {
  process.stderr.write("--split is open or held-back, --now a date (2026-11-24), --count a whole number\n");
  process.exitCode = 2;
} else {
  for (const labelledCase of corpus({ seed: values.seed, count, now, ...(split === undefined ? {} : { split }) })) {
    const line = JSON.stringify({ ...labelledCase, body: Buffer.from(labelledCase.body).toString("base64") });
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
  }
}
