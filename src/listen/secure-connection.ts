import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Client, Entry } from "../model/exchange.js";
import type { ExchangeHandler } from "../model/exchange-handler.js";
import type { Logger, Metrics } from "../model/ports.js";
import { type Refusal, refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import { AnswerWriter } from "./answer-writer.js";
import type { BodyBudget } from "./body-budget.js";
import type { ChunkedPieces } from "./body-reader.js";
import type { ConnectionLife } from "./connection-life.js";
import type { FailedHandshakes } from "./failed-handshakes.js";
import { type ConnectionBounds, serveConnection } from "./http-connection.js";
import { serveHttp2 } from "./http2-connection.js";
import type { ParseStreamHead } from "./http2-options.js";
import { acceptTls, type LeafSource } from "./tls-tunnel.js";

/** What every kind of listener needs to serve HTTP, plain and inside TLS. */
export interface ServingParts {
  readonly handler: ExchangeHandler;
  readonly leaves: LeafSource;
  readonly newChunkedDecoder: () => ChunkedPieces;
  /** Reads the head of an HTTP/2 stream. From `http/`. */
  readonly parseStreamHead: ParseStreamHead;
  /** Whether the SNI fits the tunnel's target; undefined: it does. From `http/`. */
  readonly judgeServerName: (serverName: string | undefined, target: Target) => Refusal | undefined;
  readonly bounds: ConnectionBounds;
  readonly bodies: BodyBudget;
  readonly failedHandshakes: FailedHandshakes;
  /** HTTP/2 streams of one session at once; undefined: HTTP/2 is not offered. */
  readonly http2Streams: number | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A connection whose target is known and whose next bytes are to open TLS. */
interface SecureConnection {
  readonly client: Client;
  readonly entry: Entry;
  readonly target: Target;
  /** Bytes that were read already. */
  readonly ahead: Buffer;
}

/** Ends the client's TLS as the target, then serves what ALPN agreed on: each request or stream is an exchange for that target and no other. */
export async function serveSecure(socket: Socket, connection: SecureConnection, parts: ServingParts, life: ConnectionLife): Promise<void> {
  const { client, entry, target } = connection;
  const handler = life.watch(parts.handler);
  const protocols = parts.http2Streams === undefined ? ["http/1.1"] : ["h2", "http/1.1"];
  const { bounds, leaves, metrics } = parts;
  const handshake = await acceptTls(
    socket,
    connection.ahead,
    { host: target.host, protocols, withinMs: bounds.handshakeMs },
    leaves,
    metrics,
  );
  switch (handshake.kind) {
    case "failed":
      parts.failedHandshakes.tell(client, target.host, handshake.reason);
      return;
    case "not-tls": {
      const refused = refusal("not-tls", "The first byte in the tunnel opens no TLS session.");
      await refuseAndClose(socket, refused, { client, entry, target }, handler);
      return;
    }
    case "secure": {
      const misnamed = parts.judgeServerName(handshake.serverName, target);
      await serveAgreed(handshake.socket, { client, entry, target, refuseAll: misnamed }, parts, life, handler);
    }
  }
}

type Agreed = Pick<SecureConnection, "client" | "entry" | "target"> & { readonly refuseAll: Refusal | undefined };

async function serveAgreed(
  socket: TLSSocket,
  agreed: Agreed,
  parts: ServingParts,
  life: ConnectionLife,
  handler: ExchangeHandler,
): Promise<void> {
  // Each member by its name: what a connection has is copied for each, and a spread costs as much as the rest of it.
  const { bounds, bodies, newChunkedDecoder, parseStreamHead, http2Streams, logger } = parts;
  const { client, entry, target, refuseAll } = agreed;
  const origin = { kind: "target" as const, target };
  if (socket.alpnProtocol === "h2") {
    const streams = http2Streams ?? 1;
    await serveHttp2(socket, { client, entry, refuseAll, origin, handler, bounds, bodies, parseStreamHead, streams, life, logger });
    return;
  }
  await serveConnection(socket, {
    client,
    handler,
    bounds,
    bodies,
    newChunkedDecoder,
    authenticate: undefined,
    life,
    refuseAll,
    origin,
    entry,
  });
}

/** Answers in plain HTTP and closes; for what comes before, or instead of, TLS. */
export async function refuseAndClose(
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
