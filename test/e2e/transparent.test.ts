import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../src/config/package-root.js";
import { EVENT_HUB, type Installation, played, prepareInstallation, recordsOf } from "../support/installation.js";
import { type ProxyProcess, spawnProxy } from "../support/proxy-process.js";
import { askByPython, type PlainWords } from "../support/python-client.js";

/*
 * A pod that knows of no proxy: a network namespace of its own, whose connections to ports 443 and 80 deploy/nftables/router.nft redirects to the transparent
 * listener. Python's ssl and http.client speak, as Diffgram's services do. Wants root, ip and nft.
 */

const run = promisify(execFile);
const SPACE = `egress-${process.pid}`;
const OUTER = `eg${process.pid % 100_000}o`;
const INNER = `eg${process.pid % 100_000}i`;
const ROUTER = "10.213.77.1";
const POD = "10.213.77.2";
/** Stands for whatever the vendor's DNS says; nothing listens there, so only a redirect can answer. */
const VENDOR = "10.213.78.9";
const TRANSPARENT = 43_129;

const visit = played("clean-page-visit");
const annotations = played("udt-annotation");

let installation: Installation;
let proxy: ProxyProcess;

before(async () => {
  installation = await prepareInstallation({ settings: { listen: { transparent: `${ROUTER}:${TRANSPARENT}` } } });
  await sh(`ip netns add ${SPACE}`);
  await sh(`ip link add ${OUTER} type veth peer name ${INNER} netns ${SPACE}`);
  await sh(`ip addr add ${ROUTER}/24 dev ${OUTER}`);
  await sh(`ip link set ${OUTER} up`);
  await sh(`ip -n ${SPACE} addr add ${POD}/24 dev ${INNER}`);
  await sh(`ip -n ${SPACE} link set ${INNER} up`);
  await sh(`ip -n ${SPACE} route add default via ${ROUTER}`);
  await run("nft", ["-D", `CLIENTS=${OUTER}`, "-D", `PORT=${TRANSPARENT}`, "-f", join(packageRoot(), "deploy", "nftables", "router.nft")]);
  proxy = await spawnProxy(installation.settingsFile);
  const warming = { scheme: "https", name: EVENT_HUB, host: EVENT_HUB, path: visit.path, body: visit.body } as const;
  // The first inspections of a process load what the later ones have.
  for (let tries = 0; (await fromPod(warming)).status !== 200 && tries < 10; tries += 1);
});

after(async () => {
  proxy?.kill("SIGTERM");
  await proxy?.exited;
  spawnSync("nft", ["delete", "table", "inet", "egress_redirect"]);
  spawnSync("ip", ["link", "del", OUTER]);
  spawnSync("ip", ["netns", "del", SPACE]);
  await installation?.remove();
});

const fromPod = (words: Omit<PlainWords, "address">) =>
  askByPython(["ip", "netns", "exec", SPACE], join(installation.folder, "pod"), join(installation.certs, "ca.crt"), {
    ...words,
    address: VENDOR,
  });

test("a redirected TLS client that knows of no proxy is served by its SNI, and its body arrives byte for byte", async () => {
  const told = await fromPod({ scheme: "https", name: EVENT_HUB, host: EVENT_HUB, path: visit.path, body: visit.body });
  assert.equal(told.status, 200);
  const [arrived] = installation.vendor.received.slice(-1);
  assert.ok(arrived?.body.equals(visit.body));
});

test("what the vendor promised never to take is refused inside the TLS that the client opened", async () => {
  const sent = installation.vendor.received.length;
  const told = await fromPod({ scheme: "https", name: EVENT_HUB, host: EVENT_HUB, path: annotations.path, body: annotations.body });
  assert.deepEqual([told.status, told.code], [403, "unexpected-data-transfer"]);
  assert.equal(installation.vendor.received.length, sent);
  const [record] = await recordsOf(installation.data);
  assert.equal(record?.entry, "transparent");
  assert.equal(record?.client, POD);
});

test("a Host that is not the SNI's is refused", async () => {
  const told = await fromPod({ scheme: "https", name: EVENT_HUB, host: "api.segment.io", path: visit.path, body: visit.body });
  assert.deepEqual([told.status, told.code], [403, "target-mismatch"]);
});

test("a handshake without a server name is refused by an alert, and recorded", async () => {
  const told = await fromPod({ scheme: "https", name: "", host: EVENT_HUB, path: visit.path, body: visit.body });
  assert.match(told.error ?? "", /alert|UNRECOGNIZED/i);
  assert.ok((await recordsOf(installation.data)).some((record) => record.reason === "sni-missing"));
});

test("a handshake for a host that no case names is refused without a certificate for it, and recorded", async () => {
  const told = await fromPod({ scheme: "https", name: "files.example", host: "files.example", path: "/", body: visit.body });
  assert.match(told.error ?? "", /alert|ACCESS_DENIED/i);
  assert.ok((await recordsOf(installation.data)).some((record) => record.reason === "destination-not-allowed"));
});

test("a redirected plain request is judged by its Host", async () => {
  const plain = await fromPod({ scheme: "http", name: "", host: EVENT_HUB, path: visit.path, body: visit.body });
  assert.deepEqual([plain.status, plain.code], [403, "scheme-not-allowed"]);
  const other = await fromPod({ scheme: "http", name: "", host: "files.example", path: "/", body: visit.body });
  assert.deepEqual([other.status, other.code], [403, "destination-not-allowed"]);
});

async function sh(command: string): Promise<void> {
  const [program = "", ...words] = command.split(" ");
  await run(program, words);
}
