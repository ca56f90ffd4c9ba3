import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { Workload } from "../model/exchange.js";
import type { Logger } from "../model/ports.js";
import { ApiError, type ApiServer, readLines } from "./api-client.js";

/** Of a pod, what says who it is. Everything else of it is not kept. */
const POD = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), uid: z.string(), resourceVersion: z.string() }),
  spec: z.object({ serviceAccountName: z.string().default("default"), hostNetwork: z.boolean().default(false) }),
  status: z
    .object({ phase: z.string().default(""), podIPs: z.array(z.object({ ip: z.string() })).default([]) })
    .default({ phase: "", podIPs: [] }),
});
const LIST = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(POD) });
const EVENT = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ADDED", "MODIFIED", "DELETED"]), object: POD }),
  z.object({ type: z.literal("BOOKMARK"), object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }) }),
  z.object({ type: z.literal("ERROR"), object: z.object({ code: z.number().optional() }) }),
]);

type Pod = z.output<typeof POD>;

export interface PodDirectoryOptions {
  readonly server: ApiServer;
  readonly namespaces: readonly string[];
  readonly logger: Logger;
  /** Pods of one namespace that are kept; further ones have no name in records. */
  readonly most?: number;
  readonly firstRetryMs?: number;
  readonly staleMs?: number;
}

const MOST_PODS = 10_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** The API server ends a watch by itself before this, and sends bookmarks every minute meanwhile. */
const WATCH_S = 300;
const IDLE_MS = 330_000;
/** How long names are believed that nobody confirms: an address is given to another pod soon after its own is gone. */
const STALE_MS = 60_000;

/**
 * Who the pods of some namespaces are, by address: a list, then a watch, as Kubernetes' own parts do it. Looking up waits for nothing; while
 * the API server is away a client is its address alone.
 */
export class PodDirectory {
  readonly #options: PodDirectoryOptions;
  readonly #namespaces: ReadonlyMap<string, Map<string, Pod>>;
  /** Pods by address and uid: while one ends and the next has its address already, two claim it. */
  readonly #byAddress = new Map<string, Map<string, Workload>>();
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(options: PodDirectoryOptions) {
    this.#options = options;
    this.#namespaces = new Map(options.namespaces.map((namespace) => [namespace, new Map<string, Pod>()]));
    this.#running = Promise.all([...this.#namespaces].map(([namespace, pods]) => this.#follow(namespace, pods)));
  }

  /** Undefined where no pod of these namespaces has this address, where two are said to, or nobody knows: no name is better than another's. */
  workloadAt(address: string): Workload | undefined {
    const claims = this.#byAddress.get(address);
    if (claims?.size !== 1) return undefined;
    const [workload] = claims.values();
    return workload;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(namespace: string, pods: Map<string, Pod>): Promise<void> {
    const { logger, firstRetryMs = FIRST_RETRY_MS } = this.#options;
    const { signal } = this.#stop;
    let retryMs = firstRetryMs;
    let stale: NodeJS.Timeout | undefined;
    while (!signal.aborted) {
      try {
        let version = await this.#list(namespace, pods);
        clearTimeout(stale);
        stale = undefined;
        retryMs = firstRetryMs;
        // Each watch goes on where the one before ended, until the server no longer remembers.
        for (;;) version = await this.#watch(namespace, pods, version);
      } catch (error) {
        if (signal.aborted) break;
        stale ??= setTimeout(() => this.#forget(pods), this.#options.staleMs ?? STALE_MS);
        const gone = error instanceof ApiError && error.status === 410;
        if (!gone) {
          const cause = error instanceof Error ? error.message : String(error);
          logger.warn("Pods can't be looked up; records name their addresses alone.", { namespace, cause, inMs: retryMs });
          await pause(retryMs, undefined, { signal }).catch(() => undefined);
          retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
        }
      }
    }
    clearTimeout(stale);
  }

  async #list(namespace: string, pods: Map<string, Pod>): Promise<string> {
    let text = "";
    for await (const line of readLines(this.#options.server, pathOf(namespace, {}), IDLE_MS, this.#stop.signal)) text += line;
    const { metadata, items } = LIST.parse(JSON.parse(text));
    this.#forget(pods);
    for (const pod of items) this.#learn(pods, pod);
    return metadata.resourceVersion;
  }

  async #watch(namespace: string, pods: Map<string, Pod>, from: string): Promise<string> {
    let version = from;
    const path = pathOf(namespace, { watch: "1", allowWatchBookmarks: "true", resourceVersion: from, timeoutSeconds: String(WATCH_S) });
    for await (const line of readLines(this.#options.server, path, IDLE_MS, this.#stop.signal)) {
      if (line === "") continue;
      const event = EVENT.parse(JSON.parse(line));
      if (event.type === "ERROR") throw new ApiError(event.object.code ?? 0);
      version = event.object.metadata.resourceVersion;
      if (event.type === "DELETED") this.#drop(pods, event.object.metadata.uid);
      else if (event.type !== "BOOKMARK") this.#learn(pods, event.object);
    }
    return version;
  }

  #learn(pods: Map<string, Pod>, pod: Pod): void {
    this.#drop(pods, pod.metadata.uid);
    const over = pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
    // A pod on its node's network has the address of the node, which many have.
    if (over || pod.spec.hostNetwork || pods.size >= (this.#options.most ?? MOST_PODS)) return;
    pods.set(pod.metadata.uid, pod);
    const { namespace, name, uid } = pod.metadata;
    const workload = { namespace, pod: name, serviceAccount: pod.spec.serviceAccountName };
    for (const { ip } of pod.status.podIPs) {
      const claims = this.#byAddress.get(ip) ?? new Map<string, Workload>();
      this.#byAddress.set(ip, claims.set(uid, workload));
    }
  }

  #drop(pods: Map<string, Pod>, uid: string): void {
    const pod = pods.get(uid);
    if (pod === undefined) return;
    pods.delete(uid);
    for (const { ip } of pod.status.podIPs) {
      const claims = this.#byAddress.get(ip);
      claims?.delete(uid);
      if (claims?.size === 0) this.#byAddress.delete(ip);
    }
  }

  #forget(pods: Map<string, Pod>): void {
    for (const uid of [...pods.keys()]) this.#drop(pods, uid);
  }
}

function pathOf(namespace: string, query: Readonly<Record<string, string>>): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?${new URLSearchParams(query).toString()}`;
}
