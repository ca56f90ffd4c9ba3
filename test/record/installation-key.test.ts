import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { FaultsError } from "../../src/model/fault.js";
import { openInstallationKey } from "../../src/record/installation-key.js";
import { folder } from "./sample.js";

test("the key is 32 bytes for the owner only, and gives the same pseudonyms again", (context) => {
  const dataDir = join(folder(context), "data");
  const first = openInstallationKey(dataDir);
  const file = join(dataDir, "installation.key");
  assert.equal(statSync(file).size, 32);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(first.hmac("ann@example.com"), /^[0-9a-f]{64}$/);
  assert.match(first.short("x"), /^\{[0-9a-f]{8}\}$/);
  assert.equal(openInstallationKey(dataDir).hmac("ann@example.com"), first.hmac(new TextEncoder().encode("ann@example.com")));
  assert.notEqual(openInstallationKey(folder(context)).hmac("ann@example.com"), first.hmac("ann@example.com"));
});

test("processes that start at once agree on one key", async (context) => {
  const dataDir = folder(context);
  const module = new URL("../../src/record/installation-key.js", import.meta.url).href;
  const code = `const { openInstallationKey } = await import(${JSON.stringify(module)}); console.log(openInstallationKey(process.argv[1]).hmac("x"));`;
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", code, dataDir]);
  const said = await Promise.all(Array.from({ length: 6 }, run));
  assert.equal(new Set(said.map((one) => one.stdout)).size, 1);
  assert.deepEqual(readdirSync(dataDir), ["installation.key"]);
});

test("a key that others can read, and one of the wrong size, say how to mend it", (context) => {
  const dataDir = folder(context);
  openInstallationKey(dataDir);
  const file = join(dataDir, "installation.key");
  chmodSync(file, 0o604);
  assert.throws(
    () => openInstallationKey(dataDir),
    (error) => error instanceof FaultsError && error.message.includes(`chmod 600 ${file}`),
  );
  chmodSync(file, 0o600);
  writeFileSync(file, "short");
  assert.throws(() => openInstallationKey(dataDir), /holds 5 bytes where 32 belong/);
});
