/** One end of a TCP connection. */
interface Place {
  readonly address: string;
  readonly port: number;
}

/** A socket of node:net that is connected. */
interface Connected {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/**
 * The connections that this process has opened to upstreams, by their own end and the host that they were opened for. A client that comes from
 * such an end and asks for that host is this proxy itself: its traffic is led back to it, as by a redirect that does not exempt it, and each
 * request would come back as one more until some limit is met (RFC 9110, section 7.6.3, has Via for that, which the vendor would get to see).
 * Both are asked for, since the kernel gives one port to connections that lead to different places.
 */
export class OwnConnections {
  readonly #opened = new Map<string, () => void>();

  /** @param cameBack called where it is met @returns forgets the connection */
  opened({ localAddress = "", localPort = 0 }: Connected, host: string, cameBack: () => void): () => void {
    const key = keyOf({ address: localAddress, port: localPort }, host);
    this.#opened.set(key, cameBack);
    return () => {
      if (this.#opened.get(key) === cameBack) this.#opened.delete(key);
    };
  }

  /** Whether the client is this proxy; whoever opened the connection is told. */
  leadsBack(client: Place, host: string): boolean {
    const cameBack = this.#opened.get(keyOf(client, host));
    cameBack?.();
    return cameBack !== undefined;
  }
}

function keyOf({ address, port }: Place, host: string): string {
  return `${address} ${port} ${host}`;
}
