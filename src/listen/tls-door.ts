import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createSecureContext, createServer, type Server, type TLSSocket } from "node:tls";
import { tlsFailureReason } from "./tls-failure.js";

/** Certificate chain and key of a listener, PEM; `renewAt` (milliseconds since the epoch): from then on they are asked for anew. */
export interface DoorIdentity {
  readonly cert: string;
  readonly key: string;
  readonly renewAt: number;
}

export interface DoorOptions {
  readonly identity: () => Promise<DoorIdentity>;
  /** PEM of the CAs whose certificates name clients, read anew with the identity; empty: no client is asked for one. */
  readonly clientCas: () => readonly string[];
  readonly handshakeMs: number;
  readonly now: () => number;
  /** What is said where a new identity can't be had: the one in use stays. */
  readonly onStale: () => void;
}

/**
 * Ends TLS with the listener's own certificate and may ask clients for theirs. It is Node's own TLS server, fed connection by connection,
 * since nothing else says whether the chain of a client's certificate holds (`authorized`). Whoever shows none is still let in: that is
 * then answered in HTTP, where it can be read and recorded.
 */
export class TlsDoor {
  readonly #options: DoorOptions;
  readonly #server: Server;
  readonly #waiting = new Map<string, (outcome: TLSSocket | string) => void>();
  #renewAt: number;

  private constructor(options: DoorOptions, identity: DoorIdentity) {
    const { handshakeMs } = options;
    const context = contextOf(identity, options.clientCas());
    this.#options = options;
    this.#renewAt = identity.renewAt;
    this.#server = createServer({
      ...context,
      requestCert: context.ca.length > 0,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: handshakeMs,
    });
    this.#server.on("secureConnection", (secure) => {
      const told = this.#waiting.get(peerOf(secure));
      if (told === undefined) secure.destroy();
      else told(secure);
    });
    this.#server.on("tlsClientError", (error, secure) => this.#waiting.get(peerOf(secure))?.(tlsFailureReason(error)));
  }

  /** @throws what `identity` throws */
  static async open(options: DoorOptions): Promise<TlsDoor> {
    return new TlsDoor(options, await options.identity());
  }

  /**
   * @param socket whose first bytes are still in it
   * @returns the session, or why there is none, as a bounded word for the metric
   */
  async accept(socket: Socket, withinMs: number): Promise<TLSSocket | string> {
    if (this.#options.now() >= this.#renewAt) await this.renew().catch(() => this.#options.onStale());
    if (socket.destroyed) return "closed";
    const peer = peerOf(socket);
    return new Promise((resolve) => {
      const left = (): void => settle("closed");
      const timer = setTimeout(() => settle("timeout"), withinMs);
      const settle = (outcome: TLSSocket | string): void => {
        clearTimeout(timer);
        socket.off("close", left);
        socket.off("end", left);
        this.#waiting.delete(peer);
        if (typeof outcome !== "string") outcome.allowHalfOpen = true;
        resolve(outcome);
      };
      this.#waiting.set(peer, settle);
      socket.once("close", left);
      socket.once("end", left);
      // The session takes this over: whoever ends its side in mid-handshake has left. Of the plain socket, which it reads by itself, none would hear.
      socket.allowHalfOpen = false;
      this.#server.emit("connection", socket);
    });
  }

  /** Whether the identity can be had anew and used; what is in use stays. @throws what `identity` throws, or what OpenSSL says of it */
  async check(): Promise<void> {
    const { identity, clientCas } = this.#options;
    createSecureContext(contextOf(await identity(), clientCas()));
  }

  /** Takes identity and clients' CAs anew: a renewed file, or a leaf of a rotated CA. Sessions that stand are left alone. */
  async renew(): Promise<void> {
    const identity = await this.#options.identity();
    this.#server.setSecureContext(contextOf(identity, this.#options.clientCas()));
    this.#renewAt = identity.renewAt;
  }
}

function contextOf({ cert, key }: DoorIdentity, clientCas: readonly string[]) {
  // A resumed session would carry a client's certificate that was checked some time ago.
  const { SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_TICKET } = constants;
  const secureOptions = SSL_OP_NO_RENEGOTIATION | (clientCas.length === 0 ? 0 : SSL_OP_NO_TICKET);
  return { cert, key, minVersion: "TLSv1.2" as const, secureOptions, ca: [...clientCas] };
}

/** Of live connections to one listener no two have the same. */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ""} ${socket.remotePort ?? 0}`;
}
