import type { AnswerSink } from "../model/answer.js";

/** Takes an answer that nobody can read: the connection has no way to carry it, and the refusal is to be recorded all the same. */
export class UnheardAnswer implements AnswerSink {
  head(): void {
    // There is nobody to tell.
  }

  data(): boolean {
    return true;
  }

  end(): void {
    // Nothing was begun.
  }

  abort(): void {
    // Nothing was begun.
  }

  onDrain(callback: () => void): void {
    callback();
  }

  onClose(): void {
    // The client is gone already.
  }
}
