import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createSecureContext } from "node:tls";
import { FaultsError } from "../../src/model/fault.js";
import { openAuthority } from "../../src/tls/authority.js";
import { buildUpstreamSecureContext, systemRoots } from "../../src/tls/system-roots.js";
import { certificate, folder } from "./certificates.js";
import { handshake } from "./handshake.js";

test("SSL_CERT_FILE is the operator's word: its roots and no others, and a fault where it can't be used", async (context) => {
  const dir = folder(context);
  const root = await certificate({ name: "Root" });
  const file = join(dir, "roots.pem");
  writeFileSync(file, `# comment\n${root.pem}`);
  assert.deepEqual(systemRoots({ SSL_CERT_FILE: file }), { pems: [root.pem], source: file });
  writeFileSync(file, "nothing");
  assert.throws(() => systemRoots({ SSL_CERT_FILE: file }), FaultsError);
  assert.ok(systemRoots({}).pems.length > 50);
});

test("upstream TLS is verified: an extra root is trusted, the same server without it is not, nor under another name", async (context) => {
  const file = join(folder(context), "vendor.pem");
  const root = await certificate({ name: "localhost" });
  const authority = await openAuthority({ dir: folder(context), now: Date.now(), createIfMissing: true });
  writeFileSync(file, root.pem + authority.certificatePem);
  const leaf = await authority.mint("app.diffgram.com", Date.now());
  const server = createSecureContext({ cert: leaf.certificatePem, key: leaf.privateKeyPem });
  const trusting = buildUpstreamSecureContext({ extraCaFiles: [file] });
  await handshake(server, [], { secureContext: trusting, servername: "app.diffgram.com" });
  await assert.rejects(handshake(server, [], { secureContext: trusting, servername: "api.segment.io" }), /altnames/);
  const plain = buildUpstreamSecureContext({ extraCaFiles: [] });
  await assert.rejects(handshake(server, [], { secureContext: plain, servername: "app.diffgram.com" }), /certificate/);
  const old = createSecureContext({
    cert: leaf.certificatePem,
    key: leaf.privateKeyPem,
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "ALL@SECLEVEL=0",
  });
  await assert.rejects(handshake(old, [], { secureContext: trusting, servername: "app.diffgram.com" }));
});

test("every file of roots that can't be used is named at once", (context) => {
  const dir = folder(context);
  writeFileSync(join(dir, "empty.pem"), "");
  const build = () => buildUpstreamSecureContext({ extraCaFiles: [join(dir, "missing.pem"), join(dir, "empty.pem")] });
  assert.throws(build, (error) => error instanceof FaultsError && error.faults.length === 2);
});
