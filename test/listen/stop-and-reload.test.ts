import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { VendorAnswer } from "../../src/cli/demo/stand-in-vendor.js";
import {
  EVENT_HUB,
  type Installation,
  type InstallationWish,
  played,
  prepareInstallation,
  recordsOf,
  wireBytes,
} from "../support/installation.js";
import { type ProxyProcess, spawnProxy } from "../support/proxy-process.js";
import { eventually, problemOf, scrape } from "../support/running-proxy.js";
import { openTunnel, Wire } from "../support/wire.js";
import { certificate } from "../tls/certificates.js";
import type { TestContext } from "node:test";

/* The real command as a process of its own, and the signals that operators and Kubernetes send it. */

const visit = played("clean-page-visit");

async function running(
  context: TestContext,
  wish: InstallationWish = {},
): Promise<{ readonly installation: Installation; readonly proxy: ProxyProcess; readonly ca: string }> {
  const installation = await prepareInstallation(wish);
  const proxy = await spawnProxy(installation.settingsFile);
  context.after(async () => {
    proxy.kill("SIGKILL");
    await proxy.exited;
    await installation.remove();
  });
  return { installation, proxy, ca: readFileSync(join(installation.certs, "ca.crt"), "utf8") };
}

test("SIGTERM lets what is in flight end, takes nothing new, keeps the record, and exits with 0", async (context) => {
  let release: (() => void) | undefined;
  const answer: VendorAnswer = (_, response) => {
    release = () => response.end("late but whole");
  };
  const { installation, proxy, ca } = await running(context, { answer });
  const refused = await openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca });
  const { record } = problemOf(await refused.send(wireBytes(played("udt-annotation"))).answer());
  const inFlight = await openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca });
  inFlight.send(wireBytes(visit));
  await eventually("the vendor thinks", () => release !== undefined);
  proxy.kill("SIGTERM");
  await refused.closed;
  await assert.rejects(Wire.open(proxy.port));
  release?.();
  const late = await inFlight.answer();
  assert.deepEqual([late.status, late.body.toString()], [200, "late but whole"]);
  await inFlight.closed;
  const { code } = await proxy.exited;
  assert.equal(code, 0);
  assert.deepEqual(
    (await recordsOf(installation.data)).map(({ id }) => id),
    [record],
  );
});

test("SIGHUP takes a changed policy whole, and refuses a faulty one whole", async (context) => {
  const { installation, proxy, ca } = await running(context, {
    policy: (text) => `${text}\n# as shipped\n`,
    settings: { log: { level: "info" } },
  });
  const policy = join(installation.rules ?? "", "policy.yaml");
  const shipped = readFileSync(policy, "utf8");
  const post = async (): Promise<number> => {
    const wire = await openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca });
    const { status } = await wire.send(wireBytes(visit)).answer();
    wire.close();
    return status;
  };
  const reloads = async (result: "ok" | "error"): Promise<number | undefined> =>
    (await scrape(proxy.metricsPort)).value(`egress_policy_reload_total{result="${result}"}`);
  assert.equal(await post(), 200);

  // A limit that is fine beside a destination that is not: neither may come into force.
  writeFileSync(
    policy,
    shipped.replace("    enabled: true", "    enabled: false").replace("host: app.diffgram.com", "host: https://app.diffgram.com/"),
  );
  proxy.kill("SIGHUP");
  await eventually("the faulty policy is refused", async () => (await reloads("error")) === 1);
  assert.equal(await post(), 200);
  assert.match(proxy.written(), /what was in force stays in force/);

  writeFileSync(policy, shipped.replace("    enabled: true", "    enabled: false"));
  proxy.kill("SIGHUP");
  await eventually("the new policy is in force", async () => (await reloads("ok")) === 1);
  assert.equal(await post(), 403);
  assert.equal((await scrape(proxy.metricsPort)).value('egress_case_state{case="event-collection",state="limited"}'), 1);
});

for (const [section, listener] of [
  ["proxy_tls", "proxy-tls"],
  ["support", "support"],
] as const) {
  test(`SIGHUP with a certificate of listen.${listener} that can't be used leaves the policy as it was, too`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "egress-reload-"));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const [own, other] = [await certificate({ name: "own" }), await certificate({ name: "own" })];
    const [cert, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
    writeFileSync(cert, own.pem);
    writeFileSync(key, own.keyPem, { mode: 0o600 });
    const { installation, proxy } = await running(context, {
      policy: (text) => `${text}\n# as shipped\n`,
      settings: {
        listen: { [listener]: "127.0.0.1:0" },
        [section]: { tls_cert: cert, tls_key: key, client_ca: [cert] },
        reload: { every_ms: 0 },
      },
    });
    const policy = join(installation.rules ?? "", "policy.yaml");
    const shipped = readFileSync(policy, "utf8");
    const told = async (series: string): Promise<number | undefined> => (await scrape(proxy.metricsPort)).value(series);
    writeFileSync(policy, shipped.replace("    enabled: true", "    enabled: false"));
    // No certificate, and then one of another key.
    for (const [times, pem] of ["garbage", other.pem].entries()) {
      writeFileSync(cert, pem);
      proxy.kill("SIGHUP");
      await eventually("the reload fails", async () => (await told('egress_policy_reload_total{result="error"}')) === times + 1);
      assert.equal(await told('egress_case_state{case="event-collection",state="limited"}'), 0);
    }
    writeFileSync(cert, own.pem);
    proxy.kill("SIGHUP");
    await eventually("all of it is in force", async () => (await told('egress_case_state{case="event-collection",state="limited"}')) === 1);
  });
}

test("a refused host's name is in no line of the log", async (context) => {
  const { proxy, ca } = await running(context, { settings: { log: { level: "debug" } } });
  const wire = await Wire.open(proxy.port);
  const { record } = problemOf(
    await wire
      .send("CONNECT patient-4711.exfiltration.example:443 HTTP/1.1\r\nHost: patient-4711.exfiltration.example:443\r\n\r\n")
      .answer("GET"),
  );
  const tunnel = await openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca });
  await tunnel.send(wireBytes(played("udt-identify"), { Host: EVENT_HUB, "X-Patient": "patient-4711" })).answer();
  tunnel.close();
  await eventually("the refusal is logged", () => proxy.written().includes(String(record)));
  const line = proxy
    .written()
    .split("\n")
    .find((candidate) => candidate.includes(String(record)));
  assert.match(line ?? "", /"level":"warn","message":"Refused\.".*"reason":"destination-not-allowed"/);
  for (const secret of ["exfiltration", "patient-4711", "ines.moreau", "Lisbon"]) assert.ok(!proxy.written().includes(secret), secret);
});
