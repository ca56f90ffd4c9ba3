import { createServer, type Socket } from "node:net";
import type { Client } from "../model/exchange.js";
import { listening } from "../model/listening.js";
import type { Logger, Metrics } from "../model/ports.js";
import { clientAddress } from "./client-address.js";
import { ConnectionLife } from "./connection-life.js";
import type { ConnectionLedger } from "../model/connection-ledger.js";
import { introducedClient, type TrustedSources } from "./introduced-client.js";

export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  /** Takes no new connection, lets exchanges in flight end, and closes the rest after `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

/** What every listener is told, whatever it serves. */
export interface ListenerOptions {
  readonly address: ListenAddress;
  /** Its setting, for a fault: `listen.proxy`. */
  readonly setting: string;
  /** Counted over all listeners that share it. */
  readonly ledger: ConnectionLedger;
  /** What a connection too many is told before it is closed; undefined where it would not understand plain HTTP. */
  readonly overload: Buffer | undefined;
  /** Load balancers that introduce their clients by a PROXY header, which from them is a must and from others no HTTP. */
  readonly trusted: TrustedSources | undefined;
  /** Milliseconds for that header. */
  readonly handshakeMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Serves one connection to its end. */
  readonly serve: (socket: Socket, client: Client, life: ConnectionLife) => Promise<void>;
}

/** Sockets that may linger only to be told that there is no room; more are closed without a word. */
const TOLD_AT_ONCE = 64;
const TOLD_MS = 250;
const NOTHING = Buffer.alloc(0);
/** Silence after which the kernel asks whether a client is still there. Without a time of its own Node sets one that Linux refuses, and two hours hold. */
const PROBE_AFTER_MS = 60_000;

/**
 * Listens, keeps count of connections, and drains.
 *
 * @throws FaultsError where the port is taken or may not be bound
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const open = new Map<Socket, ConnectionLife>();
  let draining = false;
  let told = 0;
  const { overload = NOTHING } = options;
  const mayBeTold = overload === NOTHING ? 0 : TOLD_AT_ONCE;
  const turnAway = (socket: Socket): void => {
    options.metrics.blocked("none", "quota-exceeded");
    if (told >= mayBeTold) {
      socket.destroy();
      return;
    }
    told += 1;
    const timer = setTimeout(() => socket.destroy(), TOLD_MS);
    socket.once("close", () => {
      told -= 1;
      clearTimeout(timer);
    });
    socket.resume();
    socket.end(overload);
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS });
  server.on("connection", (socket) => {
    socket.on("error", () => socket.destroy());
    const total = options.ledger.enter();
    if (total === undefined) {
      turnAway(socket);
      return;
    }
    const life = new ConnectionLife(() => draining);
    open.set(socket, life);
    socket.once("close", () => {
      total();
      open.delete(socket);
    });
    serveOne(socket, life, options, turnAway).catch((error: unknown) => {
      // One connection ends, not the process. The message of an unforeseen error could hold what the client sent, so only its name is logged.
      options.logger.error("Serving a connection failed.", { fault: error instanceof Error ? error.name : "unknown", at: placeOf(error) });
      socket.destroy();
    });
  });
  await listening(server, options.address, "The proxy", options.setting);
  const bound = server.address();
  const address = typeof bound === "object" && bound !== null ? { host: bound.address, port: bound.port } : { host: "", port: 0 };
  return {
    address,
    async drain(withinMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const [socket, life] of open) {
        if (!life.drain() && !life.busy) socket.destroy();
      }
      const timer = setTimeout(() => {
        for (const socket of open.keys()) socket.destroy();
      }, withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

async function serveOne(socket: Socket, life: ConnectionLife, options: ListenerOptions, turnAway: (socket: Socket) => void): Promise<void> {
  const direct: Client = { address: clientAddress(socket.remoteAddress), port: socket.remotePort ?? 0, identity: undefined };
  const introduced = options.trusted?.(direct.address) === true ? await introducedClient(socket, direct, options.handshakeMs) : direct;
  if (introduced === undefined) {
    options.logger.warn("A connection from a trusted source of PROXY headers had none that can be read; it is closed.", {
      source: direct.address,
    });
    options.metrics.blocked("none", "message-malformed");
    socket.destroy();
    return;
  }
  const leave = options.ledger.enterClient(introduced.address);
  if (leave === undefined) {
    turnAway(socket);
    return;
  }
  if (socket.destroyed) leave();
  else socket.once("close", leave);
  await options.serve(socket, introduced, life);
}

/** The first line of the stack that names a place in our code; a stack's first line is the message, which is left out. */
function placeOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack : undefined;
  return stack
    ?.split("\n")
    .find((line) => line.trimStart().startsWith("at "))
    ?.trim();
}
