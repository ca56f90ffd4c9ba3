import { ConnectionLedger } from "./connection-ledger.js";
import { FaultsError } from "./fault.js";

/** What listening asks of a server of node:net, node:http or node:tls. */
interface Listening {
  once(event: "error", tell: (error: Error) => void): unknown;
  off(event: "error", tell: (error: Error) => void): unknown;
  listen(options: { readonly port: number; readonly host?: string }, ready: () => void): unknown;
}

/** Where to listen; without a host on all addresses of the machine. */
export interface ListenAddress {
  readonly host?: string | undefined;
  readonly port: number;
}

/** What a bound for each address asks of a server of node:net, node:http or node:tls, and of its sockets. */
interface Connecting {
  on(
    event: "connection",
    tell: (socket: {
      readonly remoteAddress?: string | undefined;
      once(event: "close", tell: () => void): unknown;
      destroy(): unknown;
    }) => void,
  ): unknown;
}

/** Closes connections of one address past so many, so that it can't hold all the places of a listener that has few. */
export function boundEachAddress(server: Connecting, most: number): void {
  const ledger = new ConnectionLedger(Number.POSITIVE_INFINITY, most);
  server.on("connection", (socket) => {
    const leave = ledger.enterClient(socket.remoteAddress ?? "");
    if (leave === undefined) socket.destroy();
    else socket.once("close", leave);
  });
}

/**
 * Has a server listen.
 *
 * @param listener whose it is, for the message: "The metrics listener"
 * @param setting the one that says where: "listen.metrics"
 * @throws FaultsError where the system refuses the address, with how to mend it
 */
export async function listening(server: Listening, { host, port }: ListenAddress, listener: string, setting: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const fault = { where: `${setting} (${host ?? ""}:${port})`, ...faultOf(code, setting) };
    throw new FaultsError(`${listener} can't start.`, [fault]);
  }
}

function faultOf(code: string, setting: string): { readonly what: string; readonly mend: string } {
  const variable = `EGRESS_PROXY_${setting.toUpperCase().replaceAll(/[.-]/g, "_")}`;
  switch (code) {
    case "EADDRINUSE":
      return { what: "Another process listens on this port.", mend: `Stop it, or set ${setting} (${variable}) to a free port.` };
    case "EACCES":
      return { what: "This user may not listen on this port.", mend: `Set ${setting} (${variable}) to a port from 1024 on.` };
    case "EADDRNOTAVAIL":
      return {
        what: "This machine has no such address.",
        mend: `Set ${setting} (${variable}) to one of its own, or to the port alone for all of them.`,
      };
    default:
      return { what: `The system refuses it (${code}).`, mend: `Set ${setting} (${variable}) to another address or port.` };
  }
}
