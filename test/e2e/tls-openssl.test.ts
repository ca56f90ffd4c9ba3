import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { type Authority, openAuthority } from "../../src/tls/authority.js";
import { LeafCache, serverOptions } from "../../src/tls/leaf-cache.js";
import { certificate, folder, install } from "../tls/certificates.js";

/* Leaves judged by other people's code: Debian's openssl, strictly, and Python's ssl, which refuses what RFC 5280 forbids. */

const run = promisify(execFile);
const LONG = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
const HOSTS = ["app.diffgram.com", LONG, "192.0.2.1", "2001:db8::1"];

interface Case {
  readonly authority: Authority;
  /** What the client trusts, PEM. */
  readonly root: string;
  readonly hosts: readonly string[];
}

const CASES: Readonly<Record<string, (context: TestContext) => Promise<Case>>> = {
  "a CA of our own": async (context) => {
    const authority = await openAuthority({ dir: folder(context), now: Date.now(), createIfMissing: true });
    return { authority, root: authority.certificatePem, hosts: HOSTS };
  },
  "a constrained CA of our own": async (context) => {
    const hosts = ["app.diffgram.com", "api.segment.io"];
    const authority = await openAuthority({ dir: folder(context), now: Date.now(), createIfMissing: true, nameConstraints: hosts });
    return { authority, root: authority.certificatePem, hosts };
  },
  "an operator's intermediate under an RSA root": async (context) => {
    const dir = folder(context);
    const root = await certificate({ name: "Root", kind: "rsa" });
    const middle = await certificate({ name: "Middle", kind: "P-384", issuer: root });
    const signing = await certificate({ name: "Signing", kind: "rsa", issuer: middle });
    install(dir, signing.pem + middle.pem, signing.keyPem);
    return { authority: await openAuthority({ dir, now: Date.now(), createIfMissing: false }), root: root.pem, hosts: HOSTS };
  },
};

for (const [what, make] of Object.entries(CASES)) {
  test(`openssl verify -x509_strict accepts the leaves of ${what}`, async (context) => {
    const { authority, root, hosts } = await make(context);
    const dir = folder(context);
    writeFileSync(join(dir, "root.pem"), root);
    for (const host of hosts) {
      const { certificatePem } = await authority.mint(host, Date.now());
      writeFileSync(join(dir, "leaf.pem"), certificatePem);
      const name = /^[\d.]+$|:/.test(host) ? ["-verify_ip", host] : ["-verify_hostname", host];
      const files = ["-CAfile", join(dir, "root.pem"), "-untrusted", join(dir, "leaf.pem"), join(dir, "leaf.pem")];
      const { stdout } = await run("openssl", ["verify", "-x509_strict", "-purpose", "sslserver", ...name, ...files]);
      assert.match(stdout, /: OK\n$/);
    }
  });

  test(`Python's ssl, strictly, accepts a connection to a leaf of ${what}`, async (context) => {
    const { authority, root, hosts } = await make(context);
    const file = join(folder(context), "root.pem");
    writeFileSync(file, root);
    const cache = new LeafCache({ authority, clock: { now: () => Date.now() } });
    for (const host of hosts) {
      const secure = await cache.contextFor(host);
      const server = createServer((raw) => new TLSSocket(raw, serverOptions(secure, ["http/1.1"])).on("error", () => raw.destroy()));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("The test server has no port.");
      const { stdout } = await run("/usr/bin/python3", ["-c", CLIENT, file, host, String(address.port)]);
      assert.equal(stdout.trim(), "TLSv1.3 http/1.1");
      server.close();
    }
  });
}

const CLIENT = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
context.set_alpn_protocols(["http/1.1"])
with socket.create_connection(("127.0.0.1", int(sys.argv[3]))) as raw:
    with context.wrap_socket(raw, server_hostname=sys.argv[2]) as tls:
        print(tls.version(), tls.selected_alpn_protocol())
`;
