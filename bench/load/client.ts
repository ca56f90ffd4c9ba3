import { connect, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type TLSSocket } from "node:tls";

/** One run of load, sent to the generator's process. */
export interface LoadOrder {
  readonly proxyPort: number;
  /** CONNECT first (a forward proxy), or TLS at once (HAProxy). */
  readonly viaConnect: boolean;
  readonly host: string;
  readonly path: string;
  readonly caPem: string;
  readonly requests: number;
  readonly connections: number;
  /** `keep-alive`: a tunnel each connection; `each`: a tunnel and full handshake each request; `resumed`: the same with a session resumed. */
  readonly mode: "keep-alive" | "each" | "resumed";
  /** Bodies to send in turn; `{{n}}` becomes the request's number. */
  readonly bodies: readonly string[];
  /** Requests a second over all connections; 0: as fast as they go. */
  readonly rate: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds, one a request. */
  readonly latencies: readonly number[];
}

/** Runs one order. */
export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const context = createSecureContext({ ca: order.caPem });
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let sent = 0;
  let session: Buffer | undefined;
  const started = performance.now();
  const open = async (): Promise<TLSSocket> => {
    const socket = connect({ host: "127.0.0.1", port: order.proxyPort, noDelay: true });
    if (order.viaConnect) {
      socket.write(`CONNECT ${order.host}:443 HTTP/1.1\r\nHost: ${order.host}:443\r\n\r\n`);
      await answerOf(socket);
    }
    const resumed = order.mode === "resumed" ? session : undefined;
    const secure = connectTls({
      socket,
      servername: order.host,
      secureContext: context,
      ...(resumed === undefined ? {} : { session: resumed }),
    });
    secure.on("session", (fresh: Buffer) => {
      session = fresh;
    });
    await new Promise<void>((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
    return secure;
  };
  const worker = async (): Promise<void> => {
    let tunnel: TLSSocket | undefined;
    while (sent < order.requests) {
      const number = sent;
      sent += 1;
      if (order.rate > 0) await until(started + (number * 1_000) / order.rate);
      const before = performance.now();
      tunnel ??= await open();
      const body = (order.bodies[number % order.bodies.length] ?? "").replaceAll("{{n}}", String(100_000 + number));
      const close = order.mode === "keep-alive" ? "" : "Connection: close\r\n";
      tunnel.write(
        `POST ${order.path} HTTP/1.1\r\nHost: ${order.host}\r\nUser-Agent: bench\r\n${close}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      const status = await answerOf(tunnel);
      latencies.push(performance.now() - before);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (order.mode !== "keep-alive") {
        tunnel.destroy();
        tunnel = undefined;
      }
    }
    tunnel?.destroy();
  };
  await Promise.all(Array.from({ length: order.connections }, worker));
  return { seconds: (performance.now() - started) / 1_000, statuses, latencies };
}

async function until(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

/** Reads one answer to its end by Content-Length, and gives its status. */
async function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (piece: Buffer): void => {
      text += piece.toString("latin1");
      const gap = text.indexOf("\r\n\r\n");
      if (gap < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < gap + 4 + length) return;
      settle();
      resolve(text.slice(9, 12));
    };
    const onEnd = (): void => {
      settle();
      reject(new Error("The connection ended before the answer."));
    };
    const settle = (): void => {
      socket.off("data", onData).off("close", onEnd).off("error", onEnd);
    };
    socket.on("data", onData).once("close", onEnd).once("error", onEnd);
  });
}

/** As the generator's process: takes an order a message, answers with its result. */
if (process.send !== undefined) {
  process.on("message", (order: LoadOrder) => {
    runLoad(order).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : "unknown" }),
    );
  });
}
