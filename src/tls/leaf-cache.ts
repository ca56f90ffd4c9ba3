import { constants, createHash, randomBytes } from "node:crypto";
import { createSecureContext, type SecureContext, type TLSSocketOptions } from "node:tls";
import { LRUCache } from "lru-cache";
import type { Clock, Metrics } from "../model/ports.js";
import type { Authority } from "./authority.js";
import { DroppedContexts } from "./dropped-contexts.js";
import type { Leaf } from "./leaf.js";

export interface LeafCacheOptions {
  readonly authority: Authority;
  readonly clock: Clock;
  readonly metrics?: Pick<Metrics, "leafCertificate">;
  /** Contexts kept, of about 20 kB each. Default 1,000: twenty megabytes, and far more hosts than a policy names. */
  readonly max?: number;
  /** 48 random bytes that protect session tickets; give replicas the same, and a client resumes on any. Default: made for this process. */
  readonly ticketKeys?: Buffer | undefined;
}

interface Entry {
  readonly context: SecureContext;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** Milliseconds since the epoch: from then on a new leaf is minted. */
  readonly renewAt: number;
}

const DEFAULT_MAX = 1_000;

/**
 * A TLS context for each host that clients are told to trust us for. Bounded; concurrent requests for a host mint once; a leaf is renewed
 * in the last third of its life, so that no client meets one about to end.
 */
export class LeafCache {
  readonly #clock: Clock;
  readonly #metrics: Pick<Metrics, "leafCertificate"> | undefined;
  readonly #ticketKeys: Buffer;
  readonly #entries: LRUCache<string, Entry>;
  readonly #pending = new Map<string, Promise<SecureContext>>();
  #authority: Authority;

  constructor(options: LeafCacheOptions) {
    this.#authority = options.authority;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#ticketKeys = options.ticketKeys ?? randomBytes(48);
    const dropped = new DroppedContexts();
    this.#entries = new LRUCache({ max: options.max ?? DEFAULT_MAX, dispose: () => dropped.add() });
  }

  /** Contexts held now. */
  get size(): number {
    return this.#entries.size;
  }

  get authority(): Authority {
    return this.#authority;
  }

  /**
   * The context to answer a client with that asked for this host; at once where it is cached.
   *
   * @param host canonical, as `Target.host`
   * @throws LeafHostError (the promise rejects) where no certificate can be made for it
   */
  contextFor(host: string): SecureContext | Promise<SecureContext> {
    const entry = this.#entries.get(host);
    if (entry !== undefined && this.#clock.now() < entry.renewAt) return entry.context;
    const pending = this.#pending.get(host);
    if (pending !== undefined) return pending;
    const minting = this.#mint(host, this.#authority).finally(() => {
      if (this.#pending.get(host) === minting) this.#pending.delete(host);
    });
    this.#pending.set(host, minting);
    return minting;
  }

  /**
   * When the first of the leaves held ends, in milliseconds since the epoch; undefined where none is held. Those that are due are renewed
   * meanwhile, so an end that comes near is one that could not be renewed.
   */
  soonestEnd(): number | undefined {
    const now = this.#clock.now();
    let soonest: number | undefined;
    for (const [host, { notAfter, renewAt }] of this.#entries.entries()) {
      if (soonest === undefined || notAfter < soonest) soonest = notAfter;
      // Whoever asks for the host next is told why it can't be.
      if (now >= renewAt) void Promise.resolve(this.contextFor(host)).catch(() => undefined);
    }
    return soonest;
  }

  /** Signs with another CA from now on (reload, rotation); leaves of the old one are dropped. */
  useAuthority(authority: Authority): void {
    this.#authority = authority;
    this.#entries.clear();
    this.#pending.clear();
  }

  async #mint(host: string, authority: Authority): Promise<SecureContext> {
    const now = this.#clock.now();
    const leaf = await authority.mint(host, now);
    this.#metrics?.leafCertificate();
    const context = serverContext(leaf, host, authority, this.#ticketKeys);
    // One minted before a reload serves who waited for it, and no one after.
    if (authority === this.#authority) this.#entries.set(host, { context, notAfter: leaf.notAfter, renewAt: renewalOf(leaf, now) });
    return context;
  }
}

/** Two thirds into what is left of a leaf's life. */
function renewalOf(leaf: Leaf, now: number): number {
  return now + ((leaf.notAfter - now) * 2) / 3;
}

function serverContext(leaf: Leaf, host: string, authority: Authority, ticketKeys: Buffer): SecureContext {
  return createSecureContext({
    cert: leaf.certificatePem,
    key: leaf.privateKeyPem,
    minVersion: "TLSv1.2",
    ticketKeys,
    // Node bounds renegotiations on sockets of its own server alone; a client could ask for one handshake after the other (CVE-2011-1473).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // A ticket resumes only for the host, and under the CA, that it was given for: OpenSSL compares this before it resumes.
    sessionIdContext: createHash("sha256").update(`${authority.fingerprint}/${host}`).digest("hex").slice(0, 32),
  });
}

/** What a `TLSSocket` over a client's connection needs to answer as the server. */
export function serverOptions(context: SecureContext, alpn: readonly string[]): TLSSocketOptions {
  return { isServer: true, secureContext: context, ALPNProtocols: [...alpn] };
}
