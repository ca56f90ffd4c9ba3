import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Piscina } from "piscina";
import { readBody } from "./body/read-body.js";
import type { WorkerJob, WorkerRules } from "./inspection-job.js";
import type { Inspection, InspectionContext, Inspector } from "./model/inspection.js";
import type { Limits } from "./model/policy.js";
import { type Refusal, refusal } from "./model/refusal.js";
import { WARM_UP } from "./warm-up.js";

/** Over this, reading alone would hold the event loop for some milliseconds (18 ms a MiB): straight to a worker. Bytes on the wire. */
const INLINE_BYTES = 64 * 1024;
/** What an inspection on the event loop may take. A small hostile body can cost more than a large plain one, and only trying tells. */
const INLINE_MS = 6;
/** For the clone to the thread and back. Within it the inspection has its own budget. */
const GRACE_MS = 10_000;
/** For a thread's start, on a pod with little CPU. */
const START_MS = 30_000;
/** A thread that long without work ends, and gives back its memory. */
const IDLE_MS = 10 * 60_000;
/** Jobs that may wait, and how long; past either the exchange is refused rather than queued without bound. */
const QUEUE = 64;
const WAIT_MS = 10_000;

/** Written out, since a copy by `...` that is then added to costs V8 some microseconds, and each event makes one. */
function within(budgetMs: number, context: InspectionContext): InspectionContext {
  const { schema, querySchema, path, query, headers, namedHeaders, now } = context;
  return { schema, querySchema, path, query, headers, namedHeaders, now, budgetMs };
}

/** The threads of one set of rules, which outlive a reload that leaves those as they are. */
class SharedThreads {
  readonly rules: WorkerRules;
  readonly most: number;
  readonly pool: Piscina<WorkerJob, Inspection>;
  /** Whether a thread has answered. */
  warm = false;
  /** Whether one is asked to start ahead of need. */
  starting = false;
  #users = 0;
  #busy = 0;
  readonly #waiting: (() => void)[] = [];
  #onIdle: (() => void) | undefined;

  constructor(rules: WorkerRules, most: number) {
    this.rules = rules;
    this.most = most;
    this.pool = new Piscina<WorkerJob, Inspection>({
      filename: new URL("./inspection-worker.js", import.meta.url).href,
      workerData: rules,
      // Started by the first body that needs one, since it costs 50 MB and, while it compiles the rules, a core for a second.
      minThreads: 0,
      maxThreads: most,
      idleTimeout: IDLE_MS,
      // Only what waits for its thread to start: turns are given out here.
      maxQueue: most,
      // A body that needs more is ended with its thread; the main thread's heap is not touched. V8's default for short-lived objects, 48,
      // would stay resident after the first large body.
      resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 24 },
    });
  }

  get ended(): boolean {
    return this.#users === 0;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * A thread for the caller alone, in the order in which callers came. The pool's own queue is none: of jobs that can be aborted it takes the
   * newest first, and under a load of large bodies the oldest one waited until it was refused.
   *
   * @returns false where none became free in time
   */
  turn(): Promise<boolean> {
    if (this.#busy < this.most) {
      this.#busy += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1);
        resolve(false);
      }, WAIT_MS);
      const mine = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.push(mine);
    });
  }

  /** Gives the thread to who has waited longest. */
  endTurn(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) return next();
    this.#busy -= 1;
    if (this.#busy === 0) this.#onIdle?.();
  }

  use(): this {
    this.#users += 1;
    return this;
  }

  /** Ends the threads with their last user, once what they work on is done. */
  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    if (this.#busy > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    await this.pool.close();
  }
}

/**
 * Inspects small bodies at once and costly ones on worker threads, so that no single body holds up the others. A thread that does not end
 * in time is ended, and the exchange is refused.
 */
export class InspectionPool {
  readonly #inspector: Inspector;
  readonly #limits: Limits;
  #threads: SharedThreads | undefined;
  #warming: Promise<void> | undefined;

  /**
   * @param threads how many; 0 inspects everything on the event loop
   * @param before the pool that this one follows: where its rules are the same, so are its threads. To start one anew costs a core for a second,
   *   and the memory that the one before gives back comes to the process in pieces (some 15 MB each time)
   */
  constructor(inspector: Inspector, rules: WorkerRules, threads: number, before?: InspectionPool) {
    this.#inspector = inspector;
    this.#limits = rules.limits;
    if (threads === 0) return;
    const known = before === undefined ? undefined : before.#threads;
    const goesOn = known !== undefined && !known.ended && known.most === threads && isDeepStrictEqual(known.rules, rules);
    this.#threads = (goesOn ? known : new SharedThreads(rules, threads)).use();
  }

  /**
   * Inspects samples on the event loop, one a turn. RE2 builds its automata, and V8 its code, at first use: some hundred milliseconds that
   * the first event after a start, of all events, would otherwise spend of its budget: what comes meanwhile waits.
   */
  warmUp(): Promise<void> {
    const samples = async (): Promise<void> => {
      for (const job of WARM_UP) {
        await setImmediate();
        this.#inline(job, undefined);
      }
    };
    const ended = samples().finally(() => {
      this.#warming = undefined;
    });
    this.#warming = ended;
    return ended;
  }

  inspect(job: WorkerJob): Inspection | Promise<Inspection | Refusal> {
    // A fault of the warm-up itself is its caller's to tell; here it shows again at the body that meets it.
    if (this.#warming !== undefined) return this.#warming.catch(() => undefined).then(() => this.inspect(job));
    if (this.#threads === undefined) return this.#inline(job, undefined);
    if (job.body.length > INLINE_BYTES) return this.#onThread(job, this.#threads);
    if (!this.#threads.warm) return this.#inlineBeforeThreads(job, this.#threads);
    const inspection = this.#inline(job, INLINE_MS);
    const late = inspection.findings.some((finding) => finding.rule === "integrity/deadline");
    return late ? this.#onThread(job, this.#threads) : inspection;
  }

  /** While no thread runs, small bodies have all their time here: to wait for one to compile the rules would cost more. */
  #inlineBeforeThreads(job: WorkerJob, threads: SharedThreads): Inspection {
    const start = performance.now();
    const inspection = this.#inline(job, undefined);
    if (performance.now() - start > INLINE_MS && threads.waiting === 0 && !threads.starting) {
      threads.starting = true;
      // Not waited for: a thread that can't start shows at the first body that needs it.
      const [sample] = WARM_UP;
      if (sample !== undefined) this.#onThread(sample, threads).catch(() => undefined);
    }
    return inspection;
  }

  /**
   * Ends the threads once what they work on is done, but for those that the next pool goes on with. A body that was still on its way at a reload
   * is inspected by the rules that its exchange began with all the same, on the event loop.
   */
  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = undefined;
    await threads?.leave();
  }

  #inline({ body, head, context }: WorkerJob, budgetMs: number | undefined): Inspection {
    const reading = readBody(body, head, this.#limits);
    return this.#inspector.inspect(reading, budgetMs === undefined ? context : within(budgetMs, context));
  }

  async #onThread(job: WorkerJob, threads: SharedThreads): Promise<Inspection | Refusal> {
    if (threads.waiting >= QUEUE) return refusal("inspection-late", "Too many costly inspections are waiting.");
    if (!(await threads.turn())) return refusal("inspection-late", "The costly inspections before this one did not end in time.");
    const deadline = AbortSignal.timeout(this.#limits.inspectionMs + GRACE_MS + (threads.warm ? 0 : START_MS));
    try {
      const inspection = await threads.pool.run(job, { signal: deadline });
      threads.warm = true;
      return inspection;
    } catch (error) {
      // Piscina ends the thread of an aborted job, so a runaway inspection does not outlive its answer.
      if (deadline.aborted) return refusal("inspection-late", "The inspection did not end within its budget, and its thread was ended.");
      throw error;
    } finally {
      threads.endTurn();
    }
  }
}
