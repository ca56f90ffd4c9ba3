import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { Authority } from "../../tls/authority.js";

export interface ReceivedRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Stands where the vendor's hosts are: real TLS by a CA of its own, answers every request, and remembers what reached it. */
export interface StandInVendor {
  readonly port: number;
  readonly received: ReceivedRequest[];
  close(): Promise<void>;
}

/**
 * @param authority the vendor's own CA, which is not the proxy's
 * @param hosts the names that it proves by certificate
 */
export async function startStandInVendor(authority: Authority, hosts: readonly string[], port = 0): Promise<StandInVendor> {
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>();
  for (const host of hosts) {
    const leaf = await authority.mint(host, Date.now());
    contexts.set(host, createSecureContext({ key: leaf.privateKeyPem, cert: leaf.certificatePem }));
  }
  const received: ReceivedRequest[] = [];
  const server = createServer({ SNICallback: (name, done) => done(null, contexts.get(name)) }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { host = "" } = request.headers;
      received.push({ host, method: request.method ?? "", path: request.url ?? "", headers: request.rawHeaders, body: Buffer.concat(pieces) });
      response.setHeader("Content-Type", "application/json");
      response.end('{"success": true}\n');
    });
  });
  await listening(server, port);
  return {
    port: portOf(server),
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listening(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
}
