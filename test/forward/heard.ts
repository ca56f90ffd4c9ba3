import type { AnswerSink } from "../../src/model/answer.js";

/** A client's side that keeps what it is told. */
export class Heard implements AnswerSink {
  readonly told: string[] = [];
  #drain: (() => void) | undefined;
  #left: (() => void) | undefined;
  constructor(how: { readonly slow?: boolean } = {}) {
    this.slow = how.slow === true;
  }
  readonly slow: boolean;
  head(status: number): void {
    this.told.push(String(status));
  }
  data(chunk: Uint8Array): boolean {
    this.told.push(Buffer.from(chunk).toString("latin1"));
    return !this.slow;
  }
  end(): void {
    this.told.push("end");
  }
  abort(): void {
    this.told.push("abort");
  }
  onDrain(callback: () => void): void {
    this.#drain = callback;
  }
  onClose(callback: () => void): void {
    this.#left = callback;
  }
  drain(): void {
    this.#drain?.();
  }
  leave(): void {
    this.#left?.();
  }
}
