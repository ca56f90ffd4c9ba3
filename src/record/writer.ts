import { Worker } from "node:worker_threads";
import type { WriterAnswer, WriterRequest, WriterSetup } from "./writer-message.js";

/** V8's default lets a thread's short-lived objects fill 48 MiB before it looks at them; a batch of records is some hundred kilobytes. */
const YOUNG_MIB = 4;

/** The main thread's side of the writing thread, which is started at need and again after a crash. */
export class Writer {
  readonly #setup: WriterSetup;
  readonly #open = new Map<number, { resolve(answer: WriterAnswer): void; reject(error: Error): void }>();
  #worker: Worker | undefined;
  #ticket = 0;

  constructor(setup: WriterSetup) {
    this.#setup = setup;
  }

  /** Resolves with the thread's answer; rejects where the thread died before it answered: then nobody knows what was committed. */
  ask(request: WriterRequest): Promise<WriterAnswer> {
    return new Promise((resolve, reject) => {
      this.#ticket += 1;
      this.#open.set(this.#ticket, { resolve, reject });
      this.#started().postMessage({ ticket: this.#ticket, request });
    });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#failAll(new Error("The writing thread was stopped."));
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./writer-thread.js", import.meta.url), {
      workerData: this.#setup,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    worker.on("message", (message: { readonly ticket: number; readonly answer: WriterAnswer }) => {
      this.#open.get(message.ticket)?.resolve(message.answer);
      this.#open.delete(message.ticket);
    });
    worker.on("error", (error) => this.#gone(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => this.#gone(worker, new Error(`The writing thread ended with code ${code}.`)));
    this.#worker = worker;
    return worker;
  }

  #gone(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failAll(error);
  }

  #failAll(error: Error): void {
    const waiting = [...this.#open.values()];
    this.#open.clear();
    for (const one of waiting) one.reject(error);
  }
}
