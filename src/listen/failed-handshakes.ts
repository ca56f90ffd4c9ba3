import { LRUCache } from "lru-cache";
import type { Client } from "../model/exchange.js";
import type { Logger } from "../model/ports.js";

/** A pod that distrusts the CA fails at each event it sends; its name is wanted once, not a thousand times. */
const SILENT_MS = 600_000;
/** Clients that are remembered, at some 200 bytes each: whoever comes from more addresses is told more often. */
const MOST = 2_000;

/**
 * Says in the log which client broke off its TLS handshake, for whom, and why: the metric counts them and names nobody, and an exchange to record
 * there never was. The same client with the same reason is told once in ten minutes, so that a flood of handshakes is no flood of lines.
 */
export class FailedHandshakes {
  readonly #told = new LRUCache<string, true>({ max: MOST, ttl: SILENT_MS });
  readonly #logger: Pick<Logger, "warn">;

  constructor(logger: Pick<Logger, "warn">) {
    this.#logger = logger;
  }

  /**
   * @param host whom the client meant to reach, one that policy names; undefined at a listener's own certificate
   * @param reason as in `egress_tls_failures_total`
   */
  tell(client: Client, host: string | undefined, reason: string): void {
    const key = `${client.address} ${host ?? ""} ${reason}`;
    if (this.#told.has(key)) return;
    this.#told.set(key, true);
    this.#logger.warn("A client broke off its TLS handshake; it is told once in ten minutes.", { client: client.address, host, reason });
  }
}
