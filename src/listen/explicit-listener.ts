import type { Socket } from "node:net";
import type { Client } from "../model/exchange.js";
import type { Authenticate } from "./authentication.js";
import type { ConnectionLife } from "./connection-life.js";
import { serveConnection } from "./http-connection.js";
import { type Listener, type ListenerOptions, openListener } from "./listener.js";
import { refuseAndClose, serveSecure, type ServingParts } from "./secure-connection.js";

const PROXY = { kind: "proxy" } as const;

export type ListeningOptions = Omit<ListenerOptions, "serve" | "handshakeMs" | "logger" | "metrics">;

/**
 * The explicit proxy: absolute-form requests and CONNECT on one plain port.
 *
 * @throws FaultsError where the port is taken or may not be bound
 */
export async function listenExplicit(options: ListeningOptions, parts: ServingParts): Promise<Listener> {
  const { bounds, logger, metrics } = parts;
  const serve = async (socket: Socket, client: Client, life: ConnectionLife): Promise<void> =>
    serveProxyClient(socket, client, parts, life);
  return openListener({ ...options, handshakeMs: bounds.handshakeMs, logger, metrics, serve });
}

/** Serves a client that knows it speaks to a proxy, on a plain or a TLS connection. */
export async function serveProxyClient(
  socket: Socket,
  client: Client,
  parts: ServingParts,
  life: ConnectionLife,
  authenticate?: Authenticate,
): Promise<void> {
  const { bounds, bodies, newChunkedDecoder } = parts;
  const handler = life.watch(parts.handler);
  const served = await serveConnection(socket, {
    client,
    handler,
    bounds,
    bodies,
    newChunkedDecoder,
    authenticate,
    life,
    refuseAll: undefined,
    origin: PROXY,
    entry: "absolute",
  });
  if (served.kind === "done") return;
  const { target } = served.head;
  const context = { client: served.client, entry: "connect" as const, target };
  const refused = handler.connect(served.head, context);
  if (refused !== undefined) {
    await refuseAndClose(socket, refused, context, handler);
    return;
  }
  socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  await serveSecure(socket, { client: served.client, entry: "connect", target, ahead: served.rest }, parts, life);
}
