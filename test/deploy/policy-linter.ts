import { containersOf, type Container, type Manifest, podSpecOf, type PodSpec, shownManifest } from "./manifest.js";

/** A rule that a manifest broke, in a sentence. */
export interface LintFault {
  readonly where: string;
  readonly rule: string;
}

type Check<T> = readonly [rule: string, holds: (subject: T) => boolean];

const POD_CHECKS: readonly Check<PodSpec>[] = [
  ["uses no host network", (pod) => pod["hostNetwork"] !== true],
  ["uses no host process ids", (pod) => pod["hostPID"] !== true],
  ["uses no host IPC", (pod) => pod["hostIPC"] !== true],
  ["mounts no host path", (pod) => (pod.volumes ?? []).every((volume) => !("hostPath" in volume))],
  [
    "runs as a numbered user that is not root",
    (pod) => pod.securityContext?.["runAsNonRoot"] === true && Number(pod.securityContext["runAsUser"]) >= 10_000,
  ],
  ["has the runtime's seccomp profile", (pod) => JSON.stringify(pod.securityContext?.["seccompProfile"]) === '{"type":"RuntimeDefault"}'],
  ["mounts no token of the cluster's API", (pod) => pod.automountServiceAccountToken === false],
  ["takes no variables of Services", (pod) => pod["enableServiceLinks"] === false],
  [
    "bounds its memory volumes",
    (pod) => (pod.volumes ?? []).every((volume) => !("emptyDir" in volume) || JSON.stringify(volume["emptyDir"]).includes("sizeLimit")),
  ],
  [
    "keeps secrets from others than owner and group",
    (pod) => (pod.volumes ?? []).every((volume) => !("secret" in volume) || modeOf(volume["secret"]) === 0o440),
  ],
];

const CONTAINER_CHECKS: readonly Check<Container>[] = [
  ["is not privileged", (container) => container.securityContext?.["privileged"] !== true],
  ["can't gain privileges", (container) => container.securityContext?.["allowPrivilegeEscalation"] === false],
  ["has a read-only root", (container) => container.securityContext?.["readOnlyRootFilesystem"] === true],
  ["drops all capabilities, adds none", (container) => JSON.stringify(container.securityContext?.["capabilities"]) === '{"drop":["ALL"]}'],
  [
    "has limits and requests of CPU and memory",
    ({ resources }) => [resources?.limits, resources?.requests].every((set) => set !== undefined && "cpu" in set && "memory" in set),
  ],
  [
    "names a version, and not latest",
    ({ image }) => /@sha256:[0-9a-f]{64}$/.test(image) || (/:[^/:]+$/.test(image) && !image.endsWith(":latest")),
  ],
  [
    "holds no secret in its variables",
    ({ env = [] }) => env.every(({ name, value }) => value === undefined || !/password|secret|token|_key$|store_url/i.test(name)),
  ],
  [
    "mounts nothing over the service account's token",
    ({ volumeMounts = [] }) => volumeMounts.every(({ mountPath }) => !mountPath.startsWith("/var/run/secrets")),
  ],
];

function modeOf(secret: unknown): unknown {
  return typeof secret === "object" && secret !== null && "defaultMode" in secret ? secret.defaultMode : undefined;
}

/** What keeps manifests from being as tight as they claim: one entry for every rule that an object breaks. */
export function lintManifests(manifests: readonly Manifest[]): LintFault[] {
  return manifests.flatMap((manifest) => {
    const pod = podSpecOf(manifest);
    const where = shownManifest(manifest);
    if (manifest.kind === "ClusterRole" || manifest.kind === "ClusterRoleBinding")
      return [{ where, rule: "asks for no rights over the cluster" }];
    if (pod === undefined) return [];
    const service = POD_CHECKS.flatMap(([rule, holds]) => (holds(pod) ? [] : [{ where, rule }]));
    const inside = containersOf(pod).flatMap((container) =>
      CONTAINER_CHECKS.flatMap(([rule, holds]) => (holds(container) ? [] : [{ where: `${where}/${container.name}`, rule }])),
    );
    return [...service, ...inside];
  });
}
