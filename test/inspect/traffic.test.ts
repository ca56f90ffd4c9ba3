import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspectSent, packageRoot, PSEUDONYMS, shippedInspector } from "./fixture.js";

interface Case {
  readonly what: string;
  readonly schema: string;
  readonly body: unknown;
  /** `rule pointer` of every finding, in any order; `{KEY:x}` stands for the pseudonym of `x`. */
  readonly findings: readonly string[];
}

const inspector = shippedInspector();
const folder = join(packageRoot(), "test/inspect/cases");

for (const name of readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .sort()) {
  const cases: readonly Case[] = JSON.parse(readFileSync(join(folder, name), "utf8"));
  for (const { what, schema, body, findings } of cases) {
    test(`${name.replace(".json", "")}: ${what}`, () => {
      const found = inspectSent(inspector, { schema, body }).findings.map((finding) => `${finding.rule} ${finding.pointer}`);
      const expected = findings.map((finding) => finding.replace(/\{KEY:([^}]+)\}/g, (_, key: string) => PSEUDONYMS.short(key)));
      assert.deepEqual(found.sort(), expected.sort());
    });
  }
}
