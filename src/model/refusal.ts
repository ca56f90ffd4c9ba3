import type { Reason } from "./reasons.js";

/** A decision not to go on, made by a stage; neither an abort (the client left) nor a fault (something broke). */
export interface Refusal {
  readonly refused: Reason;
  /** One sentence for the analyst; holds nothing that the client sent. */
  readonly detail: string;
}

export function refusal(reason: Reason, detail: string): Refusal {
  return { refused: reason, detail };
}

export function isRefusal<T extends object>(value: T | Refusal): value is Refusal {
  return "refused" in value;
}
