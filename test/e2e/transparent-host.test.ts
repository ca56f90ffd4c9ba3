import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../src/config/package-root.js";
import { EVENT_HUB, type Installation, played, prepareInstallation } from "../support/installation.js";
import { type ProxyProcess, spawnProxy } from "../support/proxy-process.js";
import { askByPython, type Told } from "../support/python-client.js";
import { scrape } from "../support/running-proxy.js";

/*
 * Diffgram and the proxy on one machine: deploy/nftables/host.nft redirects what others than the proxy's user open. The proxy runs as root here and
 * its client as nobody, so that root's other connections are left alone meanwhile. Wants root, nft and setpriv.
 */

const run = promisify(execFile);
const RULES = join(packageRoot(), "deploy", "nftables", "host.nft");
/** Stands for whatever the vendor's DNS says; nothing listens there, so only a redirect can answer. */
const VENDOR = "10.213.78.9";
const [ROOT, NOBODY] = ["0", "65534"];
const TRANSPARENT = 43_139;

const visit = played("clean-page-visit");
/** Readable for nobody, which the installation is not. */
const open = mkdtempSync(join(tmpdir(), "egress-host-"));

let installation: Installation;
let proxy: ProxyProcess;

before(async () => {
  chmodSync(open, 0o755);
  installation = await prepareInstallation({ settings: { listen: { transparent: `:${TRANSPARENT}` } } });
  proxy = await spawnProxy(installation.settingsFile);
});

after(async () => {
  unload();
  proxy?.kill("SIGTERM");
  await proxy?.exited;
  await installation?.remove();
  rmSync(open, { recursive: true, force: true });
});

function unload(): void {
  spawnSync("nft", ["delete", "table", "inet", "egress_redirect"]);
}

async function load(rules: string, user: string): Promise<void> {
  await run("nft", ["-D", `PROXY=${user}`, "-D", `PORT=${TRANSPARENT}`, "-f", rules]);
}

async function fromNobody(certs: string): Promise<Told> {
  const ca = join(open, "ca.crt");
  cpSync(join(certs, "ca.crt"), ca);
  chmodSync(ca, 0o644);
  const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const words = { scheme: "https", address: VENDOR, name: EVENT_HUB, host: EVENT_HUB, path: visit.path, body: visit.body } as const;
  return askByPython(asNobody, join(open, "client"), ca, words);
}

test("a client on the proxy's own machine is redirected, and the proxy's own connection is not", async () => {
  await load(RULES, ROOT);
  try {
    assert.deepEqual(await fromNobody(installation.certs), { status: 200, code: null, detail: null });
    assert.ok(installation.vendor.received.at(-1)?.body.equals(visit.body));
  } finally {
    unload();
  }
});

test("where the rules exempt another user than the proxy's, it says that its traffic comes back", async () => {
  const port = TRANSPARENT + 1;
  const looped = await prepareInstallation({
    settings: { listen: { transparent: `:${port}` }, upstream: { connect_to: [`${EVENT_HUB}:443:${VENDOR}:443`] } },
  });
  const misled = await spawnProxy(looped.settingsFile);
  const rules = join(open, "misled.nft");
  // Only what goes to that address, since it is root's other connections too that are redirected now.
  const text = readFileSync(RULES, "utf8")
    .replace("tcp dport { 80, 443 }", `ip daddr ${VENDOR} tcp dport 443`)
    .replaceAll("$PORT", String(port));
  writeFileSync(rules, text);
  try {
    await load(rules, "65533");
    const told = await fromNobody(looped.certs);
    assert.equal(told.status, 502);
    assert.match(told.detail ?? "", /came back to this proxy/);
    assert.equal((await scrape(misled.metricsPort)).value('egress_upstream_errors_total{destination="event-hub",kind="loop"}'), 1);
  } finally {
    unload();
    misled.kill("SIGTERM");
    await misled.exited;
    await looped.remove();
  }
});
