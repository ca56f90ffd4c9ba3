import type { HeaderField } from "./exchange.js";

/** Whether an answer of this status has no body, whatever its fields say (RFC 9110, section 6.4.1). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

/**
 * Where an answer goes: written by `forward/` or the refusal, carried out by `listen/`. An answer has one head, then data, then an end or
 * an abort. `data` returns false where the client is slow; `onDrain` is called once it has caught up.
 */
export interface AnswerSink {
  head(status: number, headers: readonly HeaderField[]): void;
  data(chunk: Uint8Array): boolean;
  end(): void;
  /** The answer can't be finished: the client's connection is cut, so that it can't take the part for the whole. */
  abort(): void;
  onDrain(callback: () => void): void;
  /** Called when the client goes away before the answer's end. */
  onClose(callback: () => void): void;
}
