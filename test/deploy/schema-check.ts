import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import { type Manifest, shownManifest } from "./manifest.js";
import { attempt } from "./tools.js";

/** Groups outside Kubernetes' own, and the package that knows their types. */
const FOREIGN: Readonly<Record<string, string>> = {
  "cert-manager.io": "@kubernetes-models/cert-manager",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "networking.istio.io": "@kubernetes-models/istio",
};
/** Nobody publishes types for these, or only for a newer Kubernetes (MutatingAdmissionPolicy); tests look at them by hand. */
export const UNTYPED_GROUPS: readonly string[] = ["admissionregistration.k8s.io", "cilium.io", "trust.cert-manager.io"];

const groupOf = ({ apiVersion }: Manifest): string => (apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "");

const MODEL = z.custom<new (data: unknown) => { validate(): void }>((value) => typeof value === "function");

/** Holds each object of Kubernetes' own kinds against its JSON schema. @returns a sentence for each fault */
export async function schemaFaults(manifests: readonly Manifest[], modules: string): Promise<string[]> {
  const faults: string[] = [];
  for (const manifest of manifests) {
    const group = groupOf(manifest);
    if (group in FOREIGN || UNTYPED_GROUPS.includes(group)) continue;
    const path = join(modules, "kubernetes-models", manifest.apiVersion, `${manifest.kind}.js`);
    try {
      const module: unknown = await import(pathToFileURL(path).href);
      const Model = MODEL.parse(z.looseObject({}).parse(z.looseObject({}).parse(module)["default"] ?? module)[manifest.kind]);
      new Model(manifest).validate();
    } catch (error) {
      faults.push(`${shownManifest(manifest)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return faults;
}

/**
 * Writes each object as a literal of its type and lets the compiler judge, which also finds keys that the type does not know: the API server
 * drops those silently, or refuses them.
 *
 * @returns what the compiler said; empty where it found nothing
 */
export function typeFaults(manifests: readonly Manifest[], modules: string): string {
  const folder = mkdtempSync(join(tmpdir(), "egress-manifests-"));
  try {
    symlinkSync(modules, join(folder, "node_modules"));
    mkdirSync(join(folder, "src"));
    const typed = manifests.filter((manifest) => !UNTYPED_GROUPS.includes(groupOf(manifest)));
    for (const [index, manifest] of typed.entries()) {
      const from = `${FOREIGN[groupOf(manifest)] ?? "kubernetes-models"}/${manifest.apiVersion}`;
      const text = `import type { I${manifest.kind} } from "${from}";\nexport const object: I${manifest.kind} = ${JSON.stringify(manifest, undefined, 1)};\n`;
      writeFileSync(join(folder, "src", `${manifest.kind}-${manifest.metadata.name}-${index}.ts`), text);
    }
    const options = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: "nodenext",
      moduleResolution: "nodenext",
      target: "es2022",
      types: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["src"] }));
    const tsc = join(packageRoot(), "node_modules", "typescript", "bin", "tsc");
    const { status, stdout } = attempt(process.execPath, [tsc, "--project", folder]);
    return status === 0 ? "" : stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
