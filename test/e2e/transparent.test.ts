import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { EVENT_HUB, type Installation, played, prepareInstallation, recordsOf } from "../support/installation.js";
import { type ProxyProcess, spawnProxy } from "../support/proxy-process.js";

/*
 * A pod that knows of no proxy: a network namespace of its own, whose connections to ports 443 and 80 nftables redirects to the transparent
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
const TABLE = `egress_${process.pid}`;
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
  const rules = join(installation.folder, "redirect.nft");
  writeFileSync(
    rules,
    `table ip ${TABLE} {
      chain redirected {
        type nat hook prerouting priority dstnat;
        iifname "${OUTER}" tcp dport { 80, 443 } redirect to :${TRANSPARENT}
      }
    }\n`,
  );
  await run("nft", ["-f", rules]);
  proxy = await spawnProxy(installation.settingsFile);
  const warming = { scheme: "https", name: EVENT_HUB, host: EVENT_HUB, path: visit.path, body: visit.body } as const;
  // The first inspections of a process load what the later ones have.
  for (let tries = 0; (await fromPod(warming)).status !== 200 && tries < 10; tries += 1);
});

after(async () => {
  proxy?.kill("SIGTERM");
  await proxy?.exited;
  spawnSync("nft", ["delete", "table", "ip", TABLE]);
  spawnSync("ip", ["link", "del", OUTER]);
  spawnSync("ip", ["netns", "del", SPACE]);
  await installation?.remove();
});

/** What the pod's client says it got. */
interface Told {
  readonly status?: number;
  readonly code?: string;
  readonly error?: string;
}

async function fromPod(what: {
  readonly scheme: "https" | "http";
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly body: Buffer;
}): Promise<Told> {
  const folder = join(installation.folder, "pod");
  mkdirSync(folder, { recursive: true });
  const body = join(folder, "body");
  writeFileSync(body, what.body);
  const client = join(folder, "client.py");
  writeFileSync(client, CLIENT);
  const words = [what.scheme, VENDOR, what.name, what.host, what.path, body, join(installation.certs, "ca.crt")];
  const { stdout } = await run("ip", ["netns", "exec", SPACE, "/usr/bin/python3", client, ...words]);
  const told: unknown = JSON.parse(stdout);
  if (typeof told !== "object" || told === null) throw new Error(stdout);
  return told;
}

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

const CLIENT = `
import json, socket, ssl, sys
scheme, address, name, host, path, body, ca = sys.argv[1:]
data = open(body, "rb").read()
try:
    raw = socket.create_connection((address, 443 if scheme == "https" else 80), timeout=20)
    if scheme == "https":
        context = ssl.create_default_context(cafile=ca)
        if name == "":
            context.check_hostname = False
        raw = context.wrap_socket(raw, server_hostname=name or None)
    head = f"POST {path} HTTP/1.1\\r\\nHost: {host}\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(data)}\\r\\nConnection: close\\r\\n\\r\\n"
    raw.sendall(head.encode() + data)
    seen = b""
    while True:
        piece = raw.recv(65536)
        if not piece:
            break
        seen += piece
    text = seen.decode()
    answer = text.split("\\r\\n\\r\\n", 1)[1] if "\\r\\n\\r\\n" in text else ""
    start = answer.find("{")
    told = json.loads(answer[start:answer.rfind("}") + 1]) if start >= 0 else {}
    print(json.dumps({"status": int(text.split(" ")[1]), "code": told.get("code")}))
except (ssl.SSLError, OSError) as error:
    print(json.dumps({"error": str(error)}))
`;
