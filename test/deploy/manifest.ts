import { parseAllDocuments } from "yaml";
import { z } from "zod";

const MANIFEST = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

/** One Kubernetes object, as it was rendered. */
export type Manifest = z.output<typeof MANIFEST>;

/** Every object of a stream of YAML documents. @throws where one can't be read, or holds a key twice */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    if ("errors" in document && document.errors.length > 0) throw new Error(document.errors.map((error) => error.message).join("\n"));
    const value: unknown = document.toJS();
    return value === null ? [] : [MANIFEST.parse(value)];
  });
}

const CONTAINER = z.looseObject({
  name: z.string(),
  image: z.string(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).optional(),
  resources: z
    .looseObject({ limits: z.record(z.string(), z.unknown()).optional(), requests: z.record(z.string(), z.unknown()).optional() })
    .optional(),
  securityContext: z.looseObject({}).optional(),
});
const POD = z.looseObject({
  containers: z.array(CONTAINER),
  initContainers: z.array(CONTAINER).optional(),
  volumes: z.array(z.looseObject({ name: z.string() })).optional(),
  securityContext: z.looseObject({}).optional(),
  automountServiceAccountToken: z.boolean().optional(),
});

/** What a pod of a workload is made of. */
export type PodSpec = z.output<typeof POD>;
export type Container = z.output<typeof CONTAINER>;

const TEMPLATED = z.looseObject({ template: z.looseObject({ spec: POD }) });

/** The pods that an object makes; undefined where it makes none. */
export function podSpecOf(manifest: Manifest): PodSpec | undefined {
  switch (manifest.kind) {
    case "Pod":
      return POD.parse(manifest["spec"]);
    case "CronJob":
      return z.looseObject({ jobTemplate: z.looseObject({ spec: TEMPLATED }) }).parse(manifest["spec"]).jobTemplate.spec.template.spec;
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "Job":
      return TEMPLATED.parse(manifest["spec"]).template.spec;
    default:
      return undefined;
  }
}

export function containersOf(pod: PodSpec): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

export function shownManifest({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}
