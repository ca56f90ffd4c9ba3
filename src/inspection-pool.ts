import { Piscina } from "piscina";
import { type BodyHead, readBody } from "./body/read-body.js";
import type { Inspection, InspectionContext, Inspector, SourceFile } from "./model/inspection.js";
import type { Limits, Policy } from "./model/policy.js";
import { type Refusal, refusal } from "./model/refusal.js";

/** What a worker compiles its inspector from; crosses by structured clone. */
export interface WorkerRules {
  readonly rules: readonly SourceFile[];
  readonly schemas: readonly SourceFile[];
  readonly limits: Limits;
  readonly operatorEnums: Policy["values"];
  readonly key: Uint8Array;
}

export interface WorkerJob {
  readonly body: Uint8Array;
  readonly head: BodyHead;
  readonly context: InspectionContext;
}

/** Over this, reading alone would hold the event loop for some milliseconds (18 ms a MiB): straight to a worker. Bytes on the wire. */
const INLINE_BYTES = 64 * 1024;
/** What an inspection on the event loop may take. A small hostile body can cost more than a large plain one, and only trying tells. */
const INLINE_MS = 6;
/** For the clone to the thread and back, and a thread's start on a pod with little CPU. Within it the inspection has its own budget. */
const GRACE_MS = 10_000;
/** Jobs that may wait; past it the exchange is refused rather than queued without bound. */
const QUEUE = 64;

/**
 * Inspects small bodies at once and costly ones on worker threads, so that no single body holds up the others. A thread that does not end
 * in time is ended, and the exchange is refused.
 */
export class InspectionPool {
  readonly #inspector: Inspector;
  readonly #limits: Limits;
  readonly #threads: Piscina<WorkerJob, Inspection> | undefined;
  /** Whether a thread has answered. */
  #warm = false;

  /** @param threads how many; 0 inspects everything on the event loop */
  constructor(inspector: Inspector, rules: WorkerRules, threads: number) {
    this.#inspector = inspector;
    this.#limits = rules.limits;
    this.#threads =
      threads === 0
        ? undefined
        : new Piscina<WorkerJob, Inspection>({
            filename: new URL("./inspection-worker.js", import.meta.url).href,
            workerData: rules,
            // Started at once: a thread compiles the rules for a second or so, which the first costly body should not wait for.
            minThreads: threads,
            maxThreads: threads,
            maxQueue: QUEUE,
            // A body that needs more is ended with its thread; the main thread's heap is not touched.
            resourceLimits: { maxOldGenerationSizeMb: 512 },
          });
  }

  /**
   * Inspects a sample here and on each thread. RE2 builds its automata, and V8 its code, at first use: some hundred milliseconds that the
   * first event after a start, of all events, would otherwise spend of its budget.
   */
  warmUp(): void {
    for (const job of SAMPLES) {
      this.#inline(job, undefined);
      // Not waited for: a costly body that comes sooner waits for the thread itself. A thread that can't start shows at the first such body.
      for (let thread = 0; thread < (this.#threads?.options.maxThreads ?? 0); thread += 1) {
        this.#threads?.run(job).then(
          () => {
            this.#warm = true;
          },
          () => undefined,
        );
      }
    }
  }

  inspect(job: WorkerJob): Inspection | Promise<Inspection | Refusal> {
    if (this.#threads === undefined) return this.#inline(job, undefined);
    if (job.body.length > INLINE_BYTES) return this.#onThread(job, this.#threads);
    // A thread that is still compiling would make a small body wait for seconds: until one has answered, small bodies have all their time here.
    if (!this.#warm) return this.#inline(job, undefined);
    const inspection = this.#inline(job, INLINE_MS);
    const late = inspection.findings.some((finding) => finding.rule === "integrity/deadline");
    return late ? this.#onThread(job, this.#threads) : inspection;
  }

  /** Ends the threads once what they work on is done. */
  async close(): Promise<void> {
    await this.#threads?.close();
  }

  #inline({ body, head, context }: WorkerJob, budgetMs: number | undefined): Inspection {
    const reading = readBody(body, head, this.#limits);
    return this.#inspector.inspect(reading, budgetMs === undefined ? context : { ...context, budgetMs });
  }

  async #onThread(job: WorkerJob, threads: Piscina<WorkerJob, Inspection>): Promise<Inspection | Refusal> {
    if (threads.queueSize >= QUEUE) return refusal("inspection-late", "Too many costly inspections are waiting.");
    const deadline = AbortSignal.timeout(this.#limits.inspectionMs + GRACE_MS);
    try {
      return await threads.run(job, { signal: deadline });
    } catch (error) {
      // Piscina ends the thread of an aborted job, so a runaway inspection does not outlive its answer.
      if (deadline.aborted) return refusal("inspection-late", "The inspection did not end within its budget, and its thread was ended.");
      throw error;
    }
  }
}

/** Touches free text, nested encodings, keys, numbers and geometry, so that every lazy part has been built once. */
const SAMPLES: readonly WorkerJob[] = [
  {
    body: Buffer.from(
      JSON.stringify({
        text: "2026-11-24 step 3: mail ines.moreau@harbour-clinic.example or +31 20 123 4567, NL91 ABNA 0417 1643 00, 203.0.113.7 /home/ines/x.png",
        list: [{ x_min: 1, y_min: 2, x_max: 3, y_max: 4, label: "sample" }],
        coded: "eyJhIjogImlAZXhhbXBsZS5vcmcifQ==",
        escaped: "%7B%22a%22%3A1%7D &lt;b&gt; \\u0041",
        number: 4111111111111111,
      }),
    ),
    head: { contentType: "application/json", contentEncoding: undefined },
    context: {
      schema: undefined,
      querySchema: undefined,
      path: "/",
      query: "a=b",
      headers: [["User-Agent", "sample/1.0"]],
      namedHeaders: [],
      now: 0,
    },
  },
];
