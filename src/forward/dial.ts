import { lookup } from "node:dns/promises";
import { isIP, connect as connectTcp, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type ConnectionOptions as TlsOptions, type SecureContext } from "node:tls";
import type { OwnConnections } from "../model/own-connections.js";
import type { UpstreamErrorKind } from "../model/ports.js";
import type { Target } from "../model/target.js";
import { refusedRange } from "./address-guard.js";
import { openParentTunnel, type ParentRoute } from "./parent-tunnel.js";
import { cameBack, UpstreamError } from "./upstream-error.js";

/** The operator's word on where a target is dialled: `--connect-to` or a destination's `connect`. Not judged by the guard. */
export interface ConnectTo {
  readonly host: string;
  readonly port: number;
}

/** Names to addresses; the system's resolver unless a test or DNS setting says otherwise. */
export type Resolver = (host: string) => Promise<readonly string[]>;

export const systemResolver: Resolver = async (host) => (await lookup(host, { all: true, verbatim: true })).map((answer) => answer.address);

/**
 * One look-up of a name at a time, whose answer is for all who asked meanwhile. The system's resolver has two of libuv's four threads, for every
 * name: were each connection to look its own name up, one whose DNS hangs would take both, and no other destination could be reached.
 */
export function oneAtATime(resolve: Resolver): Resolver {
  const asked = new Map<string, Promise<readonly string[]>>();
  return (host) => {
    const known = asked.get(host);
    if (known !== undefined) return known;
    const answer = resolve(host).finally(() => asked.delete(host));
    asked.set(host, answer);
    return answer;
  };
}

/** The guard's refusal: no fault of the upstream's but a decision. */
export class AddressRefusedError extends Error {
  constructor(range: string) {
    super(`The target's address is in a range that is not on the public internet (${range}).`);
    this.name = "AddressRefusedError";
  }
}

export interface DialOptions {
  readonly target: Target;
  readonly connectTo: ConnectTo | undefined;
  /** The proxy that resolves and dials the target in our place. */
  readonly parent: ParentRoute | undefined;
  readonly resolve: Resolver;
  readonly secureContext: SecureContext;
  readonly connectMs: number;
  /** So that it is noticed where a connection leads back to a listener of this process. */
  readonly own: OwnConnections;
  /** A TLS session to resume, and where a new one goes. */
  readonly session: { readonly take: () => Buffer | undefined; readonly keep: (session: Buffer) => void };
}

/**
 * Opens a connection to the target: resolves once, judges every answer, dials the judged address itself, so that no second look-up can
 * lead elsewhere (DNS rebinding). TLS is verified against the target's own name (invariant 8), wherever it is dialled. Behind a parent
 * proxy nothing is resolved here: what a name leads to is the parent's to judge, an address is still judged here.
 *
 * @throws AddressRefusedError where any answer is refused: one bad answer among good ones is how a rebinding begins
 * @throws UpstreamError where the name, the connection or the handshake fails
 */
export async function dial(options: DialOptions): Promise<Socket> {
  if (options.parent !== undefined) return dialThrough(options.parent, options);
  const addresses = await dialableAddresses(options);
  const port = options.connectTo?.port ?? options.target.port;
  let last: unknown = new UpstreamError("resolve", "The name has no address.");
  for (const address of addresses) {
    try {
      return await openSession({ host: address, port, noDelay: true }, options, options.connectMs);
    } catch (error) {
      last = error;
      // A refused certificate is the destination's answer: another of its addresses is not asked.
      if (error instanceof UpstreamError && error.kind === "tls") break;
    }
  }
  throw last;
}

async function dialThrough(route: ParentRoute, options: DialOptions): Promise<Socket> {
  const { target, connectMs } = options;
  if (target.ip !== undefined) judge(target.host);
  const end = performance.now() + connectMs;
  const socket = await openParentTunnel(route, target, connectMs, options.own);
  if (target.scheme === "http") return socket;
  return openSession({ socket }, options, Math.max(1, end - performance.now()));
}

async function dialableAddresses(options: DialOptions): Promise<readonly string[]> {
  const host = options.connectTo?.host ?? options.target.host;
  const addresses = isIP(host) === 0 ? await resolveWithin(host, options) : [host];
  if (options.connectTo !== undefined) return addresses;
  for (const address of addresses) judge(address);
  return addresses.slice(0, 4);
}

function judge(address: string): void {
  const range = refusedRange(address);
  if (range !== undefined) throw new AddressRefusedError(range);
}

async function resolveWithin(host: string, options: DialOptions): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UpstreamError("timeout", "The name was not resolved in time.")), options.connectMs);
  });
  try {
    return await Promise.race([options.resolve(host), late]);
  } catch (error) {
    throw error instanceof UpstreamError ? error : new UpstreamError("resolve", "The name could not be resolved.");
  } finally {
    clearTimeout(timer);
  }
}

/** Where a session with the target is opened: an address, or a tunnel that leads there. */
type Transport = { readonly host: string; readonly port: number; readonly noDelay: true } | { readonly socket: Socket };

async function openSession(transport: Transport, options: DialOptions, withinMs: number): Promise<Socket> {
  const { target, session } = options;
  const socket =
    target.scheme === "http" && "host" in transport ? connectTcp(transport) : connectTls({ ...transport, ...tlsOptions(options) });
  socket.on("session", (ticket: Buffer) => session.keep(ticket));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(new UpstreamError("timeout", "The connection was not open in time.")), withinMs);
    const settle = (error: UpstreamError | undefined): void => {
      clearTimeout(timer);
      // Inside TLS nobody but the destination can be who answers; a plain connection is watched as long as it lives.
      if (target.scheme !== "http") forget();
      socket.removeListener("error", onError);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on("error", () => undefined);
      socket.destroy();
      reject(error);
    };
    const onError = (error: NodeJS.ErrnoException): void =>
      settle(
        error instanceof UpstreamError
          ? error
          : new UpstreamError(dialFault(error), `The connection failed (${error.code ?? error.name}).`),
      );
    let forget = (): void => undefined;
    if ("host" in transport)
      socket.once("connect", () => {
        forget = options.own.opened(socket, target.host, () => socket.destroy(cameBack()));
        socket.once("close", forget);
      });
    socket.once("error", onError);
    socket.once(target.scheme === "http" ? "connect" : "secureConnect", () => settle(undefined));
  });
}

function tlsOptions({ target, secureContext, session }: DialOptions): TlsOptions {
  const resumed = session.take();
  return {
    // TLS 1.2 at least is the shared context's own setting (`tls/system-roots.ts`).
    secureContext,
    // Said, since the environment of a process can turn it off (NODE_TLS_REJECT_UNAUTHORIZED).
    rejectUnauthorized: true,
    ALPNProtocols: ["http/1.1"],
    ...(target.ip === undefined ? { servername: target.host } : {}),
    ...(resumed === undefined ? {} : { session: resumed }),
    // The name that is checked is the target's, also where `connect-to` dials another.
    checkServerIdentity: (_, certificate) => checkServerIdentity(target.host, certificate),
  };
}

const SYSTEM_FAULTS: ReadonlyMap<string, UpstreamErrorKind> = new Map([
  ["ETIMEDOUT", "timeout"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  // OpenSSL's, by the system's name.
  ["EPROTO", "tls"],
]);

/** What a failed dial is counted as, by the code of Node, OpenSSL or the system. */
export function dialFault({ code = "" }: NodeJS.ErrnoException): UpstreamErrorKind {
  return SYSTEM_FAULTS.get(code) ?? (/^E(?!RR_)/.test(code) ? "connect" : "tls");
}
