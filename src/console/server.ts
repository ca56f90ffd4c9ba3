import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import { listening } from "../model/listening.js";
import { AuditTrail } from "./access/audit-trail.js";
import { Directory } from "./access/directory.js";
import { OidcSignIn } from "./access/oidc.js";
import { SessionStore } from "./access/session-store.js";
import { SignInLimit } from "./access/sign-in-limit.js";
import { consoleApp } from "./app.js";
import type { ConsoleParts, ConsolePorts } from "./console-parts.js";
import type { ConsoleSettings } from "./console-settings.js";
import { judgeBinding } from "./console-settings.js";
import { Summaries } from "./summary.js";

export type { ConsolePorts } from "./console-parts.js";
export type { ConsoleSettings } from "./console-settings.js";

export interface RunningConsole {
  readonly address: { readonly host: string; readonly port: number };
  /** The password of the admin that was made at this start, where there was no user; to be shown once and kept nowhere. */
  readonly firstPassword: string | undefined;
  /** Stops listening and ends its connections. Safe to call twice. */
  close(): Promise<void>;
}

/** A desk is used by few; past these a connection is closed, since the proxy's descriptors matter more. */
const CONNECTIONS = 256;
const HEADER_BYTES = 16_384;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const IDLE_MS = 10_000;

/**
 * Serves the review pages and the API.
 * @throws FaultsError where the binding is unsafe, the users' file is unreadable, or the address can't be had.
 */
export async function startConsole(settings: ConsoleSettings, ports: ConsolePorts): Promise<RunningConsole> {
  const binding = judgeBinding(settings);
  const directory = new Directory(settings.dataDir, ports.clock);
  directory.users();
  const callback = binding.publicUrl === undefined ? undefined : new URL("/sign-in/oidc/callback", binding.publicUrl).href;
  const parts: ConsoleParts = {
    ...ports,
    binding,
    directory,
    localUsers: settings.localUsers,
    oidc: settings.oidc === undefined || callback === undefined ? undefined : new OidcSignIn(settings.oidc, callback, ports.key, ports),
    sessions: new SessionStore(ports.memory, ports.key, ports.clock),
    signInLimit: new SignInLimit(ports.clock),
    audit: new AuditTrail(settings.dataDir, ports.logger, ports.clock),
    summaries: new Summaries(ports.desk, ports.clock),
  };
  const listener = getRequestListener(consoleApp(parts).fetch, { overrideGlobalObjects: false });
  const handle = (...[request, response]: Parameters<typeof listener>): void => void listener(request, response);
  const bounds = { maxHeaderSize: HEADER_BYTES, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: IDLE_MS };
  const server =
    binding.tls === undefined
      ? createServer(bounds, handle)
      : createTlsServer({ ...bounds, ...binding.tls, minVersion: "TLSv1.2" }, handle);
  server.maxConnections = CONNECTIONS;
  await listening(server, settings.listen, "The console", "listen.console");
  const firstPassword = settings.localUsers ? await directory.ensureAdmin() : undefined;
  const bound = server.address();
  let closing: Promise<void> | undefined;
  return {
    address: typeof bound === "object" && bound !== null ? { host: bound.address, port: bound.port } : { host: "", port: 0 },
    firstPassword,
    close: () =>
      (closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 2_000).unref();
      })),
  };
}
