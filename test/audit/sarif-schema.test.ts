import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import Ajv from "ajv";
import { command, copyCheckout, root } from "./checkout-copy.js";

/** The SARIF 2.1.0 schema as its committee publishes it (JSON Schema draft 4), from Microsoft's SDK. */
async function validator(): Promise<(log: unknown) => readonly string[]> {
  const read = async (path: string): Promise<object> => {
    const parsed: unknown = JSON.parse(await readFile(join(root(), "node_modules", path), "utf8"));
    assert.ok(typeof parsed === "object" && parsed !== null);
    return parsed;
  };
  const ajv = new Ajv({ schemaId: "id", allErrors: true, meta: false, unknownFormats: "ignore" });
  ajv.addMetaSchema(await read("ajv/lib/refs/json-schema-draft-04.json"));
  const validate = ajv.compile(await read("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));
  return (log) => (validate(log) === true ? [] : (validate.errors ?? []).map((error) => `${error.dataPath} ${error.message ?? ""}`));
}

test("a SARIF report with findings, drift, changes and a skipped file is valid by the schema of SARIF 2.1.0", async () => {
  const [before, now] = await Promise.all([copyCheckout(), copyCheckout()]);
  try {
    await now.write("walrus/broken file é.py", "def f(:\n");
    await now.write(
      "walrus/new.py",
      "import requests\n\n\ndef f(n):\n    requests.post('https://new.example-vendor.com', json = {'n': n})\n",
    );
    const ran = await command([now.path, "--format", "sarif", "--baseline", before.path]);
    assert.equal(ran.code, 3, ran.err);
    const text = ran.out;
    assert.match(text, /"ruleId": "change"/);
    assert.match(text, /broken%20file%20%C3%A9\.py/);
    const faults = await validator();
    assert.deepEqual(faults(JSON.parse(text)), []);
    // The schema notices what is wrong, so that no fault above means something.
    assert.notDeepEqual(faults(JSON.parse(text.replace('"startLine": 1', '"startLine": 0'))), []);
    assert.notDeepEqual(faults(JSON.parse(text.replace('"level": "note"', '"level": "fatal"'))), []);
  } finally {
    await Promise.all([before.remove(), now.remove()]);
  }
});

test("a SARIF report of a checkout that sends nothing is valid too", async () => {
  const copy = await copyCheckout();
  try {
    await copy.write("empty/only.py", "x = 1\n");
    const ran = await command([join(copy.path, "empty"), "--no-policy", "--format", "sarif"]);
    assert.equal(ran.code, 0, ran.err);
    assert.deepEqual((await validator())(JSON.parse(ran.out)), []);
  } finally {
    await copy.remove();
  }
});
