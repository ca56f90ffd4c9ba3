import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const IMPORTS = "eslint(no-restricted-imports)";

/** What is planted, and whether the linter has to see it: `[sentence, file, source, rule]`; rule undefined: must pass. */
const CASES: readonly (readonly [sentence: string, file: string, source: string, rule: string | undefined])[] = [
  ["a stage imports a sibling", "src/listen/a1.ts", 'import "../tls/leaf.js";', IMPORTS],
  ["a stage imports a sibling's type", "src/listen/a2.ts", 'import type { X } from "../tls/leaf.js";\nexport type Y = X;', IMPORTS],
  ["a stage re-exports a sibling", "src/listen/a3.ts", 'export * from "../tls/leaf.js";', IMPORTS],
  ["a stage imports a sibling by a roundabout path", "src/listen/a4.ts", 'import "./../../src/tls/leaf.js";', IMPORTS],
  ["a subfolder of a stage imports a sibling", "src/inspect/shapes/a5.ts", 'import "../../body/read.js";', IMPORTS],
  ["a stage imports the command line", "src/record/a6.ts", 'import "../cli/run.js";', IMPORTS],
  ["a stage imports the pipeline", "src/record/a7.ts", 'import "../pipeline.js";', IMPORTS],
  ["a stage imports a test", "src/record/a8.ts", 'import "../../test/x.js";', IMPORTS],
  ["model/ imports a stage", "src/model/b1.ts", 'import "../config/load.js";', IMPORTS],
  ["model/ imports a package", "src/model/b2.ts", 'import "zod";', IMPORTS],
  ["model/ imports a built-in", "src/model/b3.ts", 'import "node:crypto";', IMPORTS],
  ["a package outside its owner's folder", "src/gateway/c1.ts", 'import "undici";', IMPORTS],
  ["a subpath of such a package", "src/gateway/c2.ts", 'import "pg/lib/client.js";', IMPORTS],
  ["a scoped package outside its owner's folder", "src/observe/c3.ts", 'import "@hono/node-server";', IMPORTS],
  ["the command line takes a stage's package", "src/cli/c4.ts", 'import "prom-client";', IMPORTS],
  ["main.ts takes a stage's package", "src/main.ts", 'import "winston";', IMPORTS],
  ["node:module in the product", "src/config/d1.ts", 'import "node:module";', IMPORTS],
  ["module without its prefix", "src/config/d2.ts", 'import "module";', IMPORTS],
  ["node:module in a test", "test/d3.ts", 'import "node:module";', IMPORTS],
  ["body/ opens a file", "src/body/e1.ts", 'import "node:fs";', IMPORTS],
  ["body/ opens a file without the prefix", "src/body/e2.ts", 'import "fs/promises";', IMPORTS],
  ["inspect/ resolves a name", "src/inspect/e3.ts", 'import "node:dns/promises";', IMPORTS],
  ["verdict/ opens a socket", "src/verdict/e4.ts", 'import "node:net";', IMPORTS],
  ["inspect/ fetches", "src/inspect/e5.ts", 'export const answer = fetch("http://x");', "eslint(no-restricted-globals)"],
  ["a worker of record/ imports listen/", "src/record/f1-worker.ts", 'import "../listen/x.js";', IMPORTS],
  ["a worker takes another folder's package", "src/inspect/f2-worker.ts", 'import "undici";', IMPORTS],
  ["a cycle, of types alone", "src/tls/g1.ts", 'import type { B } from "./g2.js";\nexport type A = B | 1;', "import(no-cycle)"],
  [
    "a promise that nobody awaits",
    "src/tls/h1.ts",
    "async function f() {}\nexport function g() {\n  f();\n}",
    "typescript(no-floating-promises)",
  ],
  [
    "a promise where a value is asked",
    "src/tls/h2.ts",
    "async function f() {}\nexport const g = () => (f() ? 1 : 2);",
    "typescript(no-misused-promises)",
  ],
  ["an await of no promise", "src/tls/h3.ts", "const n = 1;\nexport const g = async () => await n;", "typescript(await-thenable)"],
  ["any", "src/tls/h4.ts", "export const g = (x: any) => x;", "typescript(no-explicit-any)"],
  ["a non-null assertion", "src/tls/h5.ts", "export const g = (x: string | null) => x!.length;", "typescript(no-non-null-assertion)"],
  ["outside data taken unparsed", "src/tls/h6.ts", 'export const g: string = JSON.parse("1");', "typescript(no-unsafe-assignment)"],
  ["a console line in a stage", "src/tls/h7.ts", "console.log(1);", "eslint(no-console)"],

  [
    "a stage imports model/, its own folder and what is free",
    "src/record/z1.ts",
    'import "../model/fault.js";\nimport "./own/x.js";\nimport "zod";\nimport "kysely";\nimport "node:fs";',
    undefined,
  ],
  ["a folder of a stage that bears another's name stays within", "src/record/z2.ts", 'import "./body/x.js";', undefined],
  ["the pipeline imports stages", "src/pipeline.ts", 'import "./body/read.js";\nimport "./record/store.js";', undefined],
  ["the command line imports stages and commander", "src/cli/z3.ts", 'import "../record/store.js";\nimport "commander";', undefined],
  [
    "a worker imports body, inspect and verdict",
    "src/body/z4-worker.ts",
    'import "../inspect/x.js";\nimport "../verdict/y.js";',
    undefined,
  ],
  ["body/ decompresses and inspect/ hashes", "src/inspect/z5.ts", 'import "node:crypto";\nimport "node:zlib";\nimport "re2";', undefined],
];

describe("the layer rules", () => {
  const root = packageRoot();
  const tree = mkdtempSync(join(tmpdir(), "layers-"));
  const reports = new Map<string, string[]>();

  before(() => {
    for (const name of [".oxlintrc.json", "tsconfig.json", "package.json"]) copyFileSync(join(root, name), join(tree, name));
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    for (const [, file, source] of [
      ...CASES,
      ["", "src/tls/g2.ts", 'import type { A } from "./g1.js";\nexport type B = A | 2;'] as const,
    ]) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      writeFileSync(join(tree, file), `${source}\nexport {};\n`);
    }
    const linter = join(root, "node_modules", "oxlint", "bin", "oxlint");
    const run = spawnSync(process.execPath, [linter, "--type-aware", "-f", "unix", "."], {
      cwd: tree,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    for (const line of run.stdout.split("\n")) {
      const found = /^(.+?):\d+:\d+: .*\[\w+\/(.+)\]$/.exec(line);
      const file = found?.[1]?.replace(/^\.\//, "");
      if (file !== undefined) reports.set(file, [...(reports.get(file) ?? []), found?.[2] ?? ""]);
    }
    assert.ok(reports.size > 0, `the linter reported nothing at all: ${run.stdout}${run.stderr}`);
  });
  after(() => rmSync(tree, { recursive: true }));

  for (const [sentence, file, , rule] of CASES) {
    it(`${rule === undefined ? "lets pass" : "reports"}: ${sentence}`, () => {
      const found = reports.get(file) ?? [];
      if (rule === undefined)
        assert.deepEqual(
          found.filter((each) => each.includes("restricted")),
          [],
        );
      else assert.ok(found.includes(rule), `${file}: wanted ${rule}, got ${found.join(", ") || "nothing"}`);
    });
  }

  it("are generated from the table as it stands", () => {
    const run = spawnSync(process.execPath, [join(root, "scripts", "layers.mjs")], { encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
  });
});

/** The folder with the package's sources, from wherever this file was compiled to. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "scripts", "layers.mjs"))) {
    const parent = dirname(folder);
    assert.notEqual(parent, folder, "No folder above holds scripts/layers.mjs.");
    folder = parent;
  }
  return folder;
}
