import { constants } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { boundEachAddress, listening } from "../model/listening.js";
import type { SupportRoute } from "../model/policy.js";
import type { Clock, Logger, Metrics } from "../model/ports.js";
import type { Reason } from "../model/reasons.js";
import { DiffgramService, type HeldAnswer } from "./diffgram-service.js";

/** Who asks: the subject of the client certificate. */
export interface SupportVisitor {
  readonly subject: string;
  readonly address: string;
}

/** One request of support, as far as it came. */
export interface SupportAccess {
  readonly at: number;
  readonly visitor: SupportVisitor;
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly route: SupportRoute | undefined;
}

/** What goes back to support, once it is on record. */
export interface SupportAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface SupportGatewayOptions {
  readonly listen: { readonly host: string | undefined; readonly port: number };
  /** Certificate and key that the listener proves itself by, and until when they are good; asked again past that, and after a reload. */
  readonly identity: () => Promise<{ readonly cert: string; readonly key: string; readonly renewAt: number }>;
  /** PEM texts of the CAs whose certificates let support in, read anew with the identity. */
  readonly clientCa: () => readonly string[];
  readonly upstream: string;
  readonly secureContext: SecureContext;
  readonly totalMs: number;
  readonly routes: () => readonly SupportRoute[];
  /** Why support may not ask at all now: the case is limited, or no window is open. */
  readonly closed: (now: number) => Reason | undefined;
  /** Bytes of an answer. */
  readonly limit: () => number;
  /** Judges and records; what it returns may go out. Never rejects. */
  readonly judge: (access: SupportAccess & { readonly route: SupportRoute }, held: HeldAnswer) => Promise<SupportAnswer>;
  /** Records a refusal and words it. Never rejects. */
  readonly refuse: (access: SupportAccess, reason: Reason) => Promise<SupportAnswer>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "tlsFailure">;
}

export interface SupportGateway {
  readonly address: { readonly host: string; readonly port: number };
  /** Whether certificate and key can be had anew and used. @throws where not; what is in use stays */
  check(): Promise<void>;
  /** Takes certificate and key anew. */
  renew(): Promise<void>;
  close(withinMs: number): Promise<void>;
}

/** Bytes of credentials. */
const SIGN_IN_BYTES = 16_384;
const CONNECTIONS = 64;
/** Of one address: whoever has no certificate could else hold all places by saying nothing. */
const CONNECTIONS_OF_ADDRESS = 16;
const HANDSHAKE_MS = 10_000;
const RENEWAL_MS = 3_600_000;

/**
 * The door for the vendor's support: TLS that asks for a client certificate, named routes only, and every answer held, inspected and recorded
 * before any byte of it goes out. An e-mail address at the vendor's domain opens nothing here: anyone may register one.
 *
 * @throws FaultsError where the address can't be had
 */
export async function startSupportGateway(options: SupportGatewayOptions): Promise<SupportGateway> {
  const service = new DiffgramService(options);
  let { renewAt, ...identity } = await options.identity();
  const secured = (shown = identity): Parameters<Server["setSecureContext"]>[0] => ({
    ...shown,
    ca: [...options.clientCa()],
    minVersion: "TLSv1.2",
    // A resumed session would carry a certificate that was checked some time ago.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  const server = createServer(
    {
      ...secured(),
      requestCert: true,
      rejectUnauthorized: true,
      maxHeaderSize: 16_384,
      // Node's own is two minutes.
      handshakeTimeout: HANDSHAKE_MS,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
    },
    (request, response) => {
      serve(request, response, service, options).catch((error: unknown) => {
        options.logger.error("A request of support failed.", { fault: error instanceof Error ? error.name : "unknown" });
        response.destroy();
      });
    },
  );
  server.maxConnections = CONNECTIONS;
  boundEachAddress(server, CONNECTIONS_OF_ADDRESS);
  server.on("tlsClientError", () => options.metrics.tlsFailure("client", "handshake"));
  await listening(server, options.listen, "The support listener", "listen.support");
  const renew = async (): Promise<void> => {
    ({ renewAt, ...identity } = await options.identity());
    server.setSecureContext(secured());
  };
  const timer = setInterval(() => {
    if (options.clock.now() < renewAt) return;
    renew().catch(() => options.logger.error("The support listener's certificate can't be renewed; the one in use stays."));
  }, RENEWAL_MS);
  timer.unref();
  return {
    address: addressOf(server),
    async check() {
      const { cert, key } = await options.identity();
      createSecureContext(secured({ cert, key }));
    },
    renew,
    async close(withinMs) {
      clearInterval(timer);
      const cut = setTimeout(() => server.closeAllConnections(), withinMs);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearTimeout(cut);
      service.close();
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  service: DiffgramService,
  options: SupportGatewayOptions,
): Promise<void> {
  const now = options.clock.now();
  const [path = "", query] = (request.url ?? "").split("?", 2);
  const method = request.method ?? "";
  const named = options.routes().filter((route) => route.path === path);
  const route = named.find((candidate) => candidate.method === method);
  const visitor = visitorOf(request);
  const access = { at: now, visitor, method, path, route };
  const reason = options.closed(now) ?? wrongWith(request, { visitor, named, route, query });
  if (reason !== undefined || route === undefined) return send(response, await options.refuse(access, reason ?? "path-not-allowed"), []);
  const held = await service.ask(request, response, options.limit());
  // A window that ended meanwhile holds for what is on its way too.
  const late = options.closed(options.clock.now());
  if (late !== undefined) return send(response, await options.refuse(access, late), []);
  const answer = await options.judge({ ...access, route }, held);
  send(response, answer, route.signIn && held.kind === "answered" && answer.status === 200 ? held.cookies : []);
}

interface Asked {
  readonly visitor: SupportVisitor;
  readonly named: readonly SupportRoute[];
  readonly route: SupportRoute | undefined;
  readonly query: string | undefined;
}

function wrongWith(request: IncomingMessage, { visitor, named, route, query }: Asked): Reason | undefined {
  if (visitor.subject === "") return "client-not-allowed";
  if (named.length === 0) return "path-not-allowed";
  if (route === undefined) return "method-not-allowed";
  if (query !== undefined) return "query-not-allowed";
  const length = request.headers["content-length"];
  const hasBody = request.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
  if (!hasBody) return undefined;
  if (!route.signIn) return "content-type-not-allowed";
  // Without a stated length nothing bounds it before the service reads it.
  return length === undefined || Number(length) > SIGN_IN_BYTES ? "body-too-large" : undefined;
}

function visitorOf(request: IncomingMessage): SupportVisitor {
  const { socket } = request;
  const subject = socket instanceof TLSSocket && socket.authorized ? (socket.getPeerX509Certificate()?.subject ?? "") : "";
  const written = subject.replaceAll("\n", ", ").replaceAll(/[^\x20-\x7e]/g, "?");
  return { subject: written.slice(0, 200), address: socket.remoteAddress ?? "" };
}

function send(response: ServerResponse, { status, contentType, body }: SupportAnswer, cookies: readonly string[]): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, {
    ...(body.length === 0 ? {} : { "content-type": contentType }),
    ...(cookies.length === 0 ? {} : { "set-cookie": [...cookies] }),
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    // What of the request was not read must not be taken for the next one.
    connection: "close",
  });
  response.end(body);
}

function addressOf(server: Server): { readonly host: string; readonly port: number } {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("The listener has no TCP address.");
  return { host: bound.address, port: bound.port };
}
