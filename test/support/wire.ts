import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";

/** One HTTP/1.1 answer as it stood on the wire. */
export interface WireAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";

/** A connection to the proxy that says exactly the bytes it is told to, and reads answers strictly. */
export class Wire {
  readonly socket: Duplex;
  #seen: Buffer = Buffer.alloc(0);
  #ended = false;
  #fault: Error | undefined;
  #wake: (() => void) | undefined;
  /** Resolves once the other side is gone, however. */
  readonly closed: Promise<void>;

  constructor(socket: Duplex) {
    this.socket = socket;
    const wake = (): void => this.#wake?.();
    socket.on("data", (piece: Buffer) => {
      this.#seen = Buffer.concat([this.#seen, piece]);
      wake();
    });
    socket.on("error", (error) => {
      this.#fault = error;
      wake();
    });
    this.closed = new Promise((resolve) => {
      const end = (): void => {
        this.#ended = true;
        wake();
        resolve();
      };
      socket.once("end", end);
      socket.once("close", end);
    });
  }

  /** Opens a plain connection to the proxy. */
  static async open(port: number): Promise<Wire> {
    return new Wire(await opened(connect({ host: "127.0.0.1", port })));
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** @throws Error where the connection ends before the answer does */
  async answer(method = "POST"): Promise<WireAnswer> {
    await this.#until(() => this.#seen.includes(HEAD_END));
    const end = this.#seen.indexOf(HEAD_END);
    const [statusLine = "", ...lines] = this.#seen.toString("latin1", 0, end).split("\r\n");
    this.#seen = this.#seen.subarray(end + HEAD_END.length);
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    return { status, headers, body: await this.#body(status, headers, method) };
  }

  /** Everything until the other side ends. */
  async rest(): Promise<Buffer> {
    await this.closed;
    return this.#take(this.#seen.length);
  }

  close(): void {
    this.socket.destroy();
  }

  async #body(status: number, headers: ReadonlyMap<string, string>, method: string): Promise<Buffer> {
    if (status < 200 || status === 204 || status === 304 || method === "HEAD" || (method === "CONNECT" && status === 200))
      return Buffer.alloc(0);
    if (headers.get("transfer-encoding") === "chunked") return this.#chunks();
    const length = headers.get("content-length");
    if (length === undefined) return this.rest();
    await this.#until(() => this.#seen.length >= Number(length));
    return this.#take(Number(length));
  }

  async #chunks(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      await this.#until(() => this.#seen.includes("\r\n"));
      const size = Number.parseInt(this.#take(this.#seen.indexOf("\r\n") + 2).toString("latin1"), 16);
      await this.#until(() => this.#seen.length >= size + 2);
      pieces.push(this.#take(size));
      this.#take(2);
      if (size === 0) return Buffer.concat(pieces);
    }
  }

  #take(length: number): Buffer {
    const taken = this.#seen.subarray(0, length);
    this.#seen = this.#seen.subarray(length);
    return taken;
  }

  async #until(enough: () => boolean): Promise<void> {
    while (!enough()) {
      if (this.#ended || this.#fault !== undefined) throw new Error(`The connection ended early (${this.#fault?.message ?? "closed"}).`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

export interface TunnelOptions {
  readonly port: number;
  /** `host:port` of the CONNECT. */
  readonly to: string;
  /** What the client trusts. */
  readonly ca: string;
  /** The SNI; by default the tunnel's host, "" for none. */
  readonly serverName?: string;
  readonly connectFields?: string;
  /** Another address of this machine to come from. */
  readonly localAddress?: string;
  /** Offered by ALPN; nothing by default. */
  readonly alpn?: readonly string[];
}

/** CONNECT, then TLS verified against `ca`, as every client of the proxy does it. */
export async function openTunnel(options: TunnelOptions): Promise<Wire> {
  return new Wire(await openTls(options));
}

/** The TLS session alone, for those who ask it for its certificate. */
export async function openTls({ port, to, ca, serverName, connectFields = "", localAddress, alpn }: TunnelOptions): Promise<TLSSocket> {
  const plain = await opened(connect({ host: "127.0.0.1", port, ...(localAddress === undefined ? {} : { localAddress }) }));
  const reply = await new Promise<string>((resolve, reject) => {
    plain.once("error", reject);
    plain.once("end", () => reject(new Error("The connection ended early.")));
    plain.once("data", (piece: Buffer) => {
      plain.pause();
      resolve(piece.toString("latin1"));
    });
    plain.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${connectFields}\r\n`);
  });
  if (reply !== "HTTP/1.1 200 Connection Established\r\n\r\n") throw new Error(`No tunnel: ${reply.split("\r\n", 1)[0]}`);
  const host = to.slice(0, to.lastIndexOf(":"));
  const name = serverName ?? host;
  const secure = connectTls({
    socket: plain,
    ca,
    minVersion: "TLSv1.2",
    ...(name === "" ? {} : { servername: name }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    // The certificate is for the tunnel's host, whatever the SNI says.
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  });
  await new Promise<void>((resolve, reject) => {
    secure.once("secureConnect", resolve);
    secure.once("error", reject);
  });
  return secure;
}

async function opened(socket: Socket): Promise<Socket> {
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}
