import type { Socket } from "node:net";
import type { Client } from "../model/exchange.js";
import { refusal } from "../model/refusal.js";
import type { Authenticate } from "./authentication.js";
import { certifiedName } from "./client-certificate.js";
import type { ConnectionLife } from "./connection-life.js";
import { type ListeningOptions, serveProxyClient } from "./explicit-listener.js";
import { type Listener, openListener } from "./listener.js";
import { refuseAndClose, type ServingParts } from "./secure-connection.js";
import type { TlsDoor } from "./tls-door.js";
import { acceptAtDoor } from "./tls-tunnel.js";

export interface TlsListenerOptions extends ListeningOptions {
  readonly door: TlsDoor;
  /** Whether a client's certificate may say who it is. */
  readonly certificates: boolean;
  /** Asks who showed no certificate; undefined: nobody is asked who they are, or certificates alone say so. */
  readonly authenticate: Authenticate | undefined;
}

/** Who needs a certificate and shows none is told so in HTTP. */
function askedOf({ authenticate, certificates }: TlsListenerOptions): Authenticate | undefined {
  if (authenticate !== undefined || !certificates) return authenticate;
  const detail = "The client showed no certificate that a CA of proxy_tls.client_ca vouches for and that names it.";
  return () => Promise.resolve(refusal("proxy-authentication-required", detail));
}

const named = (client: Client, identity: string): Promise<Client> => Promise.resolve({ ...client, identity });

/**
 * The explicit proxy, reached over TLS: the one place where clients may say who they are, since elsewhere their credentials would cross
 * the network in the clear.
 *
 * @throws FaultsError where the port is taken or may not be bound
 */
export async function listenProxyTls(options: TlsListenerOptions, parts: ServingParts): Promise<Listener> {
  const { bounds, logger, metrics } = parts;
  const serve = async (socket: Socket, client: Client, life: ConnectionLife): Promise<void> => {
    const handshake = await acceptAtDoor(socket, options.door, bounds.handshakeMs, metrics);
    switch (handshake.kind) {
      case "secure": {
        const name = options.certificates ? certifiedName(handshake.socket) : undefined;
        await serveProxyClient(handshake.socket, client, parts, life, name === undefined ? askedOf(options) : () => named(client, name));
        return;
      }
      case "failed":
        parts.failedHandshakes.tell(client, undefined, handshake.reason);
        return;
      case "not-tls": {
        const refused = refusal("not-tls", "This listener is reached over TLS.");
        await refuseAndClose(socket, refused, { client, entry: "absolute", target: undefined }, life.watch(parts.handler));
      }
    }
  };
  return openListener({ ...options, handshakeMs: bounds.handshakeMs, logger, metrics, serve });
}
