import type { EvidenceKeeper } from "../model/evidence.js";
import type { Clock, Logger } from "../model/ports.js";
import type { Writer } from "./writer.js";

/** Bytes of bodies that may wait to be sealed. */
const MOST_WAITING = 16 * 1024 * 1024;

/** What of the bodies is kept. */
export interface EvidenceSettings {
  /** age public keys; where there is none, no body is kept. */
  readonly recipients: readonly string[];
  /** Bytes of one body; a longer one is not kept, since half a body proves nothing. */
  readonly maxBytes: number;
}

/** Hands bodies to the desk's thread, which seals them; nothing waits for it. */
export class EvidenceRoom implements EvidenceKeeper {
  readonly #settings: EvidenceSettings;
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pending = new Set<Promise<void>>();
  #waiting = 0;
  #fresh = false;

  constructor(settings: EvidenceSettings, writer: Writer, ports: { readonly clock: Clock; readonly logger: Logger }) {
    this.#settings = settings;
    this.#writer = writer;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
    // What a former process sealed and could not bring into the store.
    this.#fresh = settings.recipients.length > 0;
  }

  keep(record: string, exchange: string, body: Uint8Array): void {
    if (this.#settings.recipients.length === 0 || body.length > this.#settings.maxBytes) return;
    if (this.#waiting + body.length > MOST_WAITING) {
      this.#logger.warn("A body was not kept as evidence: too many wait to be sealed.", { record });
      return;
    }
    this.#waiting += body.length;
    const sealing = this.#writer.ask({ kind: "seal", record, exchange, body, at: this.#clock.now() }).then(
      (answer) => {
        this.#fresh = true;
        if (answer.kind === "failed") this.#logger.error("A body could not be kept as evidence.", { record, cause: answer.code });
      },
      () => this.#logger.error("A body could not be kept as evidence.", { record, cause: "The writing thread ended." }),
    );
    const done = sealing.finally(() => {
      this.#waiting -= body.length;
      this.#pending.delete(done);
    });
    this.#pending.add(done);
  }

  /** Brings what is sealed into the store, as far as it answers. */
  async store(): Promise<void> {
    if (!this.#fresh) return;
    this.#fresh = false;
    const answer = await this.#writer.ask({ kind: "evidence", now: this.#clock.now() }).catch(() => undefined);
    if (answer?.kind !== "done") this.#fresh = true;
  }

  /** Waits for what is being sealed. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
