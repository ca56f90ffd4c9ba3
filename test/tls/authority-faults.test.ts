import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Fault, FaultsError } from "../../src/model/fault.js";
import { openAuthority } from "../../src/tls/authority.js";
import { certificate, DAY, folder, install, keyPair } from "./certificates.js";

async function faultsOf(dir: string): Promise<readonly Fault[]> {
  try {
    await openAuthority({ dir, now: Date.now(), createIfMissing: true });
  } catch (error) {
    assert.ok(error instanceof FaultsError, String(error));
    for (const fault of error.faults) assert.ok(fault.where.startsWith(dir) && fault.mend.length > 0);
    return error.faults;
  }
  return [];
}

async function expectFaults(dir: string, ...expected: readonly RegExp[]): Promise<void> {
  const faults = await faultsOf(dir);
  assert.equal(faults.length, expected.length, JSON.stringify(faults));
  for (const [index, pattern] of expected.entries()) assert.match(faults[index]?.what ?? "", pattern);
}

test("a key that others can read, write or execute is refused; one for owner and group is not", async (context) => {
  const dir = folder(context);
  const ca = await certificate({ name: "CA" });
  install(dir, ca.pem, ca.keyPem);
  for (const mode of [0o604, 0o602, 0o601, 0o644, 0o777]) {
    chmodSync(join(dir, "ca.key"), mode);
    await expectFaults(dir, /Others than its owner and group/);
  }
  for (const mode of [0o600, 0o400, 0o640, 0o440, 0o660]) {
    chmodSync(join(dir, "ca.key"), mode);
    await expectFaults(dir);
  }
});

test("a key that can't be read is a fault that names the cause", async (context) => {
  const dir = folder(context);
  const ca = await certificate({ name: "CA" });
  install(dir, ca.pem, ca.keyPem);
  rmSync(join(dir, "ca.key"));
  mkdirSync(join(dir, "ca.key"));
  await expectFaults(dir, /can't be read \(EISDIR\)/);
});

test("a key of another user is a fault", { skip: process.getuid?.() !== 0 && "only root can become another user" }, async (context) => {
  const dir = folder(context);
  const ca = await certificate({ name: "CA" });
  install(dir, ca.pem, ca.keyPem);
  chmodSync(dir, 0o755);
  const child = fork(fileURLToPath(new URL("./authority-opener.js", import.meta.url)), [dir], { uid: 65_534, gid: 65_534 });
  await once(child, "message");
  child.send("go");
  const [answer] = await once(child, "message");
  assert.match(String(answer), /ca\.key: The private key can't be read \(EACCES\)/);
});

test("either file alone is a fault of the other", async (context) => {
  const ca = await certificate({ name: "CA" });
  const withoutKey = folder(context);
  writeFileSync(join(withoutKey, "ca.crt"), ca.pem);
  await expectFaults(withoutKey, /private key is missing/);
  const withoutCertificate = folder(context);
  writeFileSync(join(withoutCertificate, "ca.key"), ca.keyPem, { mode: 0o600 });
  await expectFaults(withoutCertificate, /CA certificate is missing/);
});

test("all faults of both files come at once", async (context) => {
  const dir = folder(context);
  const leaf = await certificate({
    name: "Leaf",
    ca: false,
    usage: "digital-signature",
    notBefore: Date.now() - 9 * DAY,
    notAfter: Date.now() - DAY,
  });
  install(dir, leaf.pem, leaf.keyPem);
  chmodSync(join(dir, "ca.key"), 0o644);
  await expectFaults(dir, /expired on/, /is not a CA/, /Others than/);
});

test("what a file holds is checked", async (context) => {
  const ca = await certificate({ name: "CA" });
  const other = await certificate({ name: "Other" });
  const dir = folder(context);
  const cases: readonly (readonly [certificates: string, key: string, ...expected: RegExp[]])[] = [
    ["", ca.keyPem, /no PEM certificate/],
    ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ca.keyPem, /Certificate 1 of the file can't be read/],
    [ca.pem, "", /no PEM private key/],
    [ca.pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", /no PEM private key/],
    [ca.pem, other.keyPem, /does not belong/],
    [ca.pem + other.pem, ca.keyPem, /was not issued by the one that follows/],
    [ca.pem, keyPair("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(), /ed25519.*not accepted/],
    [ca.pem, keyPair("short-rsa").privateKey.export({ type: "pkcs8", format: "pem" }).toString(), /rsa, or too short/],
    [ca.pem, ca.key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString(), /encrypted/],
  ];
  for (const [certificates, key, ...expected] of cases) {
    install(dir, certificates, key);
    await expectFaults(dir, ...expected);
  }
});

test("a CA of tomorrow, one without the right to sign, and an expired one above it are refused", async (context) => {
  const dir = folder(context);
  const tomorrow = await certificate({ name: "Tomorrow", notBefore: Date.now() + DAY });
  install(dir, tomorrow.pem, tomorrow.keyPem);
  await expectFaults(dir, /not valid before/);
  const mute = await certificate({ name: "Mute", usage: "digital-signature" });
  install(dir, mute.pem, mute.keyPem);
  await expectFaults(dir, /may not sign certificates/);
  const root = await certificate({ name: "Root", notBefore: Date.now() - 9 * DAY, notAfter: Date.now() - DAY });
  const below = await certificate({ name: "Below", issuer: root });
  install(dir, below.pem + root.pem, below.keyPem);
  await expectFaults(dir, /Certificate 2 of the chain expired/);
});

test("no fault holds any of the key's text", async (context) => {
  const dir = folder(context);
  const ca = await certificate({ name: "CA" });
  const broken = ca.keyPem.replace("MIG", "MIH");
  install(dir, ca.pem, broken);
  const [fault] = await faultsOf(dir);
  assert.ok(fault);
  for (const line of broken.split("\n").filter((text) => text.length > 20 && !text.startsWith("---"))) {
    assert.equal(JSON.stringify(fault).includes(line), false);
  }
});

test("a folder that can't be written to is a fault that names it", async (context) => {
  const dir = join(folder(context), "file");
  writeFileSync(dir, "");
  await expectFaults(dir, /can't be created \(\w+\)/);
});
