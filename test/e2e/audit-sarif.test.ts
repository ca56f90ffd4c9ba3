import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { command, copyCheckout } from "../audit/checkout-copy.js";
import { attempt, run, sarifTools } from "../deploy/tools.js";

/** Runs in the folder of the tools: draft 4 of JSON Schema needs a validator of its age. Prints each fault as a line. */
const VALIDATE = `
const Ajv = require("ajv");
const ajv = new Ajv({ schemaId: "id", allErrors: true, meta: false, unknownFormats: "ignore" });
ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-04.json"));
const validate = ajv.compile(require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));
if (!validate(JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))))
  for (const error of validate.errors) console.log(error.dataPath + " " + error.message);
`;

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-sarif-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A report with findings, drift, material changes and a skipped file whose name needs encoding. */
async function report(): Promise<string> {
  const [earlier, now] = await Promise.all([copyCheckout(), copyCheckout()]);
  try {
    await now.write("walrus/broken file é.py", "def f(:\n");
    await now.write(
      "walrus/new.py",
      "import requests\n\n\ndef f(n):\n    requests.post('https://new.example-vendor.com', json = {'n': n})\n",
    );
    const ran = await command([now.path, "--format", "sarif", "--baseline", earlier.path]);
    assert.equal(ran.code, 3, ran.err);
    assert.match(ran.out, /"ruleId": "change"/);
    assert.match(ran.out, /broken%20file%20%C3%A9\.py/);
    return ran.out;
  } finally {
    await Promise.all([earlier.remove(), now.remove()]);
  }
}

async function schemaFaults(text: string): Promise<string> {
  const file = join(folder, "log.sarif");
  await writeFile(file, text);
  return run(process.execPath, ["-e", VALIDATE, file], { cwd: join(sarifTools(), "..") });
}

/** Levels and rules of what the multitool says of a log. It ends with 0 whatever it finds. */
async function multitool(text: string): Promise<string[]> {
  const [file, said] = [join(folder, "checked.sarif"), join(folder, "said.sarif")];
  await writeFile(file, text);
  const tool = join(sarifTools(), "@microsoft", "sarif-multitool-linux", "Sarif.Multitool");
  const ran = attempt(tool, ["validate", file, "--output", said, "--log", "ForceOverwrite"], {
    env: { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" },
  });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  const log = JSON.parse((await readFile(said, "utf8")).replace(/^\uFEFF/, "")) as Log;
  return (log.runs[0]?.results ?? []).map((one) => `${one.level ?? "warning"} ${one.ruleId}`);
}

interface Log {
  readonly runs: readonly { readonly results?: readonly { readonly ruleId: string; readonly level?: string }[] }[];
}

test("a SARIF report is valid by the published schema, which notices a wrong line and a wrong level", async () => {
  const text = await report();
  assert.equal(await schemaFaults(text), "");
  assert.match(await schemaFaults(text.replace('"startLine": 1', '"startLine": 0')), /startLine should be >= 1/);
  assert.match(await schemaFaults(text.replace('"level": "note"', '"level": "fatal"')), /level should be equal to one of/);
});

const runsHere = process.platform === "linux" && process.arch === "x64";

test("Microsoft's multitool finds no error, and misses only the page that an unpublished tool has not", { skip: !runsHere }, async () => {
  const text = await report();
  assert.deepEqual(await multitool(text), ["warning SARIF2005"]);
  const wrong = await multitool(text.replace(/"ruleIndex": \d+/, '"ruleIndex": 99'));
  assert.ok(wrong.includes("error SARIF1009"), wrong.join(", "));
});
