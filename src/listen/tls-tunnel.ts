import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import type { Metrics } from "../model/ports.js";
import { ByteReader } from "./byte-reader.js";
import type { TlsDoor } from "./tls-door.js";
import { tlsFailureReason } from "./tls-failure.js";

/** What `listen/` needs of `tls/`. */
export interface LeafSource {
  /** The context that proves `host` to clients who trust our CA; from the cache, or minted now. */
  contextFor(host: string): SecureContext | Promise<SecureContext>;
}

export type Handshake =
  | { readonly kind: "secure"; readonly socket: TLSSocket; readonly serverName: string | undefined }
  /** The first byte is no TLS record: `socket` is still plain. */
  | { readonly kind: "not-tls" }
  /** The client left, was late or did not agree; the socket is closed. */
  | { readonly kind: "failed"; readonly reason: string };

/** The first byte of every TLS record that can open a session (RFC 8446, section 5.1: handshake). */
const HANDSHAKE_RECORD = 0x16;

export interface Agreement {
  /** Canonical: whom the certificate is to prove. */
  readonly host: string;
  /** Offered by ALPN, the one liked best first. */
  readonly protocols: readonly string[];
  /** Milliseconds for the whole handshake, from the first byte on. */
  readonly withinMs: number;
}

/**
 * Ends a client's TLS where a tunnel was asked for.
 *
 * @param ahead bytes that came behind the CONNECT
 */
export async function acceptTls(
  socket: Socket,
  ahead: Buffer,
  agreement: Agreement,
  leaves: LeafSource,
  metrics: Metrics,
): Promise<Handshake> {
  const deadline = Date.now() + agreement.withinMs;
  const first = await firstBytes(socket, ahead, deadline);
  if (first === undefined) return fail(socket, "closed-before-hello", metrics);
  if (first[0] !== HANDSHAKE_RECORD) {
    socket.unshift(first);
    return { kind: "not-tls" };
  }
  const secureContext = await leaves.contextFor(agreement.host);
  if (socket.destroyed) return fail(socket, "closed", metrics);
  // A TLSSocket takes over what stands in the wrapped socket's read buffer.
  socket.unshift(first);
  const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: [...agreement.protocols] });
  const ended = await handshakeEnd(secure, Math.max(1, deadline - Date.now()));
  if (ended !== undefined) {
    secure.destroy();
    return fail(socket, ended, metrics);
  }
  return { kind: "secure", socket: secure, serverName: serverNameOf(secure) };
}

/** The same at a listener's own door, before which no tunnel was asked for. */
export async function acceptAtDoor(socket: Socket, door: TlsDoor, withinMs: number, metrics: Metrics): Promise<Handshake> {
  const deadline = Date.now() + withinMs;
  const first = await firstBytes(socket, Buffer.alloc(0), deadline);
  if (first === undefined) return fail(socket, "closed-before-hello", metrics);
  socket.unshift(first);
  if (first[0] !== HANDSHAKE_RECORD) return { kind: "not-tls" };
  const secure = await door.accept(socket, Math.max(1, deadline - Date.now()));
  return typeof secure === "string" ? fail(socket, secure, metrics) : { kind: "secure", socket: secure, serverName: serverNameOf(secure) };
}

async function firstBytes(socket: Socket, ahead: Buffer, deadline: number): Promise<Buffer | undefined> {
  if (ahead.length > 0) return ahead;
  const reader = new ByteReader(socket);
  const ended = await reader.more(deadline);
  const bytes = reader.release();
  return ended === undefined ? bytes : undefined;
}

/** Undefined when the session stands, else why not, as a bounded word for the metric. */
async function handshakeEnd(socket: TLSSocket, withinMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("timeout"), withinMs);
    const left = (): void => settle("closed");
    const settle = (reason: string | undefined): void => {
      clearTimeout(timer);
      socket.off("end", left);
      resolve(reason);
    };
    socket.once("secure", () => settle(undefined));
    socket.once("close", left);
    // A client that leaves in mid-handshake ends its side alone: the wrapped socket is kept half open, so it does not close by itself.
    socket.once("end", left);
    socket.on("error", (error: Error) => settle(tlsFailureReason(error)));
  });
}

/** The SNI of the ClientHello; Node sets `servername` on server sockets too, to false or null where there was none. */
function serverNameOf(socket: TLSSocket): string | undefined {
  const name: unknown = Reflect.get(socket, "servername");
  return typeof name === "string" && name !== "" ? name : undefined;
}

function fail(socket: Socket, reason: string, metrics: Metrics): Handshake {
  metrics.tlsFailure("client", reason);
  socket.destroy();
  return { kind: "failed", reason };
}
