import { connect, createServer } from "node:net";
import { once } from "node:events";
import { connect as tlsConnect, type ConnectionOptions, type DetailedPeerCertificate, type SecureContext, TLSSocket } from "node:tls";
import { serverOptions } from "../../src/tls/leaf-cache.js";

export interface Handshake {
  readonly protocol: string | null;
  readonly alpn: string | false | null;
  readonly peer: DetailedPeerCertificate;
  readonly reused: boolean;
  readonly session: Buffer | undefined;
}

/** One real TLS connection over loopback, the server side as `listen/` builds it. Rejects where the client refuses the certificate. */
export async function handshake(context: SecureContext, alpn: readonly string[], client: ConnectionOptions): Promise<Handshake> {
  const server = createServer((raw) => {
    const socket = new TLSSocket(raw, serverOptions(context, alpn));
    socket.on("error", () => raw.destroy());
    socket.on("secure", () => socket.write("hello"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The test server has no port.");
  const raw = connect(address.port, "127.0.0.1");
  const socket = tlsConnect({ ...client, socket: raw });
  let session: Buffer | undefined;
  socket.on("session", (ticket) => {
    session = ticket;
  });
  try {
    await once(socket, "data");
    // TLS 1.3 hands tickets out after the handshake, and none on a resumed one.
    if (socket.getProtocol() === "TLSv1.3" && !socket.isSessionReused() && session === undefined) await once(socket, "session");
    return {
      protocol: socket.getProtocol(),
      alpn: socket.alpnProtocol,
      peer: socket.getPeerCertificate(true),
      reused: socket.isSessionReused(),
      session,
    };
  } finally {
    socket.destroy();
    raw.destroy();
    server.close();
  }
}
