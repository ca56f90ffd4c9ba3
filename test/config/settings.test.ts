import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SETTING_LEAVES } from "../../src/config/settings-leaves.js";
import { effectiveText, schemaText } from "../../src/config/settings-text.js";
import { loadSettings } from "../../src/config/settings.js";
import { FaultsError } from "../../src/model/fault.js";

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "settings-")), "egress-proxy.yaml");
  writeFileSync(path, text);
  return path;
}

test("defaults are those of the contract", () => {
  const { listen, certs, data } = loadSettings({ env: {}, flags: [], file: file("") });
  assert.deepEqual(listen, {
    proxy: { host: undefined, port: 3128 },
    "proxy-tls": undefined,
    transparent: undefined,
    support: undefined,
    "first-party": undefined,
    metrics: { host: undefined, port: 9464 },
    console: { host: "127.0.0.1", port: 8080 },
  });
  assert.deepEqual([certs, data], ["./certs", "./data"]);
});

test("a variable overrides the file, and a flag overrides both", () => {
  const path = file("log: {level: error}\ncerts: a\ndata: a\n");
  const env = { EGRESS_PROXY_CERTS: "b", EGRESS_PROXY_DATA: "b", EGRESS_PROXY_UPSTREAM_CA: "x.pem, y.pem" };
  const settings = loadSettings({ file: path, env, flags: [{ path: ["data"], flag: "--data", value: "c" }] });
  assert.deepEqual([settings.log.level, settings.certs, settings.data, settings.upstream.ca], ["error", "b", "c", ["x.pem", "y.pem"]]);
  assert.ok(Object.isFrozen(settings.listen));
});

test("every fault of every source is said at once, with its place and its mend", () => {
  const path = file("lisen: {}\nlisten:\n  proxy: 3128\nlog:\n  levl: info\n");
  const flags = [{ path: ["upstream", "connect_to"], flag: "--connect-to", value: ["nowhere"] }];
  const env = { EGRESS_PROXY_LISTEN_PROXI: ":1", EGRESS_PROXY_WORKERS: "many" };
  assert.throws(
    () => loadSettings({ file: path, env, flags }),
    (error) => {
      assert.ok(error instanceof FaultsError);
      const places = error.faults.map(({ where }) => where.replace(path, "FILE")).sort();
      assert.deepEqual(places, ["--connect-to", "EGRESS_PROXY_LISTEN_PROXI", "EGRESS_PROXY_WORKERS", "FILE:1:1", "FILE:3:10", "FILE:5:3"]);
      assert.match(error.message, /Did you mean "EGRESS_PROXY_LISTEN_PROXY"\?/);
      assert.match(error.message, /Did you mean "listen"\?/);
      return true;
    },
  );
});

test("the variables that Kubernetes sets for a Service of that name are no settings", () => {
  const env = {
    EGRESS_PROXY_SERVICE_HOST: "10.0.0.1",
    EGRESS_PROXY_SERVICE_PORT_PROXY: "3128",
    EGRESS_PROXY_PORT: "tcp://10.0.0.1:3128",
    EGRESS_PROXY_PORT_3128_TCP_ADDR: "10.0.0.1",
  };
  assert.doesNotThrow(() => loadSettings({ env, flags: [], file: file("") }));
});

test("the printed schema is itself a settings file that means the defaults", () => {
  assert.deepEqual(loadSettings({ env: {}, flags: [], file: file(schemaText()) }), loadSettings({ env: {}, flags: [], file: file("") }));
});

test("connect-to takes IPv6 in brackets, and the values in force hide the store's password", () => {
  const env = {
    EGRESS_PROXY_UPSTREAM_CONNECT_TO: "api.segment.io:443:[::1]:8443",
    EGRESS_PROXY_STORE_URL: "postgresql://u:hunter2@db:5432/x?password=hunter2",
  };
  const settings = loadSettings({ env, flags: [], file: file("") });
  assert.deepEqual(settings.upstream.connect_to, [{ host: "api.segment.io", port: 443, to: { host: "::1", port: 8443 } }]);
  const text = effectiveText(settings);
  assert.ok(!text.includes("hunter2"));
  assert.ok(text.includes("api.segment.io:443:[::1]:8443"));
});

test("no two settings share a variable", () => {
  assert.equal(new Set(SETTING_LEAVES.map(({ variable }) => variable)).size, SETTING_LEAVES.length);
});
