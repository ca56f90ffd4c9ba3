import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test, type TestContext } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";

const SCRIPT = join(packageRoot(), "scripts", "native-headers.mjs");
const BEGIN = "  ObjectWrap() {\n    refs_ = 0;\n";
const CALLS = "    AddCleanupHook();\n  }\n  virtual ~ObjectWrap() {\n    RemoveCleanupHook();\n";
const END = "    if (persistent().IsEmpty())\n      return;\n  }\n  void AddCleanupHook() {\n  }\n";

function nodeWith(header: string, context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "egress-headers-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "node", "include", "node"), { recursive: true });
  writeFileSync(join(folder, "node", "include", "node", "node_object_wrap.h"), header);
  writeFileSync(join(folder, "node", "include", "node", "v8.h"), "// the rest");
  return folder;
}

function soundHeaders(to: string, prefix: string): string {
  const code = `const { soundHeaders } = await import(${JSON.stringify(pathToFileURL(SCRIPT).href)});
    process.stdout.write(String(soundHeaders(${JSON.stringify(to)}, ${JSON.stringify(prefix)})));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("headers whose wrapped objects look for an environment as they are collected are copied without those calls", (context) => {
  const folder = nodeWith(`${BEGIN}${CALLS}${END}`, context);
  const to = join(folder, "sound");
  assert.equal(soundHeaders(to, join(folder, "node")), to);
  const header = readFileSync(join(to, "include", "node", "node_object_wrap.h"), "utf8");
  assert.equal(header, `${BEGIN}  }\n  virtual ~ObjectWrap() {\n${END}`);
  assert.ok(existsSync(join(to, "include", "node", "v8.h")));
});

test("headers without them are used where they are, and a Node without headers is left to node-gyp", (context) => {
  const folder = nodeWith(`${BEGIN}  }\n${END}`, context);
  const to = join(folder, "sound");
  assert.equal(soundHeaders(to, join(folder, "node")), join(folder, "node"));
  assert.equal(soundHeaders(to, join(folder, "nowhere")), "undefined");
  assert.ok(!existsSync(to));
});

test("the add-ons of this Node outlive collections of what they wrap", () => {
  const probe = spawnSync(process.execPath, [SCRIPT, "--probe"], { encoding: "utf8" }).stdout;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", probe], { cwd: packageRoot(), encoding: "utf8" });
  assert.equal(status, 0, stderr);
});
