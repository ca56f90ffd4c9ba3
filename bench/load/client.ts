import { connect, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type TLSSocket } from "node:tls";
import { filled, type Mode } from "./scenarios.js";

/** One run of load, sent to the generator's process. */
export interface LoadOrder {
  readonly proxyHost: string;
  readonly proxyPort: number;
  /** CONNECT first (a forward proxy), or TLS at once (HAProxy). */
  readonly viaConnect: boolean;
  /** `{{host}}` in it becomes the number of one of `hosts`, in turn. */
  readonly host: string;
  readonly hosts?: number;
  readonly path: string;
  /** Further header lines, each with its CRLF. */
  readonly headers: string;
  readonly caPem: string;
  readonly requests: number;
  readonly connections: number;
  readonly mode: Mode;
  /** Bodies to send in turn; `{{n}}` becomes the request's number. */
  readonly bodies: readonly string[];
  /** Tunnels that are opened before and stay idle to the end. */
  readonly idle: number;
  /** Requests a second over all connections; 0: as fast as they go. */
  readonly rate: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds, one a request. */
  readonly latencies: readonly number[];
}

/**
 * Clients come from 32 addresses, as a cluster's do: of one address the proxy keeps only so many distinct refused bodies an hour one by one
 * (docs/records.md), and would be measured while it slows down a flood.
 */
const CLIENT_ADDRESSES = 32;
const addressOf = (number: number): string => `127.0.1.${1 + (number % CLIENT_ADDRESSES)}`;

/** Runs one order. */
export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const context = createSecureContext({ ca: order.caPem });
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let sent = 0;
  let session: Buffer | undefined;
  const hostOf = (number: number): string => order.host.replace("{{host}}", String(number % (order.hosts ?? 1)));
  const open = async (number: number): Promise<TLSSocket> => {
    const host = hostOf(number);
    const socket = connect({ host: order.proxyHost, port: order.proxyPort, localAddress: addressOf(number), noDelay: true });
    if (order.viaConnect) {
      socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
      await answerOf(socket);
    }
    const resumed = order.mode === "resumed" ? session : undefined;
    const secure = connectTls({
      socket,
      servername: host,
      secureContext: context,
      ...(resumed === undefined ? {} : { session: resumed }),
    });
    secure.on("session", (fresh: Buffer) => {
      session = fresh;
    });
    await new Promise<void>((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
    return secure;
  };
  const idle: TLSSocket[] = [];
  while (idle.length < order.idle) {
    idle.push(...(await Promise.all(Array.from({ length: Math.min(20, order.idle - idle.length) }, (_, at) => open(at)))));
  }
  const started = performance.now();
  const worker = async (): Promise<void> => {
    let tunnel: TLSSocket | undefined;
    while (sent < order.requests) {
      const number = sent;
      sent += 1;
      if (order.rate > 0) await until(started + (number * 1_000) / order.rate);
      const before = performance.now();
      tunnel ??= await open(number);
      const body = filled(order.bodies[number % order.bodies.length] ?? "", number);
      const close = order.mode === "keep-alive" ? "" : "Connection: close\r\n";
      tunnel.write(
        `POST ${order.path} HTTP/1.1\r\nHost: ${hostOf(number)}\r\nUser-Agent: bench\r\n${close}${order.headers}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
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
  const seconds = (performance.now() - started) / 1_000;
  // They stand while the figures are taken.
  setTimeout(() => {
    for (const tunnel of idle) tunnel.destroy();
  }, 500);
  return { seconds, statuses, latencies };
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
