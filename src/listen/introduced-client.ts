import type { Socket } from "node:net";
import type { Client } from "../model/exchange.js";
import { ByteReader } from "./byte-reader.js";
import { parseProxyHeader } from "./proxy-header.js";

/** Whether an address may introduce others. From anyone else a PROXY header would be a free choice of whom to be. */
export type TrustedSources = (address: string) => boolean;

/**
 * Reads the PROXY header that a trusted source's connection opens with; what follows it stays in the socket.
 *
 * @returns undefined where there is none in time, or none that can be read
 */
export async function introducedClient(socket: Socket, direct: Client, withinMs: number): Promise<Client | undefined> {
  const reader = new ByteReader(socket);
  const deadline = Date.now() + withinMs;
  for (;;) {
    const header = parseProxyHeader(reader.peek());
    if (header.kind === "malformed") return undefined;
    if (header.kind !== "incomplete") {
      reader.take(header.used);
      const rest = reader.release();
      if (rest.length > 0) socket.unshift(rest);
      return header.kind === "local" ? direct : { address: header.address, port: header.port, identity: undefined };
    }
    if ((await reader.more(deadline)) !== undefined) return undefined;
  }
}
