import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { packageRoot } from "../../src/config/package-root.js";
import { containersOf, type Manifest, parseManifests, podSpecOf, shownManifest } from "../deploy/manifest.js";
import { lintManifests } from "../deploy/policy-linter.js";
import { schemaFaults, typeFaults } from "../deploy/schema-check.js";
import { attempt, clusterTools, DEPLOY, kubernetesModels, run } from "../deploy/tools.js";

const { helm, kubectl, env } = clusterTools();
const FIXTURE = join(packageRoot(), "test", "deploy", "fixtures", "diffgram-chart");
const VARIANTS = ["base", "full", "verify"];

test("the plain manifests are what the chart renders", () => {
  const folder = mkdtempSync(join(tmpdir(), "egress-rendered-"));
  try {
    run(process.execPath, [join(DEPLOY, "render.mjs"), "--to", folder], { env: { HELM: helm } });
    for (const variant of VARIANTS) {
      const committed = join(DEPLOY, "kubernetes", variant);
      assert.deepEqual(readdirSync(committed).sort(), readdirSync(join(folder, variant)).sort(), "run: node deploy/render.mjs");
      for (const file of readdirSync(committed)) {
        const [is, shouldBe] = [committed, join(folder, variant)].map((at) => parse(readFileSync(join(at, file), "utf8")) as unknown);
        assert.deepEqual(is, shouldBe, `${variant}/${file} is stale; run: node deploy/render.mjs`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

for (const variant of VARIANTS) {
  test(`kubectl kustomize builds ${variant}, and what it builds is valid and tight`, async () => {
    const manifests = parseManifests(run(kubectl, ["kustomize", join(DEPLOY, "kubernetes", variant)]));
    assert.ok(manifests.length >= 2);
    assert.deepEqual(await schemaFaults(manifests, kubernetesModels()), []);
    assert.equal(typeFaults(manifests, kubernetesModels()), "");
    assert.deepEqual(lintManifests(manifests), []);
  });
}

// ---- The post-renderer, on a chart of the same shape as Diffgram's

const POST_RENDER = join(DEPLOY, "post-renderer", "post-render");
const WANTED = {
  HTTPS_PROXY: "http://diffgram-egress-proxy.diffgram-egress.svc:3128",
  NO_PROXY: "localhost,127.0.0.1,::1,.svc,.cluster.local,diffgram.example.com,.diffgram.example.com,10.0.5.12",
  REQUESTS_CA_BUNDLE: "/etc/diffgram-egress/ca-bundle.crt",
  SSL_CERT_FILE: "/etc/diffgram-egress/ca-bundle.crt",
  NODE_EXTRA_CA_CERTS: "/etc/diffgram-egress/ca-bundle.crt",
};
const told = { ...env, DIFFGRAM_DOMAIN: "diffgram.example.com", EGRESS_NO_PROXY: "10.0.5.12" };

function rendered(more: readonly string[] = []): Manifest[] {
  return parseManifests(run(helm, ["template", "diffgram", FIXTURE, ...more], { env: told }));
}

function assertEveryContainerIsSent(manifests: readonly Manifest[]): void {
  let containers = 0;
  for (const manifest of manifests) {
    const pod = podSpecOf(manifest);
    if (pod === undefined) continue;
    const volume = (pod.volumes ?? []).find((each) => each.name === "egress-bundle");
    assert.deepEqual(volume, { name: "egress-bundle", configMap: { name: "diffgram-egress-bundle" } }, shownManifest(manifest));
    for (const container of containersOf(pod)) {
      containers += 1;
      const variables = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
      for (const [name, value] of Object.entries(WANTED))
        assert.equal(variables[name], value, `${shownManifest(manifest)}/${container.name} ${name}`);
      assert.ok(
        (container.volumeMounts ?? []).some((mount) => mount.name === "egress-bundle" && mount.mountPath === "/etc/diffgram-egress"),
        `${shownManifest(manifest)}/${container.name}`,
      );
    }
  }
  // Five workloads, of which one has two containers and one an init container; the hook; the nightly job with its init container.
  assert.equal(containers, 10);
}

/** Without what the post-renderer adds, to see that it changes nothing else. */
function stripped(manifests: readonly Manifest[]): string {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((each) => !isAdded(each)).map(clean);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, held]) => [key, clean(held)] as const);
    return Object.fromEntries(
      entries
        .filter(([key, held]) => !(["env", "volumes", "volumeMounts"].includes(key) && Array.isArray(held) && held.length === 0))
        .sort(([one], [other]) => one.localeCompare(other)),
    );
  };
  return JSON.stringify([...manifests].sort((a, b) => shownManifest(a).localeCompare(shownManifest(b))).map(clean), undefined, 1);
}

function isAdded(value: unknown): boolean {
  return typeof value === "object" && value !== null && "name" in value && (value.name === "egress-bundle" || String(value.name) in WANTED);
}

test("as Helm 4's plugin: every container of every pod is sent through the proxy, and nothing else is changed", () => {
  const before = rendered();
  attempt(helm, ["plugin", "uninstall", "diffgram-egress"], { env });
  // Helm does not see a link whose clone is gone, and refuses to write over it.
  rmSync(join(env.HELM_DATA_HOME ?? "", "plugins", "post-renderer"), { force: true, recursive: true });
  run(helm, ["plugin", "install", join(DEPLOY, "post-renderer")], { env });
  const after = rendered(["--post-renderer", "diffgram-egress"]);
  assert.equal(stripped(after), stripped(before));
  assertEveryContainerIsSent(after);
});

test("by itself, as Helm 3 runs it: the same", () => {
  const text = run(helm, ["template", "diffgram", FIXTURE], { env: told });
  const after = parseManifests(run(POST_RENDER, [], { input: text, env: told }));
  assertEveryContainerIsSent(after);
  const twice = parseManifests(run(POST_RENDER, [], { input: run(POST_RENDER, [], { input: text, env: told }), env: told }));
  assert.deepEqual(twice, after, "a second run changes nothing");
});

test("with a resolver's address, pods ask it and nobody else", () => {
  const text = run(helm, ["template", "diffgram", FIXTURE], { env: told });
  const after = parseManifests(run(POST_RENDER, [], { input: text, env: { ...told, EGRESS_DNS: "10.96.31.53" } }));
  for (const pod of after.flatMap((manifest) => podSpecOf(manifest) ?? [])) {
    assert.equal(pod["dnsPolicy"], "None");
    assert.match(JSON.stringify(pod["dnsConfig"]), /"nameservers":\["10\.96\.31\.53"\]/);
  }
});

test("manifests without any pod pass unchanged", () => {
  const text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: alone\n";
  assert.equal(run(POST_RENDER, [], { input: text, env: told }), text);
});

test("without Diffgram's domain it refuses, since calls between its services would enter the proxy", () => {
  const { status, stderr } = attempt(POST_RENDER, [], { input: "", env: { ...env, DIFFGRAM_DOMAIN: "" } });
  assert.equal(status, 1);
  assert.match(stderr, /DIFFGRAM_DOMAIN/);
});
