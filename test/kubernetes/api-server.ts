import { once } from "node:events";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAuthority } from "../../src/tls/authority.js";

export interface PodWish {
  readonly name: string;
  readonly ip: string;
  readonly phase?: string;
  readonly hostNetwork?: boolean;
  readonly serviceAccount?: string;
}

/** A server that speaks the part of the Kubernetes API that pods are followed by, in its shape: list, watch, bookmark, 410 Gone. */
export interface ApiServerStandIn {
  readonly host: string;
  readonly port: number;
  readonly credentials: string;
  /** Paths that were asked, with their queries. */
  readonly asked: URL[];
  pods: PodWish[];
  /** Whether the next requests are answered at all. */
  status: number;
  /** Says one line to everyone who watches. */
  tell(type: string, object: unknown): void;
  /** Ends every watch, as the server does by itself after some minutes. */
  endWatches(): void;
  close(): Promise<void>;
}

export function podObject({ name, ip, phase = "Running", hostNetwork = false, serviceAccount = "walrus" }: PodWish): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "diffgram", uid: `uid-${name}`, resourceVersion: "7", labels: { app: name } },
    spec: {
      serviceAccountName: serviceAccount,
      ...(hostNetwork ? { hostNetwork } : {}),
      containers: [{ name: "main", env: [{ name: "SECRET", value: "x" }] }],
    },
    status: { phase, podIP: ip, podIPs: ip === "" ? [] : [{ ip }] },
  };
}

export async function startApiServer(): Promise<ApiServerStandIn> {
  const folder = mkdtempSync(join(tmpdir(), "egress-api-"));
  const authority = await openAuthority({ dir: join(folder, "ca"), now: Date.now(), createIfMissing: true });
  const leaf = await authority.mint("127.0.0.1", Date.now());
  writeFileSync(join(folder, "token"), "service-account-token\n");
  writeFileSync(join(folder, "ca.crt"), authority.certificatePem);
  const watches = new Set<ServerResponse>();
  const server = createServer({ key: leaf.privateKeyPem, cert: leaf.certificatePem }, (request, response) => answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const standIn: ApiServerStandIn = {
    host: "127.0.0.1",
    port: address.port,
    credentials: folder,
    asked: [],
    pods: [],
    status: 200,
    tell(type, object) {
      for (const watch of watches) watch.write(`${JSON.stringify({ type, object })}\n`);
    },
    endWatches() {
      for (const watch of watches) watch.end();
      watches.clear();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "https://api");
    standIn.asked.push(url);
    if (request.headers.authorization !== "Bearer service-account-token") standIn.status = 401;
    response.writeHead(standIn.status, { "content-type": "application/json" });
    if (standIn.status !== 200) {
      response.end(JSON.stringify({ kind: "Status", status: "Failure", code: standIn.status }));
    } else if (url.searchParams.get("watch") === "1") {
      response.flushHeaders();
      watches.add(response);
    } else {
      const list = { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "7" }, items: standIn.pods.map(podObject) };
      response.end(`${JSON.stringify(list)}\n`);
    }
  }
  return standIn;
}
