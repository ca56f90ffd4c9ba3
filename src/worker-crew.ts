import cluster, { type Worker } from "node:cluster";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { RulesDirectory } from "./config/rules-directory.js";
import type { Settings } from "./config/settings.js";
import type { Crew, Prepared } from "./main.js";
import { type Fault, FaultsError } from "./model/fault.js";
import type { Logger } from "./model/ports.js";
import type { CheckResult } from "./observe/health.js";
import type { MetricsRegistry } from "./observe/metrics.js";
import { addCounts, countsOf, type MetricsSnapshot, parseSnapshot } from "./observe/metrics-merge.js";
import { type FromWorker, readFromWorker, type ToWorker, type WorkerAddresses } from "./worker-messages.js";
import { workerSettings } from "./worker-share.js";

/** A worker that dies at once every time is started ever more rarely. */
const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 30_000;
/** One that lived so long starts the count anew. */
const SETTLED_MS = 60_000;
/** For a worker's answer to a scrape; Prometheus itself waits for ten seconds. */
const COUNT_MS = 1_000;
/** What a worker that dies has counted since is lost to the metrics; its records are not. */
const KEEP_COUNTS_MS = 5_000;
/** Compiling the rules takes a second or two on a pod with little CPU. */
const PREPARE_MS = 60_000;
/** Opening the record, compiling, listening; with a store that is away and a busy machine. */
const START_MS = 120_000;
/** Beyond the time to drain, for syncing the record. */
const STOP_GRACE_MS = 10_000;

type Asked = "prepare" | "commit" | "abandon" | "count";

interface Post {
  readonly number: number;
  worker: Worker | undefined;
  ready: boolean;
  since: number;
  backOffMs: number;
  counted: MetricsSnapshot;
}

/**
 * The processes that serve clients on one machine's cores: forked by node:cluster, which deals connections to them in turn. All have the
 * rules that the leading process read, the same session-ticket keys and the same data folder, in which each writes a chain and a spool of
 * its own. One that dies is started again; what it had answered is on disk.
 */
export class WorkerCrew implements Crew {
  readonly size: number;
  readonly #settings: Settings;
  readonly #drainMs: number;
  readonly #ticketKeys = randomBytes(48);
  readonly #posts: readonly Post[];
  readonly #asked = new Map<number, (answer: FromWorker) => void>();
  #asks = 0;
  #files: RulesDirectory | undefined;
  #addresses: WorkerAddresses = { proxy: undefined, proxyTls: undefined, transparent: undefined, firstParty: undefined };
  #departed: MetricsSnapshot = [];
  #registry: MetricsRegistry | undefined;
  #logger: Logger | undefined;
  #stopping = false;
  #counting: NodeJS.Timeout | undefined;
  /** A reload, while which no worker starts: it would start with the rules before. */
  #reloading: Promise<unknown> = Promise.resolve();
  readonly #starting = new Set<Promise<void>>();

  constructor(settings: Settings) {
    this.size = settings.workers;
    this.#settings = workerSettings(settings, settings.workers);
    this.#drainMs = settings.timeouts.drain_ms;
    this.#posts = Array.from({ length: settings.workers }, (_, number) => ({
      number,
      worker: undefined,
      ready: false,
      since: 0,
      backOffMs: FIRST_BACK_OFF_MS,
      counted: [],
    }));
  }

  addresses(): WorkerAddresses {
    return this.#addresses;
  }

  check(): CheckResult {
    const running = this.#running.length;
    return running === this.size ? { ok: true } : { ok: running > 0, detail: `${running} of ${this.size} workers serve.` };
  }

  /** @throws FaultsError where one can't start */
  async start(files: RulesDirectory, registry: MetricsRegistry, logger: Logger): Promise<void> {
    this.#files = files;
    this.#registry = registry;
    this.#logger = logger;
    cluster.setupPrimary({ exec: fileURLToPath(new URL("./serving-worker.js", import.meta.url)), args: [], serialization: "advanced" });
    this.#tell();
    await Promise.all(this.#posts.map((post) => this.#begin(post)));
    this.#counting = setInterval(() => void this.snapshots(), KEEP_COUNTS_MS);
    this.#counting.unref();
  }

  /** Of each running worker, and of those that are gone what they had counted. */
  async snapshots(): Promise<readonly MetricsSnapshot[]> {
    await Promise.all(
      this.#running.map(async (post) => {
        const answer = await this.#ask(post, "count", COUNT_MS).catch(() => undefined);
        // One that does not answer in time stands with its last numbers.
        if (answer?.kind === "done") post.counted = parseSnapshot(answer.snapshot);
      }),
    );
    return [...this.#posts.map(({ counted }) => counted), this.#departed].filter((snapshot) => snapshot.length > 0);
  }

  /** Makes all ready for these rules, or none. */
  async prepare(files: RulesDirectory): Promise<Prepared> {
    await this.#reloading;
    let free: () => void = () => undefined;
    this.#reloading = new Promise<void>((resolve) => {
      free = resolve;
    });
    // One that is starting has the rules before: it has to serve before it can be given others.
    await Promise.allSettled(this.#starting);
    const posts = this.#running;
    const answers = await Promise.allSettled(posts.map((post) => this.#ask(post, "prepare", PREPARE_MS, files)));
    const settle = async (kind: "commit" | "abandon"): Promise<void> => {
      if (kind === "commit") this.#files = files;
      // One that dies meanwhile starts again with these.
      await Promise.allSettled(posts.map((post) => this.#ask(post, kind, PREPARE_MS)));
      free();
    };
    const faults = answers.flatMap((answer, index): readonly Fault[] => {
      // One that died starts again with whatever comes into force.
      if (answer.status === "rejected") return posts[index]?.ready === true ? [silent(posts[index])] : [];
      return answer.value.kind === "refused" ? answer.value.faults : [];
    });
    if (faults.length > 0) {
      await settle("abandon");
      throw new FaultsError("A worker can't use these rules:", faults);
    }
    return { commit: () => settle("commit"), abandon: () => void settle("abandon") };
  }

  /** Has all end what is in flight, and ends those that don't come to an end. */
  async drain(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#counting);
    await Promise.all(
      this.#posts.map(async ({ worker }) => {
        if (worker === undefined || worker.isDead()) return;
        const gone = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
        const late = setTimeout(() => worker.process.kill("SIGKILL"), this.#drainMs + STOP_GRACE_MS);
        say(worker, { kind: "stop" });
        await gone;
        clearTimeout(late);
      }),
    );
  }

  get #running(): Post[] {
    return this.#posts.filter(({ ready }) => ready);
  }

  /** Starts one. Rejects where it ends before it serves. */
  async #begin(post: Post): Promise<void> {
    await this.#reloading;
    const files = this.#files;
    if (this.#stopping || files === undefined) return;
    const serving = this.#fork(post, files).finally(() => this.#starting.delete(serving));
    this.#starting.add(serving);
    await serving;
  }

  async #fork(post: Post, files: RulesDirectory): Promise<void> {
    const worker = cluster.fork();
    post.worker = worker;
    post.since = Date.now();
    const late = setTimeout(() => worker.process.kill("SIGKILL"), START_MS);
    await new Promise<void>((resolve, reject) => {
      let failed: FaultsError | undefined;
      worker.on("message", (message: unknown) => {
        const said = readFromWorker(message);
        if (said?.kind === "listening") {
          say(worker, { kind: "start", number: post.number, settings: this.#settings, files, ticketKeys: this.#ticketKeys });
        } else if (said?.kind === "ready") {
          post.ready = true;
          clearTimeout(late);
          this.#addresses = said.addresses;
          this.#tell();
          resolve();
        } else if (said?.kind === "failed") failed = new FaultsError("A worker can't start:", said.faults);
        else if (said !== undefined) this.#asked.get(said.ask)?.(said);
      });
      worker.once("exit", (code: number | null, signal: string | null) => {
        clearTimeout(late);
        reject(failed ?? new FaultsError("A worker can't start:", [ended(post, code, signal)]));
        void this.#gone(post, code, signal);
      });
    });
  }

  async #gone(post: Post, code: number | null, signal: string | null): Promise<void> {
    const served = post.ready;
    post.ready = false;
    post.worker = undefined;
    this.#tell();
    this.#departed = await addCounts(this.#departed, countsOf(post.counted));
    post.counted = [];
    // Before it ever served, who starts the crew is told instead.
    if (this.#stopping || (!served && post.backOffMs === FIRST_BACK_OFF_MS)) return;
    this.#again(post, { code: code ?? -1, signal: signal ?? "none" });
  }

  #again(post: Post, how: { readonly code: number; readonly signal: string }): void {
    if (Date.now() - post.since > SETTLED_MS) post.backOffMs = FIRST_BACK_OFF_MS;
    const inMs = post.backOffMs;
    post.backOffMs = Math.min(inMs * 2, LONGEST_BACK_OFF_MS);
    this.#registry?.workerRestarted();
    this.#logger?.error("A worker died; it is started again.", { worker: post.number, ...how, inMs });
    setTimeout(() => {
      this.#begin(post).catch((error: unknown) => {
        this.#logger?.error("A worker can't start.", { worker: post.number, fault: error instanceof Error ? error.message : "unknown" });
      });
    }, inMs).unref();
  }

  #ask(post: Post, kind: Asked, withinMs: number, files?: RulesDirectory): Promise<FromWorker> {
    this.#asks += 1;
    const ask = this.#asks;
    const { worker } = post;
    if (worker === undefined) return Promise.reject(new Error("The worker is gone."));
    let give: () => void = () => undefined;
    const answered = new Promise<FromWorker>((resolve, reject) => {
      this.#asked.set(ask, resolve);
      give = () => reject(new Error("The worker gave no answer."));
    });
    const late = setTimeout(give, withinMs);
    worker.once("exit", give);
    if (kind !== "prepare") say(worker, { kind, ask });
    else if (files !== undefined) say(worker, { kind, ask, files });
    return answered.finally(() => {
      clearTimeout(late);
      worker.off("exit", give);
      this.#asked.delete(ask);
    });
  }

  #tell(): void {
    this.#registry?.workers(this.#running.length, this.size);
  }
}

/** A worker that is gone is found out by its end, not by a message that can't reach it. */
function say(worker: Worker, message: ToWorker): void {
  worker.send(message, () => undefined);
}

function ended(post: Post, code: number | null, signal: string | null): Fault {
  return { where: `worker ${post.number}`, what: `It ended (${signal ?? `exit ${code}`}) before it served.`, mend: "See the log." };
}

function silent(post: Post | undefined): Fault {
  return { where: `worker ${post?.number}`, what: "It gave no answer in time.", mend: "Look at its CPU; then reload again." };
}
