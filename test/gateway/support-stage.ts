import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { request as httpsRequest } from "node:https";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { SupportWindows } from "../../src/gateway/support-window.js";
import { type Stage, stageFor } from "../support/running-proxy.js";
import { certificate, type Made } from "../tls/certificates.js";

export const SERVER_NAME = "support.diffgram.internal";

/** What Diffgram's service was asked, and how. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Diffgram's service stands behind a running proxy, and support in front of it. */
export interface SupportStage {
  readonly stage: Stage;
  readonly asked: readonly Asked[];
  readonly ca: Made;
  readonly windows: SupportWindows;
  readonly ask: (path: string, wish?: SupportWish) => Promise<SupportReply>;
}

export interface SupportWish {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The client's certificate; by default one of the CA that the operator named, undefined for none. */
  readonly client?: Made | undefined;
}

export interface SupportReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export async function supportStage(
  context: TestContext,
  answer: (asked: Asked, response: ServerResponse) => void,
  wish: { readonly policy?: (text: string) => string; readonly settings?: Readonly<Record<string, unknown>>; readonly open?: boolean } = {},
): Promise<SupportStage> {
  const folder = mkdtempSync(join(tmpdir(), "egress-support-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const ca = await certificate({ name: "Support access CA" });
  const visitor = await certificate({ name: "ines.moreau support", issuer: ca, ca: false, usage: "digital-signature" });
  writeFileSync(join(folder, "clients.pem"), ca.pem);
  const asked: Asked[] = [];
  const service = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const one = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(pieces).toString("utf8"),
      };
      asked.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => service.listen({ host: "127.0.0.1", port: 0 }, resolve));
  context.after(() => {
    service.closeAllConnections();
    service.close();
  });
  const bound: AddressInfo | string | null = service.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const support = { client_ca: [join(folder, "clients.pem")], upstream: `http://127.0.0.1:${port}`, name: SERVER_NAME };
  const stage = await stageFor(context, {
    ...(wish.policy === undefined ? {} : { policy: wish.policy }),
    // Without threads of its own: each start would compile the rules once more.
    settings: { inspection_threads: 0, ...wish.settings, listen: { support: "127.0.0.1:0" }, support },
  });
  const windows = new SupportWindows(stage.installation.data);
  if (wish.open !== false) windows.open({ now: Date.now(), forMs: 3_600_000, by: "operator", reason: "ticket 4711" });
  return {
    stage,
    asked,
    ca,
    windows,
    ask: (path, how = {}) =>
      new Promise((resolve, reject) => {
        const client = "client" in how ? how.client : visitor;
        const outgoing = httpsRequest(
          {
            host: "127.0.0.1",
            port: stage.proxy.addresses.support?.port ?? 0,
            path,
            method: how.method ?? "GET",
            headers: how.headers,
            servername: SERVER_NAME,
            ca: stage.proxy.caPem,
            agent: false,
            ...(client === undefined ? {} : { cert: client.pem, key: client.keyPem }),
          },
          (response) => {
            const pieces: Buffer[] = [];
            response.on("data", (piece: Buffer) => pieces.push(piece));
            response.on("error", reject);
            response.on("end", () =>
              resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(pieces).toString("utf8") }),
            );
          },
        );
        outgoing.on("error", reject);
        outgoing.end(how.body);
      }),
  };
}

export function json(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

/** As the service of 1.17 answers, secrets already told only as set or not. */
export const INSTALL_INFO = {
  install_info: {
    general: {
      DIFFGRAM_SYSTEM_MODE: "production",
      DIFFGRAM_VERSION_TAG: "1.17.3",
      DIFFGRAM_HOST_OS: "Linux",
      DIFFGRAM_INSTALL_FINGERPRINT: "b7c2e9d0a4f1",
      URL_BASE: "https://diffgram.harbour-clinic.example/",
      RUNNING_LOCALLY: false,
      DATABASE_URL: true,
      DATABASE_CONNECTION_POOL_SIZE: 10,
      EVENTHUB_URL: "https://app.diffgram.com/api/walrus/eventhub/new",
      ALLOW_EVENTHUB: true,
    },
    email: { EMAIL_VALIDATION: false, MAILGUN_KEY: true, EMAIL_REPLY_TO: "support@diffgram.com" },
    storage: { DIFFGRAM_STATIC_STORAGE_PROVIDER: "aws" },
    oauth2: {
      USE_OAUTH2: true,
      OAUTH2_PROVIDER_NAME: "cognito",
      OAUTH2_PROVIDER_PUBLIC_KEY: "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
      OAUTH2_PROVIDER_CLIENT_SECRET: true,
      COGNITO_LOGIN_URL: "https://harbour-clinic.auth.eu-west-1.amazoncognito.com/login?client_id=6v3kq1",
    },
    rabbitmq: { RABBITMQ_HOST: "rabbitmq", RABBITMQ_DEFAULT_USER: "admin", RABBITMQ_DEFAULT_PASS: true, RABBITMQ_PORT: 5672 },
  },
};
