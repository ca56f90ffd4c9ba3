import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { loadSettings } from "../../src/config/settings.js";
import { openAuthority } from "../../src/tls/authority.js";
import { containersOf, type Manifest, parseManifests, podSpecOf } from "../deploy/manifest.js";
import { lintManifests } from "../deploy/policy-linter.js";
import { schemaFaults, typeFaults } from "../deploy/schema-check.js";
import { attempt, CHART, clusterTools, KUBERNETES_VERSION, kubernetesModels, run } from "../deploy/tools.js";

const { helm, env } = clusterTools();

const CONSOLE = "console.enabled=true,console.trustedProxies={10.244.0.0/16},postgresql.existingSecret=db";
const DNS = "dns.enabled=true,dns.clusterIP=10.96.31.53";
const TRANSPARENT = "transparent.enabled=true,transparent.clusterIP=10.96.31.29";
const MONITORING = "metrics.serviceMonitor.enabled=true,metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true";

/** Values that people would combine, by a sentence. */
const MATRIX: Readonly<Record<string, readonly string[]>> = {
  "nothing but the defaults": [],
  "into Diffgram's own namespace": ["diffgram.namespace=egress"],
  "an own CA and rules from a ConfigMap": ["ca.source=existingSecret,ca.existingSecret=ca", "rules.source=configMap"],
  "a CA by cert-manager, self-signed": ["ca.source=certManager"],
  "a CA by an issuer of the cluster, bundle by trust-manager": [
    "ca.source=certManager,ca.certManager.issuerRef.name=corporate,ca.certManager.issuerRef.kind=ClusterIssuer",
    "bundle.trustManager=true",
  ],
  "records in PostgreSQL, with the console and its Ingress": [
    CONSOLE,
    "console.ingress.enabled=true,console.ingress.host=egress.example.com,console.ingress.tlsSecret=tls,networkPolicy.database.cidrs={10.0.5.13/32}",
  ],
  "a database in the cluster": [CONSOLE, "networkPolicy.database.namespace=data,networkPolicy.database.podLabels.app=postgres"],
  "the transparent listener with its resolver": [TRANSPARENT, DNS],
  "the resolver alone, with zones of one's own": [DNS, "dns.forward={db.internal.example.com}"],
  "the support gateway": [
    "support.enabled=true,support.type=LoadBalancer,support.cidrs={198.51.100.0/24,203.0.113.9/32},support.clientCaSecret=support-ca",
  ],
  "browsers by Diffgram's own ingress": ["firstParty.enabled=true,firstParty.hosts={diffgram.example.org}"],
  "everything for Prometheus and Grafana": [
    MONITORING,
    "metrics.prometheusRule.labels.release=kps,metrics.prometheusRule.runbooks=https://wiki.example.com/egress/",
  ],
  "scaled by load, hard anti-affinity, own classes": [
    "autoscaling.enabled=true,antiAffinity=hard,persistence.storageClassName=fast,priorityClassName=high",
    "nodeSelector.disk=ssd,tolerations[0].key=egress,tolerations[0].operator=Exists,topologySpreadConstraints[0].maxSkew=1",
    "topologySpreadConstraints[0].topologyKey=zone,topologySpreadConstraints[0].whenUnsatisfiable=ScheduleAnyway",
  ],
  "listed addresses": [
    "diffgram.allow[0].name=db,diffgram.allow[0].cidrs={10.0.5.12/32},diffgram.allow[0].ports[0].port=5432",
    "networkPolicy.proxyAllow[0].name=syslog,networkPolicy.proxyAllow[0].cidrs={10.0.9.9/32},networkPolicy.proxyAllow[0].ports[0].port=6514",
    "networkPolicy.dns.cidrs={169.254.20.10/32}",
  ],
  "Cilium, with names": [
    "networkPolicy.flavour=cilium",
    "diffgram.allowHosts[0].name=storage,diffgram.allowHosts[0].hosts={ours.s3.eu-central-1.amazonaws.com},diffgram.allowHosts[0].ports[0].port=443",
  ],
  "Istio, with names": [
    "networkPolicy.flavour=istio",
    TRANSPARENT,
    "diffgram.allowHosts[0].name=storage,diffgram.allowHosts[0].hosts={ours.s3.eu-central-1.amazonaws.com},diffgram.allowHosts[0].ports[0].port=443",
  ],
  "clients named in records": ["clientNames.enabled=true,clientNames.apiServer.cidrs={10.0.0.10/32},clientNames.apiServer.port=6443"],
  "pods sent by the API server itself": ["sendPods.enabled=true,sendPods.domain=diffgram.example.com,sendPods.noProxy={10.0.5.12}"],
  "an image by digest from a mirror": [
    `image.repository=registry.example.com/egress,image.digest=sha256:${"a".repeat(64)},image.pullSecrets={mirror}`,
  ],
  "everything at once": [
    CONSOLE,
    DNS,
    TRANSPARENT,
    MONITORING,
    "clientNames.enabled=true,clientNames.apiServer.cidrs={10.0.0.10/32},sendPods.enabled=true,sendPods.domain=diffgram.example.com",
    "support.enabled=true,support.cidrs={198.51.100.0/24},support.clientCaSecret=support-ca,autoscaling.enabled=true,rules.source=configMap",
  ],
  "without policies": ["networkPolicy.enabled=false,verify.enabled=false"],
};

function rendered(sets: readonly string[]): Manifest[] {
  const args = ["template", "r", CHART, "--namespace", "egress", ...sets.flatMap((set) => ["--set", set])];
  return parseManifests(run(helm, args, { env }));
}

const everything = new Map(Object.entries(MATRIX).map(([name, sets]) => [name, rendered(sets)]));

test("the chart passes Helm's own lint, strictly", () => {
  for (const sets of Object.values(MATRIX)) run(helm, ["lint", "--strict", CHART, ...sets.flatMap((set) => ["--set", set])], { env });
});

test(`every object of every variant is valid by the JSON schemas of Kubernetes ${KUBERNETES_VERSION}`, async () => {
  const modules = kubernetesModels();
  for (const [name, manifests] of everything) assert.deepEqual(await schemaFaults(manifests, modules), [], name);
});

test("no object of any variant holds a key that its type does not know", () => {
  assert.equal(typeFaults([...everything.values()].flat(), kubernetesModels()), "");
});

test("a key that a type does not know is found, and so is a value of the wrong type", async () => {
  const source = JSON.stringify(rendered([]).find((each) => each.kind === "StatefulSet"));
  const misspelled = parseManifests(source.replace('"readinessProbe"', '"readynessProbe"'));
  assert.match(typeFaults(misspelled, kubernetesModels()), /readynessProbe/);
  const mistyped = parseManifests(source.replace('"replicas":2', '"replicas":"two"'));
  assert.equal((await schemaFaults(mistyped, kubernetesModels())).length, 1);
});

test("every pod of every variant is as tight as the linter knows", () => {
  for (const [name, manifests] of everything) assert.deepEqual(lintManifests(manifests), [], name);
});

test("no variant makes two objects of one name", () => {
  for (const [name, manifests] of everything) {
    const names = manifests.map((each) => `${each.apiVersion} ${each.kind} ${each.metadata.namespace ?? ""} ${each.metadata.name}`);
    assert.equal(new Set(names).size, names.length, name);
  }
});

test("the CA's key is mounted into the proxy alone, for owner and group alone", () => {
  const manifests = everything.get("everything at once") ?? [];
  const withCa = manifests.filter((each) => JSON.stringify(podSpecOf(each)?.volumes ?? []).includes("r-diffgram-egress-proxy-ca"));
  assert.deepEqual(
    withCa.map((each) => each.kind),
    ["StatefulSet"],
  );
  const secrets = (podSpecOf(withCa[0] ?? { apiVersion: "", kind: "", metadata: { name: "" } })?.volumes ?? []).filter(
    (volume) => "secret" in volume,
  );
  // Its own, the installation's key, and the certificate that says whom support's clients are signed by.
  assert.deepEqual(secrets.map(({ name }) => name).sort(), ["ca", "installation-key", "support-client-ca"]);
});

test("each rules file of the package is in the ConfigMap and at its place in the volume", () => {
  const manifests = everything.get("an own CA and rules from a ConfigMap") ?? [];
  const map = manifests.find((each) => each.metadata.name.endsWith("-rules"));
  const keys = Object.keys(map?.["data"] ?? {});
  const volume = podSpecOf(manifests.find((each) => each.kind === "StatefulSet") ?? assert.fail())?.volumes?.find(
    (each) => each.name === "rules",
  );
  const items = JSON.parse(JSON.stringify(volume))["configMap"]["items"] as { key: string; path: string }[];
  assert.ok(keys.length > 40);
  assert.deepEqual(items.map((item) => item.key).sort(), keys.sort());
  for (const { key, path } of items) assert.equal(key.replaceAll("__", "/"), path);
});

test("each alert carries its page: as a path of this repository, or where the values say that people read it", () => {
  const pagesOf = (name: string): string[] => {
    const rule = everything.get(name)?.find((each) => each.kind === "PrometheusRule");
    return [...JSON.stringify(rule).matchAll(/"(runbook(?:_url)?":"[^"]*?)Egress\w+\.md"/g)].map(([, page = ""]) => page);
  };
  const own = pagesOf("everything for Prometheus and Grafana");
  assert.deepEqual([...new Set(own)], ['runbook_url":"https://wiki.example.com/egress/']);
  const shipped = pagesOf("everything at once");
  assert.deepEqual([...new Set(shipped)], ['runbook":"docs/operations/alerts/']);
  assert.ok(own.length === shipped.length && own.length >= 20);
});

/** Values that can't work, and the word that the refusal has to hold. */
const REFUSED: readonly (readonly [sentence: string, set: string, says: string])[] = [
  ["a key that no value has", "replicas=3", "replicas"],
  ["the tag latest", "image.tag=latest", "tag"],
  ["a digest that is none", "image.digest=sha256:12", "digest"],
  ["an address range without a mask", "support.cidrs={10.0.0.1}", "cidrs"],
  ["limits without memory", "resources.limits.memory=null", "memory"],
  ["settings that the chart owns", "settings.listen.proxy=:1", "settings"],
  ["an own CA without its Secret", "ca.source=existingSecret", "ca.existingSecret"],
  ["the console without a database", "console.enabled=true,console.trustedProxies={10.0.0.0/8}", "postgresql.existingSecret"],
  ["the console without a proxy in front", "console.enabled=true,postgresql.existingSecret=x", "console.trustedProxies"],
  ["support that is open to everybody", "support.enabled=true", "support.cidrs"],
  ["support that nothing lets in", "support.enabled=true,support.cidrs={198.51.100.0/24}", "support.clientCaSecret"],
  ["names of clients without a way to the API server", "clientNames.enabled=true", "clientNames.apiServer.cidrs"],
  ["pods sent without Diffgram's domain", "sendPods.enabled=true", "sendPods.domain"],
  [
    "names in a NetworkPolicy",
    "diffgram.allowHosts[0].name=a,diffgram.allowHosts[0].hosts={a.b},diffgram.allowHosts[0].ports[0].port=443",
    "cilium or istio",
  ],
  ["a resolver without an address", "dns.enabled=true", "dns.clusterIP"],
  ["a place for runbooks that is no address", "metrics.prometheusRule.runbooks=wiki/egress", "runbooks"],
  ["a grace period that ends before the drain begins", "preStopSeconds=40", "terminationGracePeriodSeconds"],
];
for (const [sentence, set, says] of REFUSED) {
  test(`refused: ${sentence}`, () => {
    const { status, stderr } = attempt(helm, ["template", "r", CHART, "--set", set], { env });
    assert.notEqual(status, 0);
    assert.ok(stderr.includes(says), stderr);
  });
}

test("the linter finds what is loose: one fault for each way to loosen the proxy's pod", () => {
  const source = JSON.stringify(rendered([]).find((each) => each.kind === "StatefulSet"));
  const loosened: readonly (readonly [string, string])[] = [
    ['"privileged":false', '"privileged":true'],
    ['"readOnlyRootFilesystem":true', '"readOnlyRootFilesystem":false'],
    ['"drop":["ALL"]', '"drop":["ALL"],"add":["NET_ADMIN"]'],
    ['"allowPrivilegeEscalation":false', '"allowPrivilegeEscalation":true'],
    ['"runAsUser":10001', '"runAsUser":0'],
    ['"image":"diffgram-egress-proxy:0.1.0"', '"image":"diffgram-egress-proxy:latest"'],
    ['"image":"diffgram-egress-proxy:0.1.0"', '"image":"diffgram-egress-proxy"'],
    ['"limits":{"cpu":"2","memory":"1Gi"}', '"limits":{"cpu":"2"}'],
    ['"automountServiceAccountToken":false', '"automountServiceAccountToken":true'],
    ['"enableServiceLinks":false', '"enableServiceLinks":true'],
    ['"emptyDir":{"sizeLimit":"64Mi"}', '"hostPath":{"path":"/tmp"}'],
    ['"defaultMode":288', '"defaultMode":420'],
    ['"type":"RuntimeDefault"', '"type":"Unconfined"'],
  ];
  for (const [tight, loose] of loosened) {
    assert.ok(source.includes(tight), tight);
    assert.equal(lintManifests(parseManifests(source.replace(tight, loose))).length, 1, loose);
  }
});

test("the CA that Helm makes is one that the proxy signs with, and its Secret's mode one that it accepts", async () => {
  const secret = rendered([]).find((each) => each.kind === "Secret" && each.metadata.name.endsWith("-ca")) ?? assert.fail();
  const data = secret["data"] as Record<string, string>;
  const folder = mkdtempSync(join(tmpdir(), "egress-helm-ca-"));
  try {
    for (const name of ["ca.crt", "ca.key"]) writeFileSync(join(folder, name), Buffer.from(data[name] ?? "", "base64"), { mode: 0o440 });
    const authority = await openAuthority({ dir: folder, now: Date.now(), createIfMissing: false });
    const leaf = await authority.mint("api.segment.io", Date.now());
    assert.ok(new X509Certificate(leaf.certificatePem).checkHost("api.segment.io") !== undefined);
    assert.equal(Math.round((authority.expiresAt - Date.now()) / 86_400_000), 396);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the settings that the chart writes are settings that the proxy takes", () => {
  let seen = 0;
  for (const [name, manifests] of everything) {
    for (const map of manifests.filter((each) => each.kind === "ConfigMap")) {
      const text = (map["data"] as Record<string, string>)["egress-proxy.yaml"];
      if (text === undefined) continue;
      const folder = mkdtempSync(join(tmpdir(), "egress-settings-"));
      const path = join(folder, "egress-proxy.yaml");
      writeFileSync(path, text);
      assert.doesNotThrow(() => loadSettings({ file: path, env: {}, flags: [] }), name);
      rmSync(folder, { recursive: true, force: true });
      seen += 1;
    }
  }
  assert.ok(seen >= everything.size);
});

test("the policy of the API server adds to every container what the post-renderer adds", () => {
  const manifests = everything.get("pods sent by the API server itself") ?? [];
  const policy = manifests.find((each) => each.kind === "MutatingAdmissionPolicy") ?? assert.fail();
  const text = JSON.stringify(policy["spec"]).replaceAll('\\"', '"');
  for (const list of ["containers", "initContainers"]) {
    for (const [name, value] of [
      ["HTTPS_PROXY", "http://r-diffgram-egress-proxy.egress.svc:3128"],
      ["NO_PROXY", "localhost,127.0.0.1,::1,.svc,.cluster.local,diffgram.example.com,.diffgram.example.com,10.0.5.12"],
      ["REQUESTS_CA_BUNDLE", "/etc/diffgram-egress/ca-bundle.crt"],
      ["SSL_CERT_FILE", "/etc/diffgram-egress/ca-bundle.crt"],
      ["NODE_EXTRA_CA_CERTS", "/etc/diffgram-egress/ca-bundle.crt"],
    ] as const)
      assert.ok(text.includes(`Object.spec.${list}.env{name: "${name}", value: "${value}"}`), `${list} ${name}`);
  }
  // CEL's braces and brackets close; nothing here evaluates it.
  for (const [open, close] of ["{}", "[]", "()"].map((pair) => [pair[0] ?? "", pair[1] ?? ""]))
    assert.equal(text.split(open ?? "").length, text.split(close ?? "").length);
  const binding = manifests.find((each) => each.kind === "MutatingAdmissionPolicyBinding") ?? assert.fail();
  assert.match(JSON.stringify(binding["spec"]), /"kubernetes.io\/metadata.name":"diffgram"/);
});

test("who names clients may list and watch pods of Diffgram's namespace, and nothing else", () => {
  const manifests = everything.get("clients named in records") ?? [];
  const roles = manifests.filter((each) => /Role/.test(each.kind));
  assert.deepEqual(
    roles.map(({ kind, metadata }) => [kind, metadata.namespace]),
    [
      ["Role", "diffgram"],
      ["RoleBinding", "diffgram"],
    ],
  );
  assert.deepEqual(roles[0]?.["rules"], [{ apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] }]);
});

test("the values that the installation page shows are values that the chart takes", () => {
  const page = readFileSync(join(packageRoot(), "docs", "operations", "install.md"), "utf8");
  const [first, ...more] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  assert.ok(more.length >= 3);
  const folder = mkdtempSync(join(tmpdir(), "egress-page-"));
  try {
    const files = [first ?? "", ...more].map((text, index) => {
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, text);
      return file;
    });
    for (const [index, file] of files.entries()) {
      const both = index === 0 ? [file] : [files[0] ?? "", file];
      const args = ["template", "r", CHART, "--namespace", "diffgram-egress", ...both.flatMap((each) => ["--values", each])];
      assert.deepEqual(lintManifests(parseManifests(run(helm, args, { env }))), []);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("every container of the proxy gets its installation's key as a file, not as a link", () => {
  for (const manifests of everything.values()) {
    for (const manifest of manifests) {
      const pod = podSpecOf(manifest);
      if (pod === undefined) continue;
      for (const container of containersOf(pod)) {
        for (const mount of container.volumeMounts ?? [])
          if (mount.name === "installation-key") assert.equal(mount["subPath"], "installation.key");
      }
    }
  }
});
