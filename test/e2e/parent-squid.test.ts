import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startStandInVendor } from "../../src/cli/demo/stand-in-vendor.js";
import { openAuthority } from "../../src/tls/authority.js";
import { played, wireBytes } from "../support/installation.js";
import { eventually, problemOf, stageFor } from "../support/running-proxy.js";
import { freePort } from "../support/free-port.js";

/* Squid as the corporate parent: over TLS by a CA of its own, with Basic authentication, and with its own table of names. */

const HOST = "events.operator.example";
const CREDENTIALS = "egress:quiet harbour";
const visit = played("clean-page-visit");

test("through Squid over TLS with credentials the request arrives, and Squid resolved the name; without them it is a 502", async (context) => {
  const dir = mkdtempSync(join(tmpdir(), "egress-squid-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  const vendorAuthority = await openAuthority({ dir: join(dir, "vendor-ca"), now: Date.now(), createIfMissing: true });
  const vendor = await startStandInVendor(vendorAuthority, [HOST]);
  context.after(() => vendor.close());
  const port = await startSquid(context, dir);
  const credentials = join(dir, "credentials");
  writeFileSync(credentials, `127.0.0.1:${port} ${CREDENTIALS}\n`, { mode: 0o600 });
  const raise = (parent: Readonly<Record<string, unknown>>) =>
    stageFor(context, {
      resolve: () => Promise.reject(new Error("A name was resolved here.")),
      policy: (text) =>
        text.replace(
          /^destinations: \[\]$/m,
          `destinations:\n  - { name: own, host: ${HOST}, port: ${vendor.port}, routes: [{ methods: [POST], path: ${visit.path}, content_types: [application/json], schema: event-hub }] }\n`,
        ),
      settings: {
        upstream: { ca: [join(dir, "vendor-ca", "ca.crt")], connect_to: [] },
        parent: { proxy: `https://127.0.0.1:${port}`, ca: [join(dir, "squid-ca", "ca.crt")], ...parent },
      },
    });
  const known = await raise({ credentials_file: credentials });
  const wire = await known.tunnel(`${HOST}:${vendor.port}`, { to: `${HOST}:${vendor.port}`, serverName: HOST });
  const answer = await wire.send(wireBytes(visit, { Host: `${HOST}:${vendor.port}` })).answer();
  wire.close();
  assert.equal(answer.status, 200);
  assert.deepEqual(
    vendor.received.map(({ host, body }) => [host, body.equals(visit.body)]),
    [[`${HOST}:${vendor.port}`, true]],
  );
  await eventually("Squid logged the tunnel", () =>
    new RegExp(`CONNECT ${HOST}:${vendor.port} egress`).test(readFileSync(join(dir, "access.log"), "utf8")),
  );

  const unknown = await raise({});
  const refusedWire = await unknown.tunnel(HOST, { to: `${HOST}:${vendor.port}`, serverName: HOST });
  const refused = await refusedWire.send(wireBytes(visit, { Host: `${HOST}:${vendor.port}` })).answer();
  refusedWire.close();
  assert.equal(refused.status, 502);
  assert.match(problemOf(refused).detail, /407/);
  assert.equal(vendor.received.length, 1);
});

/** @returns its TLS port */
async function startSquid(context: TestContext, dir: string): Promise<number> {
  const authority = await openAuthority({ dir: join(dir, "squid-ca"), now: Date.now(), createIfMissing: true });
  const leaf = await authority.mint("127.0.0.1", Date.now());
  const at = (name: string): string => join(dir, name);
  writeFileSync(at("squid.pem"), leaf.certificatePem);
  writeFileSync(at("squid.key"), leaf.privateKeyPem);
  writeFileSync(at("hosts"), `127.0.0.1 ${HOST}\n`);
  const [name = "", password = ""] = CREDENTIALS.split(":");
  const hash = execFileSync("openssl", ["passwd", "-apr1", password], { encoding: "utf8" }).trim();
  writeFileSync(at("passwd"), `${name}:${hash}\n`);
  const tlsPort = await freePort();
  writeFileSync(
    at("squid.conf"),
    [
      `pid_filename ${at("squid.pid")}`,
      `http_port 127.0.0.1:${await freePort()}`,
      `https_port 127.0.0.1:${tlsPort} tls-cert=${at("squid.pem")} tls-key=${at("squid.key")}`,
      `hosts_file ${at("hosts")}`,
      `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${at("passwd")}`,
      "auth_param basic children 1 startup=1",
      "acl known proxy_auth REQUIRED",
      "acl CONNECT method CONNECT",
      "http_access allow CONNECT known",
      "http_access deny all",
      "cache deny all",
      "memory_cache_shared off",
      `access_log stdio:${at("access.log")}`,
      `cache_log ${at("cache.log")}`,
      `coredump_dir ${dir}`,
      "visible_hostname squid.test",
      "shutdown_lifetime 0 seconds",
      "",
    ].join("\n"),
  );
  // Started by root, Squid becomes the user "proxy".
  chmodSync(dir, 0o777);
  for (const file of ["squid.pem", "squid.key", "hosts", "passwd", "squid.conf"]) chmodSync(at(file), 0o644);
  const squid = spawn("squid", ["-N", "-n", `parent${process.pid}`, "-f", at("squid.conf")], {
    stdio: "ignore",
    env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` },
  });
  const exited = once(squid, "exit");
  context.after(async () => {
    squid.kill("SIGTERM");
    await exited;
  });
  await eventually("Squid listens", async () => {
    if (squid.exitCode !== null)
      throw new Error(`Squid ended: ${existsSync(at("cache.log")) ? readFileSync(at("cache.log"), "utf8") : ""}`);
    return listens(tlsPort);
  });
  return tlsPort;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  }).then((up) => {
    socket.destroy();
    return up === true;
  });
}
