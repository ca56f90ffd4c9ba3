import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { Authority } from "../../tls/authority.js";

export interface ReceivedRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  /** Names and values by turns, as they came. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Stands where the vendor's hosts are: real TLS by a CA of its own, answers every request, and remembers what reached it. */
export interface StandInVendor {
  readonly port: number;
  readonly received: ReceivedRequest[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** How the vendor answers a request that has arrived whole. */
export type VendorAnswer = (request: ReceivedRequest, response: ServerResponse) => void;

const succeed: VendorAnswer = (_, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end('{"success": true}\n');
};

/**
 * @param authority the vendor's own CA, which is not the proxy's
 * @param hosts the names that it proves by certificate
 */
export async function startStandInVendor(
  authority: Authority,
  hosts: readonly string[],
  answer: VendorAnswer = succeed,
): Promise<StandInVendor> {
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>();
  for (const host of hosts) {
    const leaf = await authority.mint(host, Date.now());
    contexts.set(host, createSecureContext({ key: leaf.privateKeyPem, cert: leaf.certificatePem }));
  }
  const received: ReceivedRequest[] = [];
  let connections = 0;
  const server = createServer({ SNICallback: (name, done) => done(null, contexts.get(name)) }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { host = "" } = request.headers;
      const whole = {
        host,
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.rawHeaders,
        body: Buffer.concat(pieces),
      };
      received.push(whole);
      answer(whole, response);
    });
  });
  server.on("secureConnection", () => {
    connections += 1;
  });
  await listening(server);
  return {
    port: portOf(server),
    received,
    connections: () => connections,
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

async function listening(server: Server): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
}
