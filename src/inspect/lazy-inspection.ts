import type { Inspection } from "../model/inspection.js";

export type Judged = Omit<Inspection, "identity">;

/**
 * An inspection whose identity is keyed when it is first read, which is for what is recorded: a clean event pays for no HMAC of its whole body.
 *
 * A class, since its getter stands in the prototype: in an object literal each getter is a new closure, of which V8 makes a new hidden class each
 * time. Those live long and hold the whole reading until a full collection, so that a quarter of all that was allocated outlived each small one.
 */
export class LazyInspection implements Inspection {
  readonly findings;
  readonly moreFindings;
  readonly eventKind;
  readonly pins;
  readonly redactionUnit;
  readonly outline;
  readonly structure;
  #identityOf: (() => string | undefined) | undefined;
  #identity: string | undefined;

  constructor(judged: Judged, identityOf: () => string | undefined) {
    this.findings = judged.findings;
    this.moreFindings = judged.moreFindings;
    this.eventKind = judged.eventKind;
    this.pins = judged.pins;
    this.redactionUnit = judged.redactionUnit;
    this.outline = judged.outline;
    this.structure = judged.structure;
    this.#identityOf = identityOf;
  }

  get identity(): string | undefined {
    if (this.#identityOf !== undefined) {
      this.#identity = this.#identityOf();
      this.#identityOf = undefined;
    }
    return this.#identity;
  }
}
