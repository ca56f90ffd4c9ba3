import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTls, type TlsOptions } from "node:tls";

/** What a parent was asked, head by head. */
export interface Asked {
  readonly place: string;
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface ParentWish {
  /** Where the parent dials a place; undefined: it refuses with 403. */
  readonly dials: (place: string) => number | undefined;
  /** `NAME:PASSWORD` without which it answers 407. */
  readonly credentials?: string;
  /** Its certificate and key; undefined: it speaks plain TCP. */
  readonly tls?: TlsOptions;
  /** Answers every CONNECT by these bytes in place of a tunnel; an empty text: never. */
  readonly answer?: string;
  /** The same for some places. */
  readonly answers?: Readonly<Record<string, string>>;
  /** What it says of its own, behind the answer that opens the tunnel to a place. */
  readonly says?: Readonly<Record<string, string>>;
}

export interface ParentProxy {
  readonly port: number;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** A corporate parent over real sockets: takes CONNECT, resolves by its own table, joins both sides. */
export async function startParentProxy(wish: ParentWish): Promise<ParentProxy> {
  const asked: Asked[] = [];
  const open = new Set<Socket>();
  const serve = (socket: Socket): void => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    let seen = Buffer.alloc(0);
    const onData = (piece: Buffer): void => {
      seen = Buffer.concat([seen, piece]);
      const end = seen.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", onData);
      socket.pause();
      const head = readHead(seen.toString("latin1", 0, end));
      if (seen.length > end + 4) socket.unshift(seen.subarray(end + 4));
      asked.push(head);
      answer(socket, head, wish);
    };
    socket.on("data", onData);
  };
  const server: Server = wish.tls === undefined ? createServer(serve) : createTls({ ...wish.tls, minVersion: "TLSv1.2" }, serve);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    asked,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readHead(text: string): Asked {
  const [line = "", ...lines] = text.split("\r\n");
  const place = /^CONNECT (\S+) HTTP\/1\.1$/.exec(line)?.[1] ?? `not CONNECT: ${line}`;
  return {
    place,
    fields: new Map(lines.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 1).trim()])),
  };
}

function answer(socket: Socket, { place, fields }: Asked, wish: ParentWish): void {
  const fixed = wish.answer ?? wish.answers?.[place];
  if (fixed !== undefined) {
    if (fixed !== "") socket.end(fixed);
    return;
  }
  const wanted = wish.credentials === undefined ? undefined : `Basic ${Buffer.from(wish.credentials).toString("base64")}`;
  if (wanted !== undefined && fields.get("proxy-authorization") !== wanted) {
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const port = wish.dials(place);
  if (port === undefined) {
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  const upstream = connect({ host: "127.0.0.1", port });
  upstream.on("error", () => socket.destroy());
  socket.on("close", () => upstream.destroy());
  upstream.on("connect", () => {
    socket.write(`HTTP/1.1 200 Connection established\r\nX-Cache: MISS\r\n\r\n${wish.says?.[place] ?? ""}`);
    socket.pipe(upstream).pipe(socket);
  });
}
