import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { CASE_FILES } from "./attack.js";

/* docs/threat-model.md says which code stops what, and which cases prove it: what it names must be there. */

const root = packageRoot();
const page = readFileSync(join(root, "docs", "threat-model.md"), "utf8");
const text = page.replaceAll(/\s+/g, " ");
const rows = page.split("\n").filter((line) => line.startsWith("| "));
/** `folder/file.ts` or `folder/file.ts: name`. */
const REFERENCE = /`((?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts)(?:: ?([A-Za-z]+))?`/g;
const references = [...text.matchAll(REFERENCE)].map(([, file = "", name]) => ({ file, name }));

test("the threat model names code", () => assert.ok(references.filter(({ name }) => name !== undefined).length >= 30));

for (const { file, name } of references) {
  test(`src/${file}${name === undefined ? " is there" : ` declares ${name}`}`, () => {
    const path = join(root, "src", file);
    assert.ok(existsSync(path), `docs/threat-model.md names src/${file}, which is not there.`);
    if (name === undefined) return;
    const declared = new RegExp(`(?:function|class|const|interface) ${name}\\b|^ {2}(?:static |async |readonly )*#?${name}\\(`, "m");
    assert.match(readFileSync(path, "utf8"), declared, `docs/threat-model.md says that src/${file} declares ${name}.`);
  });
}

test("names without a file, as of a second function, are declared in one of the files that the same row names", () => {
  for (const row of rows.filter((line) => line.includes(".ts"))) {
    const sources = [...row.matchAll(REFERENCE)].map(([, file = ""]) => readFileSync(join(root, "src", file), "utf8")).join("\n");
    // A function's name has a hump; other words in code style are fields, settings and reasons.
    for (const [, name = ""] of row.matchAll(/`([a-z]+[A-Z][A-Za-z]*)`/g)) assert.match(sources, new RegExp(`\\b${name}\\b`), `${name} in: ${row.trim()}`);
  }
});

test("each class of cases that it names has a file, and each file's class is named", () => {
  const named = new Set<number>();
  for (const row of rows.filter((line) => line.includes(".ts"))) for (const number of /\| ([0-9]{1,2}(?:, [0-9]{1,2})*) *\|$/.exec(row.trim())?.[1]?.split(",") ?? []) named.add(Number(number));
  for (const [, list = ""] of text.matchAll(/\(class ([0-9]+)\)/g)) named.add(Number(list));
  assert.deepEqual(
    [...named].sort((a, b) => a - b),
    [...new Set(CASE_FILES.map(({ number }) => number))].sort((a, b) => a - b),
  );
});

test("each end-to-end test that docs/reliability.md gives a command for is there", () => {
  const files = readdirSync(join(root, "test", "e2e"));
  const told = readFileSync(join(root, "docs", "reliability.md"), "utf8").matchAll(/npm run test:e2e -- ([a-z/0-9-]+)/g);
  for (const [, name = ""] of told) assert.ok(files.some((file) => file.includes(name.replace(/^e2e\//, ""))), `There is no test ${name}.`);
});
