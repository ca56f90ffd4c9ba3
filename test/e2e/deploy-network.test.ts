import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../src/config/package-root.js";
import { openAuthority } from "../../src/tls/authority.js";
import { ClusterNetwork } from "../deploy/cluster-network.js";
import { type Manifest, parseManifests } from "../deploy/manifest.js";
import { compilePolicies, type Endpoint } from "../deploy/network-policy.js";
import { CHART, clusterTools, run } from "../deploy/tools.js";

const HOSTS = ["app.diffgram.com", "api.segment.io"];
const OUTSIDE = "93.184.215.14";
const RESOLVER = "10.244.9.53";
const PROXY = "10.244.2.10";
const PROXY_SERVICE = "10.96.31.28";
const TRANSPARENT_SERVICE = "10.96.31.29";
const NEIGHBOUR = "10.244.1.20";

const proxyLabels = { "app.kubernetes.io/name": "diffgram-egress-proxy", "app.kubernetes.io/instance": "r" };
const ENDPOINTS: readonly Endpoint[] = [
  { name: "client", address: "10.244.1.10", pod: { namespace: "diffgram", labels: { app: "diffgram-default" } } },
  { name: "hook", address: "10.244.1.11", pod: { namespace: "diffgram", labels: {} } },
  {
    name: "quarantined",
    address: "10.244.1.12",
    pod: { namespace: "diffgram", labels: { app: "diffgram-default", "egress-proxy/quarantine": "true" } },
  },
  { name: "neighbour", address: NEIGHBOUR, pod: { namespace: "diffgram", labels: { app: "diffgram-walrus" } } },
  {
    name: "proxy",
    address: PROXY,
    pod: { namespace: "diffgram-egress", labels: { ...proxyLabels, "app.kubernetes.io/component": "proxy" } },
  },
  { name: "resolver", address: RESOLVER, pod: { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } } },
  { name: "stranger", address: "10.244.3.10", pod: { namespace: "elsewhere", labels: { app: "diffgram-default" } } },
  { name: "outside", address: OUTSIDE },
];

const { helm, env } = clusterTools();
const rendered = parseManifests(
  run(
    helm,
    [
      "template",
      "r",
      CHART,
      "--namespace",
      "diffgram-egress",
      "--set",
      `transparent.enabled=true,transparent.clusterIP=${TRANSPARENT_SERVICE}`,
    ],
    { env },
  ),
);
const folder = mkdtempSync(join(tmpdir(), "egress-network-"));
let network: ClusterNetwork;

before(async () => {
  const [certs, vendorCa, data] = ["certs", "vendor-ca", "data"].map((name) => join(folder, name));
  for (const dir of [certs, vendorCa, data]) mkdirSync(dir ?? "");
  for (const dir of [certs, vendorCa]) await openAuthority({ dir: dir ?? "", now: Date.now(), createIfMissing: true });
  const settings = {
    certs,
    data,
    listen: { proxy: ":3128", transparent: ":3129", metrics: ":9464", console: "off" },
    upstream: { ca: [join(vendorCa ?? "", "ca.crt")], connect_to: HOSTS.map((host) => `${host}:443:${OUTSIDE}:443`) },
    log: { level: "error" },
  };
  writeFileSync(join(folder, "egress-proxy.yaml"), JSON.stringify(settings));
  const services = [
    { address: PROXY_SERVICE, port: 3128, to: PROXY, toPort: 3128 },
    { address: TRANSPARENT_SERVICE, port: 443, to: PROXY, toPort: 3129 },
  ];
  network = new ClusterNetwork(ENDPOINTS, services, RESOLVER);
  const outsideHost = fileURLToPath(new URL("../deploy/outside-host.js", import.meta.url));
  await network.start("outside", [outsideHost, vendorCa ?? "", HOSTS.join(",")], /ready/);
  await network.start("resolver", [outsideHost, "", HOSTS.join(","), TRANSPARENT_SERVICE], /ready/);
  await network.start("neighbour", ["-e", 'require("net").createServer().listen(8080, () => console.log("ready"))'], /ready/);
  await network.start(
    "proxy",
    [join(import.meta.dirname, "..", "..", "app", "egress-proxy.js"), "run", "--config", join(folder, "egress-proxy.yaml")],
    /records/,
  );
  // The first event of a process compiles what the next ones find compiled.
  await waysOut("client", []);
});

after(() => {
  network.close();
  rmSync(folder, { recursive: true, force: true });
});

async function waysOut(from: string, manifests: readonly Manifest[]): Promise<unknown> {
  network.enforce(compilePolicies(manifests, ENDPOINTS));
  const program = fileURLToPath(new URL("../deploy/ways-out.js", import.meta.url));
  const ca = join(folder, "certs", "ca.crt");
  const { stdout } = await network.run(
    from,
    [program, PROXY_SERVICE, TRANSPARENT_SERVICE, OUTSIDE, NEIGHBOUR, ca, join(packageRoot(), "demo", "traffic")],
    {},
  );
  return JSON.parse(stdout);
}

/** What holds for every pod of Diffgram's: the vendor through the proxy, both ways, the neighbours, and nothing else. */
const ONLY_THROUGH_THE_PROXY = {
  explicit: 200,
  transparent: 200,
  direct: 0,
  directTcp443: false,
  directTcp80: false,
  udp443: false,
  udp53: false,
  vendorName: TRANSPARENT_SERVICE,
  attackerName: "ENOTFOUND",
  neighbour: true,
};

test("without policies every way out is open: the network itself hides nothing", async () => {
  const found = await waysOut("client", []);
  // What the outside says is not signed by the proxy's CA, so the event is not sent; the connection stands all the same.
  assert.deepEqual(found, { ...ONLY_THROUGH_THE_PROXY, directTcp443: true, directTcp80: true, udp443: true, udp53: true });
});

for (const pod of ["client", "hook"]) {
  test(`a ${pod === "hook" ? "hook Job's pod, which has no label," : "pod of Diffgram's"} reaches the vendor through the proxy and in no other way`, async () => {
    assert.deepEqual(await waysOut(pod, rendered), ONLY_THROUGH_THE_PROXY);
  });
}

test("a pod of another namespace, under the same labels, does not reach the proxy or Diffgram's pods", async () => {
  const found = await waysOut("stranger", rendered);
  assert.deepEqual(
    [
      (found as Record<string, unknown>)["explicit"],
      (found as Record<string, unknown>)["transparent"],
      (found as Record<string, unknown>)["neighbour"],
    ],
    [0, 0, false],
  );
});

test("a pod under the quarantine's label reaches nothing at all, not even the proxy, a neighbour or a resolver", async () => {
  const cutOff = {
    ...ONLY_THROUGH_THE_PROXY,
    explicit: 0,
    transparent: 0,
    vendorName: "ETIMEOUT",
    attackerName: "ETIMEOUT",
    neighbour: false,
  };
  assert.deepEqual(await waysOut("quarantined", rendered), cutOff);
});

test("the verify Job of the chart says the same, and finds the way that an added rule opens", async () => {
  const variables = {
    PROXY: `${PROXY_SERVICE}:3128`,
    VENDOR_HOST: "api.segment.io",
    OUTSIDE_ADDRESS: OUTSIDE,
    DNS_OUTSIDE: OUTSIDE,
    TRANSPARENT: "true",
    WAIT_MS: "2500",
  };
  network.enforce(compilePolicies(rendered, ENDPOINTS));
  const program = [join(CHART, "files", "verify.mjs")];
  const good = await network.run("client", program, variables);
  assert.equal(good.status, 0, good.stdout);
  network.enforce(compilePolicies([...rendered, opening("0.0.0.0/0", 443)], ENDPOINTS));
  const bad = await network.run("client", program, variables);
  assert.equal(bad.status, 1, bad.stdout);
  assert.match(bad.stdout, /FAIL 93\.184\.215\.14:443 directly: is open/);
});

function opening(cidr: string, port: number): Manifest {
  const spec = { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr } }], ports: [{ protocol: "TCP", port }] }] };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "opening", namespace: "diffgram" }, spec };
}

/** One rule out of the rendered policies, by policy, direction and place; what then no longer works. */
const TAKEN_OUT: readonly (readonly [
  policy: string,
  direction: "ingress" | "egress",
  index: number,
  breaks: Readonly<Record<string, unknown>>,
])[] = [
  ["r-diffgram-egress-proxy-to-proxy", "egress", 0, { explicit: 0, transparent: 0 }],
  ["r-diffgram-egress-proxy-in-namespace", "egress", 0, { neighbour: false }],
  ["r-diffgram-egress-proxy-in-namespace", "ingress", 0, { neighbour: false }],
  ["r-diffgram-egress-proxy-dns", "egress", 0, { vendorName: "ETIMEOUT", attackerName: "ETIMEOUT" }],
  ["r-diffgram-egress-proxy", "ingress", 0, { explicit: 0, transparent: 0 }],
];
for (const [name, direction, index, breaks] of TAKEN_OUT) {
  test(`${name} without ${direction} rule ${index + 1} is noticed`, async () => {
    const changed = rendered.map((each): Manifest => {
      if (each.kind !== "NetworkPolicy" || each.metadata.name !== name) return each;
      const spec = each["spec"] as Record<string, unknown>;
      return { ...each, spec: { ...spec, [direction]: (spec[direction] as unknown[]).filter((_, at) => at !== index) } };
    });
    assert.deepEqual(await waysOut("client", changed), { ...ONLY_THROUGH_THE_PROXY, ...breaks });
  });
}

test("without the proxy's own rule for 443, the vendor is not reached: an upstream fault, not an answer", async () => {
  const changed = rendered.map((each): Manifest => {
    if (each.kind !== "NetworkPolicy" || each.metadata.name !== "r-diffgram-egress-proxy") return each;
    return { ...each, spec: { ...(each["spec"] as Record<string, unknown>), egress: [] } };
  });
  const found = (await waysOut("client", changed)) as Record<string, unknown>;
  assert.ok(found["explicit"] !== 200 && found["transparent"] !== 200);
});

test("default deny stands by itself: without it and without any other egress policy, everything is open", async () => {
  const denied = rendered.filter((each) => each.kind === "NetworkPolicy" && each.metadata.name.endsWith("-default-deny"));
  const isolated = (await waysOut("client", denied)) as Record<string, unknown>;
  for (const way of ["directTcp443", "directTcp80", "udp443", "udp53", "neighbour"]) assert.equal(isolated[way], false, way);
  const open = rendered.filter((each) => each.kind !== "NetworkPolicy" || !JSON.stringify(each["spec"]).includes('"Egress"'));
  assert.equal(((await waysOut("client", open)) as Record<string, unknown>)["directTcp443"], true);
});
