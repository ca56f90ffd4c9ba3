import type { Socket } from "node:net";
import type { Client } from "../model/exchange.js";
import { refusal } from "../model/refusal.js";
import type { Authenticate } from "./authentication.js";
import type { ConnectionLife } from "./connection-life.js";
import { type ListeningOptions, serveProxyClient } from "./explicit-listener.js";
import { type Listener, openListener } from "./listener.js";
import { refuseAndClose, type ServingParts } from "./secure-connection.js";
import { acceptTls } from "./tls-tunnel.js";

export interface TlsListenerOptions extends ListeningOptions {
  /** Whom the proxy's own certificate proves, canonical. */
  readonly name: string;
  /** Undefined: nobody is asked who they are. */
  readonly authenticate: Authenticate | undefined;
}

/**
 * The explicit proxy, reached over TLS: the one place where clients may say who they are, since elsewhere their credentials would cross
 * the network in the clear.
 *
 * @throws FaultsError where the port is taken or may not be bound
 */
export async function listenProxyTls(options: TlsListenerOptions, parts: ServingParts): Promise<Listener> {
  const { bounds, leaves, logger, metrics } = parts;
  const agreement = { host: options.name, protocols: ["http/1.1"], withinMs: bounds.handshakeMs };
  const serve = async (socket: Socket, client: Client, life: ConnectionLife): Promise<void> => {
    const handshake = await acceptTls(socket, Buffer.alloc(0), agreement, leaves, metrics);
    if (handshake.kind === "secure") await serveProxyClient(handshake.socket, client, parts, life, options.authenticate);
    if (handshake.kind !== "not-tls") return;
    const refused = refusal("not-tls", "This listener is reached over TLS.");
    await refuseAndClose(socket, refused, { client, entry: "absolute", target: undefined }, life.watch(parts.handler));
  };
  return openListener({ ...options, handshakeMs: bounds.handshakeMs, logger, metrics, serve });
}
