import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FaultsError } from "../../src/model/fault.js";
import { openAuthority } from "../../src/tls/authority.js";
import { promoteAuthority, retirePrevious, stageAuthority } from "../../src/tls/authority-rotation.js";
import { LeafCache } from "../../src/tls/leaf-cache.js";
import { folder } from "./certificates.js";
import { handshake } from "./handshake.js";

const open = (dir: string) => openAuthority({ dir, now: Date.now(), createIfMissing: false });

test("a client that has the bundle at each step trusts the leaves of each step", async (context) => {
  const dir = folder(context);
  const old = await openAuthority({ dir, now: Date.now(), createIfMissing: true, nameConstraints: ["app.diffgram.com"] });
  await stageAuthority(dir, Date.now(), undefined);
  const staged = await open(dir);
  assert.equal(staged.fingerprint, old.fingerprint);
  assert.equal(staged.bundlePems.length, 2);
  await promoteAuthority(dir, Date.now());
  const promoted = await open(dir);
  assert.notEqual(promoted.fingerprint, old.fingerprint);
  assert.deepEqual([...promoted.bundlePems].sort(), [...staged.bundlePems].sort());
  assert.equal(statSync(join(dir, "ca.key")).mode & 0o777, 0o600);
  for (const authority of [old, staged, promoted]) {
    const cache = new LeafCache({ authority, clock: { now: () => Date.now() } });
    const leaf = await cache.contextFor("app.diffgram.com");
    for (const ca of [staged.bundlePems, promoted.bundlePems]) await handshake(leaf, [], { ca: [...ca], servername: "app.diffgram.com" });
    // The next CA is constrained as the one before it.
    await assert.rejects(async () => await cache.contextFor("other.example"));
  }
  assert.equal(await retirePrevious(dir), true);
  assert.deepEqual((await open(dir)).bundlePems, [promoted.certificatePem]);
  assert.equal(await retirePrevious(dir), false);
});

test("a promotion cut short between key and certificate leaves a CA that signs, and is finished by the next", async (context) => {
  const dir = folder(context);
  await openAuthority({ dir, now: Date.now(), createIfMissing: true });
  await stageAuthority(dir, Date.now(), undefined);
  const next = new X509Certificate(readFileSync(join(dir, "ca.next.crt")));
  copyFileSync(join(dir, "ca.crt"), join(dir, "ca.previous.crt"));
  renameSync(join(dir, "ca.next.key"), join(dir, "ca.key"));
  const between = await open(dir);
  assert.equal(between.certificatePem, next.toString());
  assert.equal(between.bundlePems.length, 2);
  await promoteAuthority(dir, Date.now());
  assert.equal((await open(dir)).fingerprint, between.fingerprint);
  assert.equal(existsSync(join(dir, "ca.next.crt")), false);
});

test("nothing is staged twice, and nothing promoted that was not staged", async (context) => {
  const dir = folder(context);
  await openAuthority({ dir, now: Date.now(), createIfMissing: true });
  await assert.rejects(promoteAuthority(dir, Date.now()), FaultsError);
  await stageAuthority(dir, Date.now(), undefined);
  await assert.rejects(stageAuthority(dir, Date.now(), undefined), FaultsError);
});

/** Runs the command; returns what it printed and its exit code. */
function run(...words: string[]): { out: string; err: string; code: number | null } {
  const script = fileURLToPath(new URL("./ca-runner.js", import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, ...words], { encoding: "utf8" });
  return { out: stdout, err: stderr, code: status };
}

test("ca init, show, bundle and rotate work on a folder and print no key", (context) => {
  const dir = folder(context);
  const outputs = [];
  const faulty = run("show", "--certs", dir);
  assert.equal(faulty.code, 1);
  assert.match(faulty.err, /is missing/);
  outputs.push(run("init", "--certs", dir, "--constrain", "app.diffgram.com", "192.0.2.1"));
  const key = readFileSync(join(dir, "ca.key"), "utf8").split("\n")[1] ?? "";
  assert.ok(key.length > 40);
  outputs.push(run("show", "--certs", dir));
  assert.match(outputs[1]?.out ?? "", /permits app\.diffgram\.com and names under it; permits 192\.0\.2\.1\/32/);
  outputs.push(run("rotate", "--certs", dir));
  outputs.push(run("rotate", "--certs", dir, "--promote"));
  const shown = run("show", "--certs", dir, "--format", "json");
  const parsed: { authorities: { role: string; daysLeft: number }[]; faults: unknown[] } = JSON.parse(shown.out);
  assert.deepEqual(parsed.faults, []);
  assert.deepEqual(
    parsed.authorities.map((authority) => authority.role),
    ["signing", "previous"],
  );
  const file = join(dir, "bundle.pem");
  outputs.push(shown, run("bundle", "--certs", dir, "--out", file));
  const blocks = readFileSync(file, "utf8").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  assert.ok(blocks.length > 50);
  for (const block of blocks) new X509Certificate(block);
  outputs.push(run("rotate", "--certs", dir, "--retire"));
  for (const { out, err, code } of outputs) {
    assert.equal(code, 0, err);
    assert.equal(`${out}${err}`.includes(key) || out.includes("PRIVATE"), false);
  }
});
