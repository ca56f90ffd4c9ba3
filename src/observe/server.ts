import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { boundEachAddress, listening } from "../model/listening.js";
import { prefersOpenMetrics } from "./accept.js";
import { type BrowserPages, INSTALL_PAGE, pacText } from "./browser-pages.js";
import type { HealthReport, HealthState } from "./health.js";
import type { MetricsRegistry } from "./metrics.js";
import { Scrapes } from "./scrapes.js";

export interface ObserveServerOptions {
  /** `host` undefined: every address of this machine. */
  readonly listen: { readonly host: string | undefined; readonly port: number };
  readonly registry: MetricsRegistry;
  readonly health: HealthState;
  /** What `/proxy.pac`, `/ca.crt` and `/browsers` serve; absent: 404. */
  readonly browsers?: BrowserPages;
}

export interface ObserveServer {
  readonly address: { readonly host: string; readonly port: number };
  /** Stops listening and ends its connections, those in use after two seconds at the latest. Safe to call twice. */
  close(): Promise<void>;
}

/** Scrapers and probes are few. Past these, a connection is closed: the proxy's own descriptors matter more than another scrape. */
const CONNECTIONS = 128;
/** Of one address: a pod that held all places would have the kubelet's probe fail, and the proxy restarted. */
const CONNECTIONS_OF_ADDRESS = 32;
const REQUESTS_A_CONNECTION = 100;
const HEADER_BYTES = 8_192;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
const IDLE_MS = 5_000;
const CLOSE_MS = 2_000;

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The listener that operators' tools read: `/metrics`, `/healthz` (alive), `/readyz` (able to work), and what browsers need. It answers GET and HEAD,
 * tells nothing that a rule caught, and changes nothing.
 *
 * Throws FaultsError where the address can't be had.
 */
export async function startObserveServer(options: ObserveServerOptions): Promise<ObserveServer> {
  const limits = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 1_000,
  };
  const serving = { ...options, scrapes: new Scrapes(options.registry) };
  const server = createServer(limits, (request, response) => {
    void answer(serving, request)
      .catch((): Answer => plain(500, "This page could not be made."))
      .then((made) => send(request, response, made));
  });
  server.maxConnections = CONNECTIONS;
  server.maxRequestsPerSocket = REQUESTS_A_CONNECTION;
  server.timeout = REQUEST_MS;
  boundEachAddress(server, CONNECTIONS_OF_ADDRESS);
  await listening(server, options.listen, "The metrics listener", "listen.metrics");
  let closing: Promise<void> | undefined;
  return {
    address: addressOf(server),
    close: () => {
      closing ??= close(server);
      return closing;
    },
  };
}

type Serving = ObserveServerOptions & { readonly scrapes: Scrapes };

async function answer(options: Serving, request: IncomingMessage): Promise<Answer> {
  const [path] = (request.url ?? "").split("?");
  const page = PAGES.get(path ?? "");
  if (page === undefined) return plain(404, "Here are /metrics, /healthz, /readyz, /proxy.pac, /ca.crt and /browsers.");
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...plain(405, "These pages are only read."), headers: { allow: "GET, HEAD" } };
  }
  return page(options, request);
}

type Page = (options: Serving, request: IncomingMessage) => Answer | Promise<Answer>;

const PAGES: ReadonlyMap<string, Page> = new Map<string, Page>(
  Object.entries({
    "/metrics": async ({ scrapes }, request) => {
      const { contentType, body } = await scrapes.read(prefersOpenMetrics(request.headers.accept) ? "openmetrics" : "prometheus");
      return { status: 200, contentType, body, headers: { vary: "accept" } };
    },
    "/healthz": ({ health }) => report(health.liveness()),
    "/readyz": async ({ health }) => report(await health.readiness()),
    "/proxy.pac": ({ browsers }, request) => {
      const pac = browsers === undefined ? undefined : pacText(browsers, request.headers.host);
      if (pac === undefined) return plain(404, "No proxy auto-configuration is served.");
      return { status: 200, contentType: "application/x-ns-proxy-autoconfig", body: pac };
    },
    "/ca.crt": ({ browsers }) => {
      if (browsers === undefined) return plain(404, "No CA is served.");
      return { status: 200, contentType: "application/x-x509-ca-cert", body: browsers.caPem() };
    },
    "/browsers": ({ browsers }) => {
      if (browsers === undefined) return plain(404, "No page for browsers is served.");
      return { status: 200, contentType: "text/html; charset=utf-8", body: INSTALL_PAGE };
    },
  } satisfies Record<string, Page>),
);

function report(health: HealthReport): Answer {
  return { status: health.status === "ok" ? 200 : 503, contentType: "application/json", body: `${JSON.stringify(health)}\n` };
}

function plain(status: number, sentence: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body: `${sentence}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, contentType, body, headers }: Answer): void {
  // A body that nobody reads would be taken for the connection's next request.
  const hasBody = request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) !== 0;
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
    ...(hasBody ? { connection: "close" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function addressOf(server: Server): { readonly host: string; readonly port: number } {
  const bound: AddressInfo | string | null = server.address();
  if (bound === null || typeof bound === "string") throw new Error("The listener has no TCP address.");
  return { host: bound.address, port: bound.port };
}

async function close(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}
