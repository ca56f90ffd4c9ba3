import type { Socket } from "node:net";
import type { Client } from "../model/exchange.js";
import { isRefusal, refusal, type Refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import { ByteReader } from "./byte-reader.js";
import type { ConnectionLife } from "./connection-life.js";
import type { ListeningOptions } from "./explicit-listener.js";
import { serveConnection } from "./http-connection.js";
import { type Listener, openListener } from "./listener.js";
import { serveSecure, type ServingParts } from "./secure-connection.js";
import { UnheardAnswer } from "./unheard-answer.js";

/** What `listen/` needs of `tls/` to see where a redirected client wants to go, before it answers. */
export type PeekHello = (
  bytes: Buffer,
) =>
  | { readonly kind: "incomplete" }
  | { readonly kind: "not-tls" }
  | { readonly kind: "malformed"; readonly why: string }
  | { readonly kind: "client-hello"; readonly serverName?: string };

export interface TransparentOptions extends ListeningOptions {
  readonly peekHello: PeekHello;
  /** From `http/`. */
  readonly targetOfServerName: (serverName: string, port: number) => Target | Refusal;
  /** The ports that connections were redirected from, which no redirected connection says by itself. */
  readonly tlsPort: number;
  readonly httpPort: number;
}

/** Fatal alerts (RFC 8446, section 6), as whole records: what a client that never got a certificate is told. */
const UNRECOGNIZED_NAME = alert(112);
const DECODE_ERROR = alert(50);
const ACCESS_DENIED = alert(49);

/**
 * The transparent proxy: connections that nftables or a CNI redirects here. Their first bytes say where they were to go: the ClientHello's
 * server name, or the Host field of each plain request. A redirect keeps no trustworthy original address, so nothing else is asked.
 *
 * @throws FaultsError where the port is taken or may not be bound
 */
export async function listenTransparent(options: TransparentOptions, parts: ServingParts): Promise<Listener> {
  const { bounds, logger, metrics } = parts;
  const serve = async (socket: Socket, client: Client, life: ConnectionLife): Promise<void> =>
    serveRedirected(socket, client, options, parts, life);
  return openListener({ ...options, handshakeMs: bounds.handshakeMs, logger, metrics, serve });
}

async function serveRedirected(
  socket: Socket,
  client: Client,
  options: TransparentOptions,
  parts: ServingParts,
  life: ConnectionLife,
): Promise<void> {
  const first = await peekFirst(socket, options.peekHello, parts.bounds.handshakeMs);
  switch (first.kind) {
    case "silent":
      parts.metrics.tlsFailure("client", "closed-before-hello");
      socket.destroy();
      return;
    case "not-tls": {
      socket.unshift(first.bytes);
      const { bounds, bodies, newChunkedDecoder } = parts;
      const common = { client, bounds, bodies, newChunkedDecoder, life };
      const origin = { kind: "host" as const, port: options.httpPort };
      await serveConnection(socket, { ...common, handler: life.watch(parts.handler), origin, entry: "transparent" });
      return;
    }
    case "malformed": {
      const refused = refusal("message-malformed", "The connection opens with a ClientHello that can't be read.");
      await refuseByAlert(socket, DECODE_ERROR, refused, { client, target: undefined }, parts, life);
      return;
    }
    case "client-hello":
      await serveNamed(socket, client, first, options, parts, life);
  }
}

interface Hello {
  readonly bytes: Buffer;
  readonly serverName: string | undefined;
}

async function serveNamed(
  socket: Socket,
  client: Client,
  hello: Hello,
  options: TransparentOptions,
  parts: ServingParts,
  life: ConnectionLife,
): Promise<void> {
  if (hello.serverName === undefined) {
    const refused = refusal("sni-missing", "The redirected handshake names no server, and nothing else says where it was to go.");
    await refuseByAlert(socket, UNRECOGNIZED_NAME, refused, { client, target: undefined }, parts, life);
    return;
  }
  const target = options.targetOfServerName(hello.serverName, options.tlsPort);
  if (isRefusal(target)) {
    await refuseByAlert(socket, UNRECOGNIZED_NAME, target, { client, target: undefined }, parts, life);
    return;
  }
  // As with CONNECT: a host that policy names is refused inside TLS, where the client can read it. No leaf is minted for any other.
  const context = { client, entry: "transparent" as const, target };
  const refused = parts.handler.connect({ method: "CONNECT", target, headers: [] }, context);
  if (refused !== undefined) {
    await refuseByAlert(socket, ACCESS_DENIED, refused, { client, target }, parts, life);
    return;
  }
  await serveSecure(socket, { ...context, ahead: hello.bytes }, parts, life);
}

/** Recorded first, then told: the alert is the answer. */
async function refuseByAlert(
  socket: Socket,
  told: Buffer,
  refused: Refusal,
  who: { readonly client: Client; readonly target: Target | undefined },
  parts: ServingParts,
  life: ConnectionLife,
): Promise<void> {
  parts.metrics.tlsFailure("client", "refused");
  await life.watch(parts.handler).refuse(refused, { ...who, entry: "transparent" }, new UnheardAnswer());
  socket.end(told);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), 1_000);
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
}

type First =
  | { readonly kind: "silent" }
  | { readonly kind: "malformed" }
  | { readonly kind: "not-tls"; readonly bytes: Buffer }
  | ({ readonly kind: "client-hello" } & Hello);

async function peekFirst(socket: Socket, peekHello: PeekHello, withinMs: number): Promise<First> {
  const reader = new ByteReader(socket);
  const deadline = Date.now() + withinMs;
  for (;;) {
    const peeked = reader.peek().length === 0 ? { kind: "incomplete" as const } : peekHello(reader.peek());
    if (peeked.kind === "not-tls") return { kind: "not-tls", bytes: reader.release() };
    if (peeked.kind === "malformed") {
      reader.release();
      return { kind: "malformed" };
    }
    if (peeked.kind === "client-hello") return { kind: "client-hello", bytes: reader.release(), serverName: peeked.serverName };
    if ((await reader.more(deadline)) !== undefined) {
      reader.release();
      return { kind: "silent" };
    }
  }
}

function alert(description: number): Buffer {
  return Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, description]);
}
