import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FaultsError } from "../../src/model/fault.js";
import { openAuthority } from "../../src/tls/authority.js";
import { LeafCache } from "../../src/tls/leaf-cache.js";
import { LeafHostError } from "../../src/tls/name.js";
import { certificate, DAY, folder, install, type KeyKind } from "./certificates.js";
import { handshake } from "./handshake.js";

const clock = { now: () => Date.now() };

test("a missing CA is created: 13 months, key mode 0600, and the same one is read the next time", async (context) => {
  const dir = folder(context);
  const now = Date.parse("2026-11-24T12:00:00Z");
  const created = await openAuthority({ dir, now, createIfMissing: true });
  assert.equal(created.created, true);
  assert.equal(new Date(created.expiresAt).toISOString(), "2027-12-24T12:00:00.000Z");
  assert.equal(statSync(join(dir, "ca.key")).mode & 0o777, 0o600);
  const x509 = new X509Certificate(readFileSync(join(dir, "ca.crt")));
  assert.equal(x509.ca, true);
  assert.equal(x509.verify(x509.publicKey), true);
  const again = await openAuthority({ dir, now, createIfMissing: true });
  assert.equal(again.created, false);
  assert.equal(again.fingerprint, created.fingerprint);
  assert.deepEqual(readdirSync(dir).sort(), ["ca.crt", "ca.key"]);
});

test("without createIfMissing a missing CA is two faults, one for each file", async (context) => {
  const opening = openAuthority({ dir: folder(context), now: Date.now(), createIfMissing: false });
  await assert.rejects(opening, (error) => error instanceof FaultsError && error.faults.length === 2);
});

test("six processes that start at once on an empty folder all use one CA", async (context) => {
  const dir = folder(context);
  const script = fileURLToPath(new URL("./authority-opener.js", import.meta.url));
  const children = Array.from({ length: 6 }, () => fork(script, [dir]));
  await Promise.all(children.map((child) => once(child, "message")));
  const answers = children.map((child) => once(child, "message"));
  for (const child of children) child.send("go");
  const fingerprints = (await Promise.all(answers)).map(([message]) => String(message));
  assert.equal(new Set(fingerprints).size, 1, fingerprints.join(" "));
  assert.match(fingerprints[0] ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(readdirSync(dir).sort(), ["ca.crt", "ca.key"]);
});

for (const kind of ["rsa", "P-256", "P-384", "P-521"] satisfies KeyKind[]) {
  test(`an operator's own ${kind} CA signs leaves that a TLS client verifies`, async (context) => {
    const dir = folder(context);
    const root = await certificate({ name: `Root ${kind}`, kind });
    install(dir, root.pem, root.keyPem, 0o640);
    const authority = await openAuthority({ dir, now: Date.now(), createIfMissing: false });
    const cache = new LeafCache({ authority, clock });
    const seen = await handshake(await cache.contextFor("app.diffgram.com"), [], { ca: [root.pem], servername: "app.diffgram.com" });
    assert.equal(seen.peer.subjectaltname, "DNS:app.diffgram.com");
  });
}

test("an operator's intermediate is served after the leaf, its root is not, and a client that knows only the root verifies", async (context) => {
  const dir = folder(context);
  const root = await certificate({ name: "Corporate root", kind: "rsa" });
  const middle = await certificate({ name: "Corporate issuing", kind: "P-384", issuer: root });
  const signing = await certificate({ name: "Egress", issuer: middle, notAfter: Date.now() + 20 * DAY });
  install(dir, signing.pem + middle.pem + root.pem, signing.keyPem);
  const authority = await openAuthority({ dir, now: Date.now(), createIfMissing: false });
  const leaf = await authority.mint("app.diffgram.com", Date.now());
  assert.equal(leaf.certificatePem.match(/BEGIN CERTIFICATE/g)?.length, 3);
  assert.equal(authority.bundlePems.length, 3);
  // Never past the first end in the chain (times in certificates are whole seconds).
  assert.ok(leaf.notAfter <= authority.expiresAt && authority.expiresAt <= Date.now() + 20 * DAY);
  const context_ = await new LeafCache({ authority, clock }).contextFor("app.diffgram.com");
  await handshake(context_, [], { ca: [root.pem], servername: "app.diffgram.com" });
  await assert.rejects(handshake(context_, [], { servername: "app.diffgram.com" }), /certificate/);
});

test("a name-constrained CA serves its hosts and names under them, and refuses to mint for others", async (context) => {
  const authority = await openAuthority({
    dir: folder(context),
    now: Date.now(),
    createIfMissing: true,
    nameConstraints: ["app.diffgram.com", "api.segment.io"],
  });
  const cache = new LeafCache({ authority, clock });
  for (const host of ["app.diffgram.com", "eu.app.diffgram.com", "api.segment.io"]) {
    await handshake(await cache.contextFor(host), [], { ca: [authority.certificatePem], servername: host });
  }
  for (const host of ["diffgram.com", "xapp.diffgram.com", "192.0.2.1", "2001:db8::1"]) {
    await assert.rejects(async () => await cache.contextFor(host), LeafHostError, host);
  }
});

test("a CA constrained to an address serves it, and no name", async (context) => {
  const options = { dir: folder(context), now: Date.now(), createIfMissing: true };
  const authority = await openAuthority({ ...options, nameConstraints: ["192.0.2.1", "2001:db8::1"] });
  await authority.mint("192.0.2.1", Date.now());
  await authority.mint("2001:db8::1", Date.now());
  await assert.rejects(authority.mint("192.0.2.2", Date.now()), LeafHostError);
  await assert.rejects(authority.mint("app.diffgram.com", Date.now()), LeafHostError);
});

test("a CA that does not cover the policy's hosts, or ends within 30 days, is warned about", async (context) => {
  const dir = folder(context);
  const now = Date.now();
  const warnings: string[] = [];
  const silent = (): void => undefined;
  const logger = { debug: silent, info: silent, error: silent, warn: (message: string) => warnings.push(message) };
  await openAuthority({ dir, now, createIfMissing: true, nameConstraints: ["app.diffgram.com"], logger });
  assert.deepEqual(warnings, []);
  await openAuthority({ dir, now: now + 380 * DAY, createIfMissing: true, nameConstraints: ["app.diffgram.com", "new.example"], logger });
  assert.match(warnings.join("\n"), /expires soon[\s\S]*don't cover/);
});
