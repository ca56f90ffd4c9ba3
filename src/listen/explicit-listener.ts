import { createServer, type Server, type Socket } from "node:net";
import type { Client, ConnectHead } from "../model/exchange.js";
import type { ExchangeHandler } from "../model/exchange-handler.js";
import { FaultsError } from "../model/fault.js";
import type { Logger, Metrics } from "../model/ports.js";
import { refusal, type Refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import { AnswerWriter } from "./answer-writer.js";
import type { ChunkedPieces } from "./body-reader.js";
import { type ConnectionBounds, serveConnection } from "./http-connection.js";
import { acceptTls, type LeafSource } from "./tls-tunnel.js";

export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface ListenerOptions {
  readonly address: ListenAddress;
  readonly handler: ExchangeHandler;
  readonly leaves: LeafSource;
  readonly newChunkedDecoder: () => ChunkedPieces;
  /** Whether the SNI fits the tunnel's target; undefined: it does. From `http/`. */
  readonly judgeServerName: (serverName: string | undefined, target: Target) => Refusal | undefined;
  readonly bounds: ConnectionBounds;
  /** Connections at once; one more is closed at once. */
  readonly connections: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  /** Takes no new connection, lets exchanges in flight end, and closes the rest after `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

/**
 * The explicit proxy: absolute-form requests and CONNECT on one plain port.
 *
 * @throws FaultsError where the port is taken or may not be bound
 */
export async function listenExplicit(options: ListenerOptions): Promise<Listener> {
  const open = new Set<Socket>();
  const busy = new Set<Socket>();
  let draining = false;
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true });
  server.maxConnections = options.connections;
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      open.delete(socket);
      busy.delete(socket);
    });
    serveClient(socket, options, { draining: () => draining, busy: (on) => (on ? busy.add(socket) : busy.delete(socket)) }).catch((error: unknown) => {
      // One exchange ends, not the process. The message of an unforeseen error could hold what the client sent, so only its name is logged.
      options.logger.error("A connection ended by an unforeseen fault.", { fault: error instanceof Error ? error.name : typeof error, at: placeOf(error) });
      socket.destroy();
    });
  });
  await bind(server, options.address);
  const bound = server.address();
  const address = typeof bound === "object" && bound !== null ? { host: bound.address, port: bound.port } : { host: "", port: options.address.port };
  return {
    address,
    async drain(withinMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) if (!busy.has(socket)) socket.destroy();
      const timer = setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

interface Life {
  readonly draining: () => boolean;
  readonly busy: (on: boolean) => void;
}

async function serveClient(socket: Socket, options: ListenerOptions, life: Life): Promise<void> {
  const client: Client = { address: socket.remoteAddress ?? "unknown", port: socket.remotePort ?? 0, identity: undefined };
  const { bounds, newChunkedDecoder } = options;
  const common = { client, handler: watched(options.handler, life), bounds, newChunkedDecoder, draining: life.draining };
  const served = await serveConnection(socket, { ...common, origin: { kind: "proxy" }, entry: "absolute" });
  if (served.kind === "done") return;
  await serveTunnel(socket, served.head, served.rest, options, common);
}

type Common = Pick<Parameters<typeof serveConnection>[1], "client" | "handler" | "bounds" | "newChunkedDecoder" | "draining">;

async function serveTunnel(socket: Socket, head: ConnectHead, rest: Buffer, options: ListenerOptions, common: Common): Promise<void> {
  const { target } = head;
  const context = { client: common.client, entry: "connect" as const, target };
  const refused = common.handler.connect(head, context);
  if (refused !== undefined) {
    await refuseAndClose(socket, refused, context, common.handler);
    return;
  }
  socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  const handshake = await acceptTls(socket, rest, target.host, options.leaves, common.bounds.handshakeMs, options.metrics);
  switch (handshake.kind) {
    case "failed":
      return;
    case "not-tls":
      await refuseAndClose(socket, refusal("not-tls", "The first byte in the tunnel opens no TLS session."), context, common.handler);
      return;
    case "secure": {
      const misnamed = options.judgeServerName(handshake.serverName, target);
      await serveConnection(handshake.socket, {
        ...common,
        origin: { kind: "target", target },
        entry: "connect",
        ...(misnamed === undefined ? {} : { refuseAll: misnamed }),
      });
    }
  }
}

async function refuseAndClose(
  socket: Socket,
  refused: Refusal,
  context: Parameters<ExchangeHandler["refuse"]>[1],
  handler: ExchangeHandler,
): Promise<void> {
  const writer = new AnswerWriter(socket, { method: "GET", minor: 1, keepAlive: false });
  await handler.refuse(refused, context, writer);
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), 1_000);
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
}

/** The handler, telling `life` when an exchange is in flight, so that draining spares it. */
function watched(handler: ExchangeHandler, life: Life): ExchangeHandler {
  const during = async (work: Promise<void>): Promise<void> => {
    life.busy(true);
    await work.finally(() => life.busy(false));
  };
  return {
    parseHead: handler.parseHead,
    connect: (head, context) => handler.connect(head, context),
    handle: (exchange, body, answer) => during(handler.handle(exchange, body, answer)),
    refuse: (refused, context, answer) => during(handler.refuse(refused, context, answer)),
  };
}

async function bind(server: Server, address: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const where = `${address.host ?? "*"}:${address.port}`;
      reject(new FaultsError("The proxy can't listen.", [{ where, what: bindFault(error), mend: "Set listen.proxy to a free address and port that this user may bind." }]));
    });
    server.listen({ port: address.port, ...(address.host === undefined ? {} : { host: address.host }) }, resolve);
  });
}

function bindFault(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "The port is in use by another process.";
    case "EACCES":
      return "This user may not bind that port.";
    case "EADDRNOTAVAIL":
      return "The address is none of this machine's.";
    default:
      return `Listening failed (${error.code ?? error.name}).`;
  }
}

/** The first line of the stack that names a place in our code; a stack's first line is the message, which is left out. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "))?.trim();
}
