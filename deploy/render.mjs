/**
 * Renders the plain manifests of deploy/kubernetes from the chart.
 *
 *   node deploy/render.mjs             writes them (needs helm 4 in PATH, or its path in HELM)
 *   node deploy/render.mjs --to DIR    writes them to DIR instead, for the test that holds them against what is committed
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const chart = join(here, "helm", "diffgram-egress-proxy");
const VARIANTS = ["base", "full"];

const toIndex = process.argv.indexOf("--to");
const target = toIndex < 0 ? join(here, "kubernetes") : process.argv[toIndex + 1];

for (const variant of VARIANTS) {
  const values = join(here, "kubernetes", `values-${variant}.yaml`);
  write(join(target, variant), helm(["--values", values, "--no-hooks"]));
  if (variant === "base") write(join(target, "verify"), helm(["--values", values, "--show-only", "templates/tests/verify.yaml"]));
}

function helm(args) {
  const all = ["template", "diffgram-egress-proxy", chart, "--namespace", "diffgram-egress", ...args];
  const result = spawnSync(process.env.HELM ?? "helm", all, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
}

/** One file an object, and the kustomization that lists them. What says "Helm" or changes with the chart's version only is left out. */
function write(folder, rendered) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const names = [];
  for (const part of rendered.split(/^---$/m)) {
    const text = part
      .split("\n")
      .filter((line) => !/^# Source: |^ +(helm\.sh\/|app\.kubernetes\.io\/managed-by: Helm)/.test(line))
      .join("\n")
      .replace(/^ +annotations:\n(?= {0,2}\S)/gm, (found) => (/^ {2}annotations/.test(found) ? "" : found))
      .trim();
    const kind = /^kind: (\w+)$/m.exec(text)?.[1];
    const name = /^ {2}name: (\S+)$/m.exec(text)?.[1];
    if (kind === undefined || name === undefined) continue;
    const file = `${kind.toLowerCase()}-${name}.yaml`;
    if (names.includes(file)) throw new Error(`Two objects would be ${file}.`);
    names.push(file);
    writeFileSync(join(folder, file), `${text}\n`);
  }
  const lines = names.sort().map((name) => `  - ${name}`);
  const kustomization = [
    "# Rendered by deploy/render.mjs; patch it from an overlay of yours.",
    "apiVersion: kustomize.config.k8s.io/v1beta1",
    "kind: Kustomization",
    "resources:",
  ];
  writeFileSync(join(folder, "kustomization.yaml"), `${[...kustomization, ...lines].join("\n")}\n`);
  if (readdirSync(folder).length !== names.length + 1) throw new Error("Not every object was written.");
}
